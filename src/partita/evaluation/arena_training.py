"""A run that is finished, whatever state it is found in, and what there is to say of it. Chooses nothing."""

from pathlib import Path
from typing import Any

import numpy as np

from partita.audio.corpus import Corpus
from partita.errors import PartitaError
from partita.runs import metrics
from partita.runs.checkpoint import read_state
from partita.runs.folder import RunFolder
from partita.training.config import TrainConfig
from partita.training.train import resume, train


def finished_run(
    corpus: Corpus, path: Path, config: TrainConfig, *, start_from: Path | None = None
) -> RunFolder:
    """Return the run in a folder: as it is if it came to its end, else gone on with, else begun.

    Args:
        corpus: what it learns from.
        path: its folder.
        config: how it is trained, if it is not there.
        start_from: the run whose weights it starts from.

    Raises:
        PartitaError: the run there learnt from another corpus, or training fails.
    """
    if not path.exists():
        return RunFolder.open(train(corpus, path, config, start_from=start_from, quiet=True))
    run = RunFolder.open(path)
    if run.config()["corpus"]["fingerprint"] != corpus.fingerprint:
        raise PartitaError(f"{path} was trained on another corpus than {corpus.path}: remove it")
    if not run.finished:
        resume(path, corpus=corpus, quiet=True)
    return run


def training_facts(run: RunFolder) -> dict[str, Any]:
    """Return how long a finished run was trained, fit for JSON.

    Returns:
        `steps`: the generator's updates; `seconds`: wall-clock time, with a discriminator's updates and all
        looks at the validation split; `flat`: whether patience ended it, before its budget was spent; `bits`:
        on the validation split, in the end; where there is a judge `heard`, the share of updates in which the
        generator listened to it, and, of a discriminator, `told_right`, the mean share of patches that it
        told right.
    """
    position = read_state(run.newest())["position"]
    training, records = run.config()["training"], metrics.read(run.metrics_path)
    patience = int(training["patience"])
    final = [record["bits"] for record in records if record["kind"] == "final"]
    facts = {
        "steps": int(position["step"]),
        "seconds": round(float(position["seconds"]), 1),
        "flat": bool(patience and position["stale"] >= patience),
        "bits": final[-1] if final else None,
    }
    return facts | _judged([record for record in records if record["kind"] == "train"])


def _judged(records: list[dict[str, Any]]) -> dict[str, float]:
    """Return what a run's records, each the means over the updates since the last, say of its judge."""
    updates = np.diff([record["step"] for record in records], prepend=0)
    found = {}
    if records and all("judge_heard" in record for record in records):
        heard = [record["judge_heard"] for record in records]
        found["heard"] = round(float(np.average(heard, weights=updates)), 3)
    if records and all("discriminator_real" in record for record in records):
        right = [0.5 * (r["discriminator_real"] + 1.0 - r["discriminator_fake"]) for r in records]
        found["told_right"] = round(float(np.average(right, weights=updates)), 3)
    return found
