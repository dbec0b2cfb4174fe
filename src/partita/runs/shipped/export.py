"""Make the folder of a shipped model from a finished run: weights to draw with, config, card, what it learnt.

The optimizer, the random states, judges and paths of the machine are left out. This file trains and scores
nothing; the card's scores are given.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from partita import storage
from partita.data.corpus import Corpus
from partita.digests import add_digest, file_digest
from partita.errors import PartitaError
from partita.runs.checkpoint import Checkpoint, load_checkpoint
from partita.runs.folder import CONFIG_DIGEST, RECORDS, RunFolder
from partita.runs.shipped.ancestry import START
from partita.runs.shipped.card import FORMAT, check_card, folder_size, notice_lines
from partita.runs.shipped.folder import CARD
from partita.runs.shipped.learnt import LEARNT, learnt_table
from partita.runs.tensors import FLOAT16, STORED
from partita.runs.weights import chosen_temperature, find_checkpoint, weights_path
from partita.tables import Table

MOST_BYTES = 8_000_000
NOTICE = "NOTICE.txt"
TRAINING_STATE = ("format", "files", "windows", "frame_windows", "position", RECORDS, CONFIG_DIGEST, "chosen")
"""Entries of a checkpoint's state that only training needs."""
FRAME_TIER = "frames-best"
"""The group of a checkpoint that holds the frame tier's weights to draw with."""


def export_model(
    run: str | Path,
    card: Mapping[str, Any],
    corpus: Corpus,
    out: Path,
    *,
    start_is_covered: bool = False,
    most_bytes: int = MOST_BYTES,
) -> Path:
    """Write the folder of a shipped model, completely or not at all, and return it.

    The weights stay float32 if all files are then small enough; else they are stored as float16, which keeps
    the grid of features and is eight times as fine as bfloat16.

    Args:
        run: a finished run, or one of its checkpoints.
        card: title, summary, licence, command, recordings, scores and limits; see `check_card`.
        corpus: the corpus that the run was trained on.
        out: the folder to make; its name is the model's name.
        start_is_covered: whether the corpus holds all sound that the run's start, and its start, have learnt
            from; they are then not named, since what the model has learnt from says everything.
        most_bytes: of all files.

    Raises:
        PartitaError: the corpus is another one than the run's, the card lacks something, the folder exists,
            or the model is too large.
    """
    folder, checkpoint = find_checkpoint(run)
    config = folder.config()
    if corpus.fingerprint != config["corpus"]["fingerprint"]:
        raise PartitaError(f"{folder.path} was not trained on {corpus.path}: give the corpus of the run")
    check_card(Table(dict(card), "the card", "add it"))
    if out.exists():
        raise PartitaError(f"{out} exists: remove it, or give another name")
    tensors, state = _weights(checkpoint), load_checkpoint(checkpoint).state
    facts = {
        "sample_rate": corpus.sample_rate,
        "steps": state["step"],
        "seconds": state.get("position", {}).get("seconds"),
    }
    whole = {"format": FORMAT, "name": out.name, **card, **facts}
    small = {name: value for name, value in state.items() if name not in TRAINING_STATE} | {"finished": True}
    for name in ("temperature", "frame_temperature"):
        if (temperature := chosen_temperature(folder, checkpoint, name)) is not None:
            small[name] = temperature
    for weights, stored in ((tensors, {}), (_halved(tensors), {STORED: FLOAT16})):
        made = Checkpoint(tensors=weights, state=small | stored)
        if _write(out, _portable(config, start_is_covered), made, whole, corpus, most_bytes):
            return out
    raise PartitaError(f"{out.name} has more than {most_bytes} bytes even as float16: train a smaller model")


def _weights(checkpoint: Path) -> dict[str, dict[str, Tensor]]:
    """Return the weights to draw with, of both tiers, by the names of their files."""
    path, groups = weights_path(checkpoint), load_checkpoint(checkpoint).tensors
    return {name: groups[name] for name in (path.stem, FRAME_TIER) if name in groups}


def _halved(tensors: dict[str, dict[str, Tensor]]) -> dict[str, dict[str, Tensor]]:
    """Return the tensors with float32 rounded to float16."""
    return {
        group: {
            name: value.to(torch.float16) if value.dtype == torch.float32 else value
            for name, value in named.items()
        }
        for group, named in tensors.items()
    }


def _portable(config: dict[str, Any], start_is_covered: bool) -> dict[str, Any]:
    """Return a run's config without paths of the machine that trained it."""
    training = dict(config["training"])
    if "run" in training.get("critic", {}):
        training["critic"] = training["critic"] | {"run": Path(training["critic"]["run"]).name}
    if "teacher" in training.get("iaf", {}):
        training["iaf"] = training["iaf"] | {"teacher": Path(training["iaf"]["teacher"]).name}
    left_out = {"format", START} if start_is_covered else {"format"}
    sections = {name: section for name, section in config.items() if name not in left_out}
    return sections | {"corpus": config["corpus"] | {"path": "", "relative": ""}, "training": training}


def _write(
    out: Path,
    config: dict[str, Any],
    checkpoint: Checkpoint,
    card: dict[str, Any],
    corpus: Corpus,
    most_bytes: int,
) -> bool:
    """Write the folder; return False, and leave nothing, if it is too large."""
    out.parent.mkdir(parents=True, exist_ok=True)
    with storage.temporary_folder(out) as scratch:
        made = RunFolder.create(scratch / out.name, config, checkpoint).path
        (made / LEARNT).write_text(json.dumps(learnt_table(corpus), indent=1) + "\n")
        (made / NOTICE).write_text("\n".join(notice_lines(card)) + "\n")
        paths = sorted(path for path in made.rglob("*") if path.is_file())
        files = {path.relative_to(made).as_posix(): file_digest(path) for path in paths}
        text = json.dumps(add_digest({**card, "files": files}), indent=1, allow_nan=False)
        (made / CARD).write_text(text + "\n")
        if folder_size(made) > most_bytes:
            return False
        made.rename(out)
    return True
