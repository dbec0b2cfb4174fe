"""Choices on the validation seeds: the settings and the temperature of each arm.

Both are those with the smallest sum of the two divergences. Choices are written to a file before the first
test seed and never change afterwards: arms and test seeds may be added later, but a choice must not depend on
test results. This file trains nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from partita.digests import add_digest, verify_digest
from partita.errors import PartitaError
from partita.experiments.arm_spec import ArmSpec
from partita.storage import write_json
from partita.tables import read_json

BOUND = "kl_reverse_bound"
CRITERIA = ("kl_sum", BOUND)
"""Scores that arms are chosen by: the first of them that an arm has."""

Result = dict[str, Any]
Results = dict[ArmSpec, list[Result]]
"""The results of each arm, one for each seed; all arms have the same seeds in the same order."""


@dataclass(frozen=True)
class Choice:
    """The settings and the temperature that were chosen for an arm.

    Args:
        spec: the arm with its settings.
        temperature: the sampling temperature.
        value: the mean of the criterion over the validation seeds, in bits per sample.
    """

    spec: ArmSpec
    temperature: float
    value: float

    def as_json(self) -> dict[str, Any]:
        """Return the choice as the files store it."""
        return {"settings": self.spec.name, "temperature": self.temperature, "validation": self.value}


def best_choices(validation: Results) -> dict[str, Choice]:
    """Return the best settings and temperature of each arm on the validation seeds.

    Ties go to the settings that were given first, and to the temperature nearest to 1.

    Args:
        validation: results of the validation seeds.

    >>> point = {"temperature": 1.0, "kl_sum": {"value": 0.5}}
    >>> best_choices({ArmSpec("report"): [{"curve": [point]}]})["report"].temperature
    1.0
    """
    best: dict[str, Choice] = {}
    for spec, results in validation.items():
        for temperature, points in by_temperature(results):
            name = next(name for name in CRITERIA if name in points[0])
            value = float(np.mean([point[name]["value"] for point in points]))
            if spec.arm not in best or value < best[spec.arm].value:
                best[spec.arm] = Choice(spec, temperature, value)
    return best


def refuse_other_choices(path: Path, specs: Sequence[ArmSpec], seeds: Sequence[int]) -> None:
    """Raise an error if a call would change a choice that was made before the test.

    Args:
        path: the file of choices, which may be missing.
        specs: all arms of the call, with their settings.
        seeds: the validation seeds of the call.

    Raises:
        PartitaError: an arm has settings that were not considered when the choice was made, or lacks those
            that were chosen, or the validation seeds differ.
    """
    table = _read(path)
    if not table:
        return
    if table["seeds"] != list(seeds):
        raise PartitaError(
            f"choices were made on {len(table['seeds'])} validation students before the test, now there are"
            f" {len(seeds)}: give `--validation-seeds {len(table['seeds'])}`, or another folder with `--out`"
        )
    given = _names_by_arm(specs)
    for arm in given.keys() & table["arms"].keys():
        chosen, considered = table["arms"][arm]["settings"], table["arms"][arm]["among"]
        if late := [name for name in given[arm] if name not in considered]:
            raise PartitaError(
                f"{chosen} was chosen before the test, so {', '.join(late)} can't be added: leave it out, or"
                " give another folder with `--out`"
            )
        if chosen not in given[arm]:
            raise PartitaError(f"{chosen} was chosen before the test: include it in `--arms`")


def chosen_settings(path: Path) -> set[str] | None:
    """Return the names of the chosen arms with their settings, or None if no choice was made yet.

    Args:
        path: the file of choices, which may be missing.
    """
    table = _read(path)
    return {row["settings"] for row in table["arms"].values()} if table else None


def load_or_choose(
    path: Path, validation: Results, specs: Sequence[ArmSpec], seeds: Sequence[int]
) -> dict[str, Choice]:
    """Return the choices in a file, after adding those that are missing there.

    Args:
        path: the file; it is written before the first test seed.
        validation: results of the validation seeds, for arms that did not diverge.
        specs: all arms of the call.
        seeds: the validation seeds.
    """
    before, considered, best = _read(path).get("arms", {}), _names_by_arm(specs), best_choices(validation)
    fixed = {
        arm: Choice(ArmSpec.parse(row["settings"]), row["temperature"], row["validation"])
        for arm, row in before.items()
        if arm in best
    }
    new = {
        arm: choice.as_json() | {"among": considered[arm]}
        for arm, choice in best.items()
        if arm not in before
    }
    if new:
        write_json(path, add_digest({"seeds": list(seeds), "arms": before | new}))
    return best | fixed


def _read(path: Path) -> dict[str, Any]:
    """Return the content of the file of choices, with every value checked; nothing if there is no file."""
    if not path.is_file():
        return {}
    table = verify_digest(read_json(path, remedy="start again in another folder with `--out`"))
    if any(type(seed) is not int for seed in table.array("seeds")):
        table.reject("seeds", "must be a list of integers")
    arms = table.table("arms")
    for arm in arms.values:
        row = arms.table(arm)
        row.number("temperature", minimum=0.01)
        row.number("validation")
        if row.text("settings").partition(":")[0] != arm:
            row.reject("settings", f"must be {arm!r}, optionally with settings after a colon")
        if row.values["settings"] not in row.array("among"):
            row.reject("among", "must contain the value of `settings`")
    return table.values


def _names_by_arm(specs: Sequence[ArmSpec]) -> dict[str, list[str]]:
    """Return for each arm the names of its specifications."""
    found: dict[str, list[str]] = {}
    for spec in specs:
        found.setdefault(spec.arm, []).append(spec.name)
    return found


def by_temperature(results: Sequence[Result]) -> Iterable[tuple[float, list[dict[str, Any]]]]:
    """Yield each temperature at which all seeds were evaluated, with its points, the nearest to 1 first."""
    evaluated = [{point["temperature"] for point in result["curve"]} for result in results]
    for temperature in sorted(set.intersection(*evaluated), key=lambda one: (abs(one - 1.0), one)):
        yield temperature, [point_at(result, temperature) for result in results]


def point_at(result: Result, temperature: float) -> dict[str, Any]:
    """Return the point of a result at a temperature at which it was evaluated."""
    found: dict[str, Any] = next(point for point in result["curve"] if point["temperature"] == temperature)
    return found
