"""From the students' measures to the arena's scores: what is chosen on some seeds, and what others say of it.

Temperatures, and the settings of an arm that was given with several, are those with the least sum of both
divergences on the validation seeds. The scores are of the test seeds alone. This file does not train.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from partita.evaluation.arena_entry import Entry
from partita.evaluation.scores import Score, block_mean

BETTER = {
    "kl_sum": "lower",
    "kl_forward": "lower",
    "kl_reverse": "lower",
    "jensen_shannon": "lower",
    "kl_reverse_bound": "lower",
    "kl_sum_trimmed": "lower",
    "kl_forward_trimmed": "lower",
    "kl_reverse_trimmed": "lower",
    "kl_reverse_bound_trimmed": "lower",
    "runaway_share": "lower",
}
"""Scores that are reported, and which way is better; the first that an arm has is what it is chosen by."""
BY = ("kl_sum", "kl_reverse_bound")

Result = dict[str, Any]
Results = dict[Entry, list[Result]]
"""For each entry, what each seed measured, all entries with the same seeds in the same order."""


@dataclass(frozen=True)
class Choice:
    """What the validation seeds decided for an arm.

    Args:
        entry: the arm with its settings.
        temperature: of its conditionals.
        value: the mean over validation seeds of what it was chosen by, in bits a sample.
    """

    entry: Entry
    temperature: float
    value: float


def choices(tried: Results) -> dict[str, Choice]:
    """Return what is best for each arm on the validation seeds; of equals what was given first, and the
    temperature nearest to 1.

    >>> point = {"temperature": 1.0, "kl_sum": {"value": 0.5}}
    >>> choices({Entry("report"): [{"curve": [point]}]})["report"].temperature
    1.0
    """
    best: dict[str, Choice] = {}
    for entry, results in tried.items():
        for temperature, points in _by_temperature(results):
            name = next(name for name in BY if name in points[0])
            value = float(np.mean([point[name]["value"] for point in points]))
            if entry.arm not in best or value < best[entry.arm].value:
                best[entry.arm] = Choice(entry, temperature, value)
    return best


def scores(chosen: Mapping[str, Choice], tested: Results, tried: Results, *, seed: int) -> dict[str, Any]:
    """Return all that `scores.json` holds.

    Args:
        chosen: by the validation seeds, for each arm.
        tested: what the test seeds measured.
        tried: what the validation seeds measured.
        seed: of the bootstrap.
    """
    arms = {arm: _at(tested[choice.entry], choice.temperature, seed=seed) for arm, choice in chosen.items()}
    first = next(iter(tested.values()))
    return {
        "unit": "bits a sample",
        "arms": arms,
        "pairs": pairs(arms),
        "better": {name: way for name, way in BETTER.items() if any(name in arm for arm in arms.values())},
        "seeds": [result["seed"] for result in first],
        "choices": {arm: _choice(choice) for arm, choice in chosen.items()},
        "curves": {arm: _curve(tested[choice.entry], seed=seed) for arm, choice in chosen.items()},
        "validation": {entry.name: _curve(results, seed=seed) for entry, results in tried.items()},
        "training": {arm: _training(tested[choice.entry]) for arm, choice in chosen.items()},
        "warnings": _warnings(tested, tried),
    }


def pairs(arms: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the comparisons of all arms over the seeds that they share."""
    return []


def _over_seeds(values: Sequence[float], *, seed: int) -> Score:
    """Return the mean over seeds with its interval."""
    return block_mean(np.array(values), np.ones(len(values)), seed=seed)


def _by_temperature(results: Sequence[Result]) -> Iterable[tuple[float, list[dict[str, Any]]]]:
    """Yield each temperature with its point of every seed's curve, the nearest to 1 first."""
    temperatures = [point["temperature"] for point in results[0]["curve"]]
    for temperature in sorted(temperatures, key=lambda one: (abs(one - 1.0), one)):
        yield temperature, [_point(result, temperature) for result in results]


def _point(result: Result, temperature: float) -> dict[str, Any]:
    found: dict[str, Any] = next(point for point in result["curve"] if point["temperature"] == temperature)
    return found


def _at(results: Sequence[Result], temperature: float, *, seed: int) -> dict[str, Any]:
    points = [_point(result, temperature) for result in results]
    found = {}
    for name in BETTER:
        if name in points[0]:
            values = [point[name]["value"] for point in points]
            found[name] = _over_seeds(values, seed=seed).as_json() | {"seeds": values}
    return found


def _curve(results: Sequence[Result], *, seed: int) -> list[dict[str, Any]]:
    temperatures = [point["temperature"] for point in results[0]["curve"]]
    return [{"temperature": one} | _at(results, one, seed=seed) for one in temperatures]


def _choice(choice: Choice) -> dict[str, Any]:
    return {"settings": choice.entry.name, "temperature": choice.temperature, "validation": choice.value}


def _training(results: Sequence[Result]) -> dict[str, Any]:
    """Return the mean steps and seconds of an arm, with what a critic took before it."""
    kept = ("steps", "seconds", "critic_seconds")
    facts = [result["training"] for result in results]
    return {name: float(np.mean([fact[name] for fact in facts])) for name in kept if name in facts[0]}


def _warnings(*all_results: Results) -> list[str]:
    starts = {result["seed"]: result["start"] for results in all_results for row in results.values()
              for result in row}  # fmt: skip
    steep = [str(seed) for seed, start in sorted(starts.items()) if not start["flat"]]
    if not steep:
        return []
    return [
        f"the curves of the students {', '.join(steep)} were not flat when their time was over: give more by"
        " `--start-minutes` or `--start-steps`"
    ]
