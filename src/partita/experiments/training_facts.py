"""The facts of a finished training: updates, time, and how a judge was heard."""

from typing import Any

import numpy as np

from partita.runs.checkpoint_state import STATE, damage_remedy, read_state
from partita.runs.folder import RunFolder
from partita.tables import Table
from partita.training.interleaved import machine_share
from partita.training.monitoring.diagnostics import accuracy


def training_facts(run: RunFolder) -> dict[str, Any]:
    """Return how a finished run was trained, fit for JSON.

    Args:
        run: the finished run.

    Returns:
        `steps`: generator updates; `seconds`: wall-clock time, including the updates of a judge and all
        validations; `flat`: whether training ended early because the validation loss no longer improved;
        `bits`: bits per sample on the validation split at the end, or None without a likelihood. With a
        judge `heard`: the share of updates in which it was active. With a discriminator `told_right`: its
        mean accuracy on patches after the prompt. If the run was trained in turns with others
        `machine_share`: its processor time per second, relative to its best turns.
    """
    newest = run.newest_checkpoint()
    position = Table(read_state(newest), str(newest / STATE), damage_remedy(newest)).table("position")
    training, records = run.config()["training"], run.records()
    patience = int(training["patience"])
    final = [record.get("bits") for record in records if record["kind"] == "final"]
    facts = {
        "steps": position.integer("step", minimum=0),
        "seconds": round(position.number("seconds", minimum=0.0), 1),
        "flat": bool(patience and position.integer("stale", minimum=0) >= patience),
        "bits": final[-1] if final else None,
    }
    rows = [record for record in records if record["kind"] == "train"]
    updates = np.diff([row["step"] for row in rows], prepend=0)  # each row holds means over this many updates
    if rows and all("judge_heard" in row for row in rows):  # records of an older version lack it
        facts["heard"] = round(float(np.average([row["judge_heard"] for row in rows], weights=updates)), 3)
    if rows and training.get("adversary"):
        accuracies = [accuracy(row) for row in rows]
        facts["told_right"] = round(float(np.average(accuracies, weights=updates)), 3)
    share = machine_share(records)
    return facts if share is None else facts | {"machine_share": round(share, 3)}
