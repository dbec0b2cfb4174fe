"""From the students' measures to the arena's scores: those of the test seeds alone, at what was chosen.

This file neither trains nor chooses.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from partita.errors import PartitaError
from partita.evaluation.statistics.scoreboard import scoreboard
from partita.evaluation.statistics.seed_interval import over_seeds
from partita.evaluation.statistics.verdict import Direction
from partita.experiments.arena.arm_spec import STEER
from partita.experiments.arena.comparisons import families_of, incomparable, is_twin, undecidable
from partita.experiments.arena.fairness import unequal_conditions
from partita.experiments.arena.selection import (
    BOUND,
    Choice,
    Result,
    Results,
    as_json,
    by_temperature,
    point_at,
)

SCORES = (
    *("kl_sum", "kl_forward", "kl_reverse", "jensen_shannon", BOUND),
    *("kl_sum_trimmed", "kl_forward_trimmed", "kl_reverse_trimmed", f"{BOUND}_trimmed", "runaway_share"),
    "told_apart",
)
"""What is reported; of all of it less is better."""

HARDLY = 0.25  # of its updates: an arm that listened to its judge in fewer hardly had one


def finite(results: Results) -> tuple[Results, list[str]]:
    """Return the entries whose numbers were finite under every seed, and what is said of the others. Students
    that went astray before the arms parted are left out of all.

    Raises:
        PartitaError: none is left.

    >>> from partita.experiments.arena.arm_spec import ArmSpec
    >>> astray = {"seed": 3, "diverged": "..."}
    >>> kept, told = finite({ArmSpec("report"): [{"curve": []}], ArmSpec("gumbel"): [astray]})
    >>> [entry.name for entry in kept], told
    (['report'], ['gumbel is left out: it diverged under the seed 3 (...)'])
    """
    lost = {
        result["seed"]: result["start_diverged"]
        for found in results.values()
        for result in found
        if "start_diverged" in result
    }
    kept = {}
    told = [
        f"the student {seed} is left out: it diverged before the arms parted ({why})"
        for seed, why in lost.items()
    ]
    for entry, found in results.items():
        rest = [result for result in found if result.get("seed") not in lost]
        astray = [result for result in rest if "diverged" in result]
        if astray:
            seeds = ", ".join(str(result["seed"]) for result in astray)
            plural = "s" if len(astray) > 1 else ""
            why = astray[0]["diverged"]
            told.append(f"{entry.name} is left out: it diverged under the seed{plural} {seeds} ({why})")
        elif rest:
            kept[entry] = rest
    if not kept:
        raise PartitaError(f"no arm is left: {'; '.join(told)}")
    return kept, told


def any_started(results: Results) -> bool:
    """Return whether a student came as far as where the arms part."""
    return any("start_diverged" not in result for found in results.values() for result in found)


def scores(
    chosen: Mapping[str, Choice],
    tested: Results,
    tried: Results,
    *,
    seed: int,
    missing: int = 0,
    exact_judge: bool = False,
    equal_time: bool = False,
) -> dict[str, Any]:
    """Return all that `scores.json` holds.

    Args:
        chosen: by the validation seeds, for each arm.
        tested: what the test seeds measured.
        tried: what the validation seeds measured.
        seed: of random sets of seeds, where there are many.
        missing: students that the test is still to have.
        exact_judge: whether the arm `steer` is steered by the teacher itself.
        equal_time: whether arms had equal time, so that a busy machine matters.
    """
    families = families_of(chosen, exact_judge=exact_judge)
    measured, better = _by_seed(chosen, tested), _directions(chosen, tested)
    board = scoreboard(measured, better, pairs=[], seed=seed)
    for family, pairs in families.items():
        compared = scoreboard(measured, better, pairs=pairs, seed=seed)["pairs"]
        board["pairs"] += [{"family": family, **pair} for pair in compared]
    first = next(iter(tested.values()))
    by_arm = {arm: tested[choice.entry] for arm, choice in chosen.items()}
    return {
        "unit": "bits a sample",
        **board,
        "seeds": [result["seed"] for result in first],
        "seeds_missing": missing,
        "choices": {arm: as_json(choice) for arm, choice in chosen.items()},
        "curves": {arm: _curve(tested[choice.entry], seed=seed) for arm, choice in chosen.items()},
        "validation": {entry.name: _curve(results, seed=seed) for entry, results in tried.items()},
        "agreement": _agreements(chosen, tested, seed=seed),
        "training": {arm: _training(tested[choice.entry]) for arm, choice in chosen.items()},
        "steps": {arm: _steps(tested[choice.entry]) for arm, choice in chosen.items()},
        "heard": _shares(chosen, tested, "heard"),
        "told_right": _shares(chosen, tested, "told_right"),
        "warnings": [
            *_steep(tested, tried),
            *(unequal_conditions(by_arm) if equal_time else ()),
            *_unheard(chosen, tested),
            *_edges(chosen, tried),
            *incomparable(chosen),
            *undecidable(families, len(first)),
            *_unfinished(missing),
        ],
    }


def _asked_for(arms: Iterable[str]) -> list[str]:
    """Return the scores that are reported: where no arm is steered nobody asks for the bound, which for the
    others is their divergence on few clips."""
    return [name for name in SCORES if STEER in arms or not name.startswith(BOUND)]


def _directions(chosen: Mapping[str, Choice], tested: Results) -> dict[str, Direction]:
    """Return the scores that some arm has, with the way that is better."""
    known = {name for choice in chosen.values() for name in tested[choice.entry][0]["curve"][0]}
    return {name: "lower" for name in _asked_for(chosen) if name in known}


def _by_seed(chosen: Mapping[str, Choice], tested: Results) -> dict[str, dict[str, dict[int, float]]]:
    """Return by arm, score and seed the value at the arm's temperature."""
    names = _asked_for(chosen)
    found: dict[str, dict[str, dict[int, float]]] = {}
    for arm, choice in chosen.items():
        points = {result["seed"]: point_at(result, choice.temperature) for result in tested[choice.entry]}
        rows = {
            name: {seed: point[name]["value"] for seed, point in points.items() if name in point}
            for name in names
        }
        found[arm] = {name: row for name, row in rows.items() if row}
    return found


