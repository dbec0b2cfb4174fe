"""Summarise how a finished run was trained."""

from typing import Any

import numpy as np

from partita.runs.checkpoint_state import STATE, read_state, remedy
from partita.runs.folder import RunFolder
from partita.tables import Table
from partita.training.interleaved import machine_share
from partita.training.monitoring.diagnostics import accuracy


def training_facts(run: RunFolder) -> dict[str, Any]:
    """Return how long a finished run was trained, fit for JSON.

    Returns:
        `steps`: the generator's updates; `seconds`: wall-clock time, with a discriminator's updates and all
        looks at the validation split; `flat`: whether patience ended it, before its budget was spent; `bits`:
        on the validation split, in the end; where there is a judge `heard`, the share of updates in which the
        generator listened to it, and, of a discriminator, `told_right`, the mean share of patches past the
        prompt that it told right; where it was trained in turns with others `machine_share`, what it got
        of the machine in its turns, against its best ones.
    """
    newest = run.newest()
    position = Table(read_state(newest), str(newest / STATE), remedy(newest)).table("position")
    training, records = run.config()["training"], run.records()
    patience = int(training["patience"])
    final = [record["bits"] for record in records if record["kind"] == "final"]
    facts = {
        "steps": position.integer("step", least=0),
        "seconds": round(position.number("seconds", least=0.0), 1),
        "flat": bool(patience and position.integer("stale", least=0) >= patience),
        "bits": final[-1] if final else None,
    }
    rows = [record for record in records if record["kind"] == "train"]
    updates = np.diff([row["step"] for row in rows], prepend=0)  # each row has the means over so many
    if rows and all("judge_heard" in row for row in rows):  # an older run's have not
        facts["heard"] = round(float(np.average([row["judge_heard"] for row in rows], weights=updates)), 3)
    if rows and training.get("adversary"):
        right = [accuracy(row) for row in rows]
        facts["told_right"] = round(float(np.average(right, weights=updates)), 3)
    share = machine_share(records)
    return facts if share is None else facts | {"machine_share": round(share, 3)}
