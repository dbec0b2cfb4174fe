"""What the validation seeds decide: of an arm with several settings the best, and every arm's temperature.

Both are those with the least sum of both divergences. Once the first test seed is begun, what was decided
stays, in a file: an arena may be given more arms and more seeds afterwards, but a choice that had seen the
test would be none. This file does not train.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from partita.digests import add_digest, verify_digest
from partita.errors import PartitaError
from partita.experiments.arena.arm_spec import ArmSpec
from partita.storage import write_json
from partita.tables import read_json

BOUND = "kl_reverse_bound"
BY = ("kl_sum", BOUND)
"""What an arm is chosen by: the first that it has."""

Result = dict[str, Any]
Results = dict[ArmSpec, list[Result]]
"""For each entry, what each seed measured, all entries with the same seeds in the same order."""


@dataclass(frozen=True)
class Choice:
    """What the validation seeds decided for an arm.

    Args:
        entry: the arm with its settings.
        temperature: of its conditionals.
        value: the mean over validation seeds of what it was chosen by, in bits a sample.
    """

    entry: ArmSpec
    temperature: float
    value: float


def choices(tried: Results) -> dict[str, Choice]:
    """Return what is best for each arm on the validation seeds; of equals what was given first, and the
    temperature nearest to 1.

    >>> point = {"temperature": 1.0, "kl_sum": {"value": 0.5}}
    >>> choices({ArmSpec("report"): [{"curve": [point]}]})["report"].temperature
    1.0
    """
    best: dict[str, Choice] = {}
    for entry, results in tried.items():
        for temperature, points in by_temperature(results):
            name = next(name for name in BY if name in points[0])
            value = float(np.mean([point[name]["value"] for point in points]))
            if entry.arm not in best or value < best[entry.arm].value:
                best[entry.arm] = Choice(entry, temperature, value)
    return best


def refuse_other_choices(path: Path, entries: Sequence[ArmSpec], seeds: Sequence[int]) -> None:
    """Raise an error where what is asked for would change a choice that was made before the test began.

    Args:
        path: the file of choices, which need not be there.
        entries: all arms with their settings that are asked for.
        seeds: the validation seeds that are asked for.

    Raises:
        PartitaError: an arm that is settled comes with settings that it did not have then, or without those
            that were chosen; or there are other validation seeds.
    """
    table = _read(path)
    if not table:
        return
    if table["seeds"] != list(seeds):
        raise PartitaError(
            f"choices were made on {len(table['seeds'])} validation students before the test began, now there"
            f" are {len(seeds)}: give `--validation-seeds {len(table['seeds'])}`, or begin anew in another"
            " folder with `--out`"
        )
    asked = _names(entries)
    for arm in asked.keys() & table["arms"].keys():
        chosen, among = table["arms"][arm]["settings"], table["arms"][arm]["among"]
        if late := [name for name in asked[arm] if name not in among]:
            raise PartitaError(
                f"{chosen} was chosen before the test began, so {', '.join(late)} comes too late: leave it"
                " out, or begin anew in another folder with `--out`"
            )
        if chosen not in asked[arm]:
            raise PartitaError(f"{chosen} was chosen before the test began: name it among `--arms`")


def chosen_settings(path: Path) -> set[str] | None:
    """Return the names of the entries that were chosen, None where nothing was yet.

    Args:
        path: the file of choices, which need not be there.
    """
    table = _read(path)
    return {row["settings"] for row in table["arms"].values()} if table else None


def settled(
    path: Path, tried: Results, entries: Sequence[ArmSpec], seeds: Sequence[int]
) -> dict[str, Choice]:
    """Return the choices of a file, and make and keep there those that it lacks.

    Args:
        path: the file; called before the first test seed is begun, and whenever the arena goes on.
        tried: what the validation seeds measured, of arms whose numbers were finite.
        entries: all that were asked for.
        seeds: the validation seeds.
    """
    before, among, found = _read(path).get("arms", {}), _names(entries), choices(tried)
    kept = {
        arm: Choice(ArmSpec.read(row["settings"]), row["temperature"], row["validation"])
        for arm, row in before.items()
        if arm in found
    }
    new = {arm: as_json(choice) | {"among": among[arm]} for arm, choice in found.items() if arm not in before}
    if new:
        write_json(path, add_digest({"seeds": list(seeds), "arms": before | new}))
    return found | kept


def _read(path: Path) -> dict[str, Any]:
    """Return the content of the file of choices, checked; nothing where there is none."""
    if not path.is_file():
        return {}
    table = verify_digest(read_json(path, remedy="begin anew in another folder with `--out`"))
    if any(type(seed) is not int for seed in table.array("seeds")):
        table.reject("seeds", "must be a list of integers")
    arms = table.table("arms")
    for arm in arms.values:
        row = arms.table(arm)
        row.number("temperature", minimum=0.01)
        row.number("validation")
        if row.text("settings").partition(":")[0] != arm:
            row.reject("settings", f"must be {arm!r}, perhaps with settings behind a colon")
        if row.values["settings"] not in row.array("among"):
            row.reject("among", "must contain the setting in `settings`")
    return table.values


def _names(entries: Sequence[ArmSpec]) -> dict[str, list[str]]:
    """Return the names of the entries of each arm."""
    found: dict[str, list[str]] = {}
    for entry in entries:
        found.setdefault(entry.arm, []).append(entry.name)
    return found


def as_json(choice: Choice) -> dict[str, Any]:
    """Return a choice as files have it."""
    return {"settings": choice.entry.name, "temperature": choice.temperature, "validation": choice.value}


def by_temperature(results: Sequence[Result]) -> Iterable[tuple[float, list[dict[str, Any]]]]:
    """Yield each temperature that all seeds were measured at, with its points, the nearest to 1 first."""
    measured = [{point["temperature"] for point in result["curve"]} for result in results]
    for temperature in sorted(set.intersection(*measured), key=lambda one: (abs(one - 1.0), one)):
        yield temperature, [point_at(result, temperature) for result in results]


def point_at(result: Result, temperature: float) -> dict[str, Any]:
    """Return a result's point at a temperature that it was measured at."""
    found: dict[str, Any] = next(point for point in result["curve"] if point["temperature"] == temperature)
    return found
