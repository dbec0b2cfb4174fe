"""An arm's measures under one student as a file has them, checked value by value when they are read.

What went astray has one sentence in place of measures. This file measures nothing.
"""

from pathlib import Path
from typing import Any

from partita import storage
from partita.digests import add_digest, verify_digest
from partita.experiments.arena.arm_spec import STEER, ArmSpec
from partita.experiments.arena.selection import BOUND
from partita.tables import Table, read_json

REMEDY = "remove it, and it is made anew"
ASTRAY = ("diverged", "start_diverged")
SHARES = ("heard", "told_right", "machine_share")


def write_result(path: Path, result: dict[str, Any]) -> None:
    """Write what an arm measured, with a digest.

    Args:
        path: the file, whose folder is made.
        result: fit for JSON.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    storage.write_json(path, add_digest(result))


def read_result(path: Path, entry: ArmSpec, seed: int) -> dict[str, Any]:
    """Return what an arm measured.

    Args:
        path: the file.
        entry: the arm.
        seed: the student's.

    Raises:
        PartitaError: the file is damaged, or is another arm's or student's.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "0003.json"
    >>> write_result(path, {"arm": "report", "seed": 3, "diverged": "the loss is not finite"})
    >>> read_result(path, ArmSpec("report"), 3)["diverged"]
    'the loss is not finite'
    """
    table = verify_digest(read_json(path, remedy=REMEDY))
    if table.text("arm") != entry.name:
        table.reject("arm", f"must be {entry.name!r}")
    if table.integer("seed") != seed:
        table.reject("seed", f"must be {seed}")
    astray = next((name for name in ASTRAY if name in table.values), None)
    if astray is not None:
        table.text(astray)
        return table.values
    _check_facts(table.table("start"))
    table.table("start").boolean("flat")
    _check_facts(table.table("training"))
    if table.values.get("agreement") is not None:
        _check_score(table, "agreement")
    if not table.tables("curve"):
        table.reject("curve", "must have a point for each temperature")
    for point in table.tables("curve"):
        _check_point(point, needed=BOUND if entry.arm == STEER else "kl_sum")
    return {"agreement": None} | table.values


def _check_facts(facts: Table) -> None:
    facts.integer("steps", minimum=0)
    facts.number("seconds", minimum=0.0)
    for name in (*SHARES, "critic_seconds"):
        facts.optional(name, lambda key: facts.number(key, minimum=0.0))
    facts.optional("critic_weights", facts.text)


def _check_point(point: Table, *, needed: str) -> None:
    point.number("temperature", minimum=0.01)
    for name in point.values.keys() | {needed}:
        if name != "temperature":
            _check_score(point, name)


def _check_score(table: Table, name: str) -> None:
    for part in ("value", "low", "high"):
        table.table(name).number(part)