def _curve(results: Sequence[Result], *, seed: int) -> list[dict[str, Any]]:
    """Return the means over seeds at every temperature, falling, with their intervals."""
    curve = []
    for temperature, points in by_temperature(results):
        found: dict[str, Any] = {"temperature": temperature}
        for name in (name for name in SCORES if all(name in point for point in points)):
            found[name] = over_seeds([point[name]["value"] for point in points], seed=seed).as_json()
        curve.append(found)
    return sorted(curve, key=lambda point: -point["temperature"])


def _agreements(chosen: Mapping[str, Choice], tested: Results, *, seed: int) -> dict[str, Any]:
    """Return how far the judge of each arm agreed with the exact log-ratio, where the arm had one."""
    found = {}
    for arm, choice in chosen.items():
        scores = [result["agreement"] for result in tested[choice.entry]]
        values = [score["value"] for score in scores if score is not None]
        if values:
            found[arm] = over_seeds(values, seed=seed).as_json()
    return found


def _training(results: Sequence[Result]) -> dict[str, Any]:
    """Return the mean steps and seconds of an arm, with what a critic took before it."""
    kept = ("steps", "seconds", "critic_seconds")
    facts = [result["training"] for result in results]
    return {
        name: float(np.mean([fact[name] for fact in facts]))
        for name in kept
        if all(name in fact for fact in facts)
    }


def _steps(results: Sequence[Result]) -> list[int]:
    """Return an arm's updates under each seed."""
    return [result["training"]["steps"] for result in results]


def _shares(chosen: Mapping[str, Choice], tested: Results, name: str) -> dict[str, list[float | None]]:
    """Return a share that the training of judged arms has, under each seed, None where it is not known: in
    how many of its updates the judge was `heard`, or how many patches it `told_right`."""
    found = {}
    for arm, choice in chosen.items():
        shares = [result["training"].get(name) for result in tested[choice.entry]]
        if arm != STEER and not is_twin(arm) and any(share is not None for share in shares):
            found[arm] = shares
    return found


def _unheard(chosen: Mapping[str, Choice], tested: Results) -> list[str]:
    """Say which arms were little but an arm without a judge with fewer updates, since theirs was hardly
    listened to."""
    told = []
    for arm, shares in _shares(chosen, tested, "heard").items():
        seeds = [str(result["seed"]) for result in tested[chosen[arm].entry]]
        deaf = [
            seed for seed, share in zip(seeds, shares, strict=True) if share is not None and share < HARDLY
        ]
        if deaf:
            told.append(
                f"{arm} listened to its judge in less than {HARDLY:.0%} of its updates under the seeds"
                f" {', '.join(deaf)}, so there it is hardly more than an arm without one, at its cost:"
                " the judge was too young (`adversary.warmup`), told too little (`adversary.min_accuracy`),"
                " or has no weight"
            )
    return told


def _steep(*all_results: Results) -> list[str]:
    starts = {
        result["seed"]: result["start"]
        for results in all_results
        for row in results.values()
        for result in row
    }
    steep = [str(seed) for seed, start in sorted(starts.items()) if not start["flat"]]
    if not steep:
        return []
    return [
        f"the curves of the students {', '.join(steep)} were not flat when their time was over: give more by"
        " `--start-minutes` or `--start-steps`"
    ]


def _edges(chosen: Mapping[str, Choice], tried: Results) -> list[str]:
    """Say which arms may have a better temperature outside those that were tried."""
    found = []
    for arm, choice in chosen.items():
        results = tried.get(choice.entry)
        temperatures = [temperature for temperature, _ in by_temperature(results)] if results else []
        if len(temperatures) > 1 and choice.temperature in (min(temperatures), max(temperatures)):
            way = "lower" if choice.temperature == min(temperatures) else "higher"
            found.append(
                f"{arm} was best at {choice.temperature:g}, the end of the `--temperatures` that were tried:"
                f" a {way} one may suit it better"
            )
    return found


def _unfinished(missing: int) -> list[str]:
    """Say that a test that is not over must not be read: whoever stops when it looks well finds what chance
    gives."""
    if not missing:
        return []
    return [f"{missing} students of the test are still to come: these scores are not the arena's yet"]
