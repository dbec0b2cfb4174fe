"""The arena's scores: the results of the test seeds, at the settings and temperatures that were chosen.

This file neither trains nor chooses.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from partita.errors import PartitaError
from partita.evaluation.score_ranges import range_of
from partita.evaluation.statistics.scoreboard import scoreboard
from partita.evaluation.statistics.seed_interval import mean_over_seeds
from partita.evaluation.statistics.verdict import Direction
from partita.experiments.arena.comparisons import families_of, incomparable, is_twin, undecidable
from partita.experiments.arena.selection import BOUND, Choice, Result, Results, by_temperature, point_at
from partita.experiments.arm_spec import STEER

SCORES = (
    *("kl_sum", "kl_forward", "kl_reverse", "jensen_shannon", BOUND),
    *("kl_sum_trimmed", "kl_forward_trimmed", "kl_reverse_trimmed", f"{BOUND}_trimmed", "runaway_share"),
    "told_apart",
)
"""The scores that are reported; for all of them lower is better."""

MIN_ACTIVE_SHARE = 0.25  # of updates: an arm whose judge was active in fewer gets a warning


def drop_diverged(results: Results) -> tuple[Results, list[str]]:
    """Return the arms that did not diverge under any seed, and a warning for each part that is left out.

    A student that diverged before the arms is left out of all arms.

    Args:
        results: of all arms.

    Raises:
        PartitaError: no arm is left.

    >>> from partita.experiments.arm_spec import ArmSpec
    >>> diverged = {"seed": 3, "diverged": "..."}
    >>> left, warnings = drop_diverged({ArmSpec("report"): [{"curve": []}], ArmSpec("gumbel"): [diverged]})
    >>> [spec.name for spec in left], warnings
    (['report'], ['gumbel is left out: it diverged under the seed 3 (...)'])
    """
    lost = {
        result["seed"]: result["start_diverged"]
        for found in results.values()
        for result in found
        if "start_diverged" in result
    }
    left = {}
    warnings = [
        f"the student {seed} is left out: it diverged before the arms were trained ({reason})"
        for seed, reason in lost.items()
    ]
    for spec, found in results.items():
        rest = [result for result in found if result.get("seed") not in lost]
        diverged = [result for result in rest if "diverged" in result]
        if diverged:
            seeds = ", ".join(str(result["seed"]) for result in diverged)
            plural = "s" if len(diverged) > 1 else ""
            reason = diverged[0]["diverged"]
            warnings.append(f"{spec.name} is left out: it diverged under the seed{plural} {seeds} ({reason})")
        elif rest:
            left[spec] = rest
    if not left:
        raise PartitaError(f"no arm is left: {'; '.join(warnings)}")
    return left, warnings


def any_student_started(results: Results) -> bool:
    """Return whether at least one student did not diverge before the arms."""
    return any("start_diverged" not in result for found in results.values() for result in found)


def build_scores(
    chosen: Mapping[str, Choice],
    tested: Results,
    validation: Results,
    *,
    seed: int,
    missing: int = 0,
    exact_judge: bool = False,
    conditions: Sequence[str] = (),
) -> dict[str, Any]:
    """Return the content of `scores.json`.

    Args:
        chosen: the choice for each arm.
        tested: results of the test seeds.
        validation: results of the validation seeds.
        seed: of the random sign flips, where there are too many to enumerate.
        missing: test students that are not evaluated yet.
        exact_judge: whether the teacher steers the arm `steer`.
        conditions: warnings about unequal conditions of arms with equal time.
    """
    families = families_of(chosen, exact_judge=exact_judge)
    values, better = _by_seed(chosen, tested), _directions(chosen, tested)
    board = scoreboard(values, better, pairs=[], ranges=range_of, seed=seed)
    for family, pairs in families.items():
        compared = scoreboard(values, better, pairs=pairs, ranges=range_of, seed=seed)["pairs"]
        board["pairs"] += [{"family": family, **pair} for pair in compared]
    first = next(iter(tested.values()))
    return {
        "unit": "bits a sample",
        **board,
        "seeds": [result["seed"] for result in first],
        "seeds_missing": missing,
        "choices": {arm: choice.as_json() for arm, choice in chosen.items()},
        "curves": {arm: _curve(tested[choice.spec], seed=seed) for arm, choice in chosen.items()},
        "validation": {spec.name: _curve(results, seed=seed) for spec, results in validation.items()},
        "agreement": _agreements(chosen, tested, seed=seed),
        "training": {arm: _mean_facts(tested[choice.spec]) for arm, choice in chosen.items()},
        "steps": {arm: _steps(tested[choice.spec]) for arm, choice in chosen.items()},
        "heard": _shares(chosen, tested, "heard"),
        "told_right": _shares(chosen, tested, "told_right"),
        "warnings": [
            *_warn_not_flat(tested, validation),
            *conditions,
            *_warn_inactive_judges(chosen, tested),
            *_warn_temperature_limits(chosen, validation),
            *incomparable(chosen),
            *undecidable(families, len(first)),
            *_warn_missing(missing),
        ],
    }


def _reported(arms: Iterable[str]) -> list[str]:
    """Return the scores that are reported; without a steered arm the bound is left out.

    For other arms the bound is their divergence on fewer clips, of use only beside a steered arm.
    """
    return [name for name in SCORES if STEER in arms or not name.startswith(BOUND)]


def _directions(chosen: Mapping[str, Choice], tested: Results) -> dict[str, Direction]:
    """Return the scores that at least one arm has, with the direction that is better."""
    known = {name for choice in chosen.values() for name in tested[choice.spec][0]["curve"][0]}
    return {name: "lower" for name in _reported(chosen) if name in known}


def _by_seed(chosen: Mapping[str, Choice], tested: Results) -> dict[str, dict[str, dict[int, float]]]:
    """Return the values at the chosen temperatures by arm, score and seed."""
    names = _reported(chosen)
    found: dict[str, dict[str, dict[int, float]]] = {}
    for arm, choice in chosen.items():
        points = {result["seed"]: point_at(result, choice.temperature) for result in tested[choice.spec]}
        rows = {
            name: {seed: point[name]["value"] for seed, point in points.items() if name in point}
            for name in names
        }
        found[arm] = {name: row for name, row in rows.items() if row}
    return found


def _curve(results: Sequence[Result], *, seed: int) -> list[dict[str, Any]]:
    """Return the means over seeds and their intervals at each temperature, in descending order."""
    curve = []
    for temperature, points in by_temperature(results):
        found: dict[str, Any] = {"temperature": temperature}
        for name in (name for name in SCORES if all(name in point for point in points)):
            values = [point[name]["value"] for point in points]
            found[name] = mean_over_seeds(values, seed=seed, within=range_of(name)).as_json()
        curve.append(found)
    return sorted(curve, key=lambda point: -point["temperature"])


def _agreements(chosen: Mapping[str, Choice], tested: Results, *, seed: int) -> dict[str, Any]:
    """Return the correlation of each arm's judge with the exact log-ratio, for arms with a judge."""
    found = {}
    for arm, choice in chosen.items():
        scores = [result["agreement"] for result in tested[choice.spec]]
        values = [score["value"] for score in scores if score is not None]
        if values:
            found[arm] = mean_over_seeds(values, seed=seed, within=(-1.0, 1.0)).as_json()
    return found


def _mean_facts(results: Sequence[Result]) -> dict[str, Any]:
    """Return the mean steps and seconds of an arm, and the mean training time of its critic."""
    facts = [result["training"] for result in results]
    return {
        name: float(np.mean([fact[name] for fact in facts]))
        for name in ("steps", "seconds", "critic_seconds")
        if all(name in fact for fact in facts)
    }


def _steps(results: Sequence[Result]) -> list[int]:
    """Return an arm's updates under each seed."""
    return [result["training"]["steps"] for result in results]


def _shares(chosen: Mapping[str, Choice], tested: Results, name: str) -> dict[str, list[float | None]]:
    """Return a share from the training of each judged arm, by seed; None where it is unknown.

    Args:
        chosen: the choice for each arm.
        tested: results of the test seeds.
        name: `heard`, the share of updates in which the judge was active, or `told_right`, its accuracy.
    """
    found = {}
    for arm, choice in chosen.items():
        shares = [result["training"].get(name) for result in tested[choice.spec]]
        if arm != STEER and not is_twin(arm) and any(share is not None for share in shares):
            found[arm] = shares
    return found


def _warn_inactive_judges(chosen: Mapping[str, Choice], tested: Results) -> list[str]:
    """Return a warning for each arm whose judge was active in few updates."""
    warnings = []
    for arm, shares in _shares(chosen, tested, "heard").items():
        seeds = [str(result["seed"]) for result in tested[chosen[arm].spec]]
        rare = [
            seed
            for seed, share in zip(seeds, shares, strict=True)
            if share is not None and share < MIN_ACTIVE_SHARE
        ]
        if rare:
            warnings.append(
                f"the judge of {arm} was active in under {MIN_ACTIVE_SHARE:.0%} of updates under the seeds"
                f" {', '.join(rare)}: there the arm is effectively likelihood training, only slower; its"
                " judge started late (`adversary.warmup`), was not accurate enough"
                " (`adversary.min_accuracy`), or has weight 0"
            )
    return warnings


def _warn_not_flat(*all_results: Results) -> list[str]:
    """Return a warning if students were still improving when their training before the arms ended."""
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
        f"the validation loss of the students {', '.join(steep)} was still improving when their time was"
        " over: give more with `--start-minutes` or `--start-steps`"
    ]


def _warn_temperature_limits(chosen: Mapping[str, Choice], validation: Results) -> list[str]:
    """Return a warning for each arm whose best temperature is the lowest or the highest."""
    found = []
    for arm, choice in chosen.items():
        results = validation.get(choice.spec)
        temperatures = [temperature for temperature, _ in by_temperature(results)] if results else []
        if len(temperatures) > 1 and choice.temperature in (min(temperatures), max(temperatures)):
            limit, way = (
                ("lowest", "lower") if choice.temperature == min(temperatures) else ("highest", "higher")
            )
            found.append(
                f"{arm} was best at {choice.temperature:g}, the {limit} of the `--temperatures`: a {way} one"
                " may be better"
            )
    return found


def _warn_missing(missing: int) -> list[str]:
    """Return a warning while test students are missing.

    Stopping as soon as the scores look good would select chance results.
    """
    if not missing:
        return []
    return [f"{missing} students of the test are not evaluated yet: these scores are not final"]
