"""The scores of a comparison: means over seeds, the primary comparison, and the exploratory ones.

This file neither trains nor draws.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from partita.errors import PartitaError
from partita.evaluation.score_ranges import range_of
from partita.evaluation.statistics.power import min_seeds
from partita.evaluation.statistics.scoreboard import scoreboard
from partita.evaluation.statistics.seed_interval import mean_over_seeds
from partita.experiments.arm_spec import AGAIN, START, ArmSpec
from partita.experiments.compare.config import CONTROL, CompareConfig
from partita.experiments.compare.score_names import BETTER
from partita.experiments.equal_time import unequal_conditions
from partita.training.config.arms import ARMS

NOISED = "likelihood-noised"
"""The control's clips with white noise, which must be worse than without."""
PRIMARY = "primary"

Result = Mapping[str, Any]
Results = Mapping[str, Sequence[Result]]
"""The results of each arm, one for each seed; all arms have the same seeds in the same order."""
BySeed = dict[int, float]


def build_scores(config: CompareConfig, results: Results, *, warnings: Sequence[str] = ()) -> dict[str, Any]:
    """Return the content of `scores.json`, without how it was made.

    Args:
        config: the comparison.
        results: the results so far.
        warnings: what readers must know besides.

    Returns:
        A dict for JSON. `arms` has for each arm and score the mean over seeds with its interval, and "real",
        the same of real sound; `pairs` the comparisons, the primary one first; `better` the directions.
    """
    left, more = drop_diverged(results)
    values = {name: _by_score(found) for name, found in left.items()}
    if CONTROL in left:
        values[NOISED] = _by_score([{**one, "scores": one["noised"]} for one in left[CONTROL]])
    missing = config.seeds - max(map(len, results.values()))
    board = _comparisons(config, {} if missing else values) | {"arms": _summaries(config, values)}
    arms = {
        name: {score: _completed(score, summary, left.get(name, ())) for score, summary in scores.items()}
        for name, scores in board.pop("arms").items()
    }
    seeds = [one["seed"] for one in next(iter(left.values()))]
    found = [*warnings, *more, *_of_results(left), *_edges(config, left), *_not_together(left)]
    found += _undecidable(board["pairs"], len(seeds)) + _worse_critics(left)
    if config.steps is None:
        found += unequal_conditions(left)
    return {
        "arms": arms,
        **board,
        "primary": {
            "arm": config.primary_spec.name,
            "with": CONTROL,
            "score": config.primary_score,
            "margin": config.margin,
        },
        "seeds": seeds,
        "missing": missing,
        "about": next(iter(left.values()))[0]["about"],
        "temperatures": {name: [one["temperature"] for one in found] for name, found in left.items()},
        "curves": {name: _mean_curve(found, config.primary_score) for name, found in left.items()},
        "training": {name: [one["training"] for one in found] for name, found in left.items()},
        "warnings": found,
    }


def drop_diverged(results: Results) -> tuple[dict[str, list[Result]], list[str]]:
    """Return the arms that did not diverge under any seed, and a warning for each that is left out.

    Raises:
        PartitaError: no arm is left.

    >>> left, warnings = drop_diverged({"report": [{"seed": 0}], "gumbel": [{"seed": 0, "diverged": "..."}]})
    >>> list(left), warnings
    (['report'], ['gumbel is left out: it diverged under the seed 0 (...)'])
    """
    left, warnings = {}, []
    for name, found in results.items():
        diverged = [one for one in found if "diverged" in one]
        if not diverged:
            left[name] = list(found)
            continue
        seeds = ", ".join(str(one["seed"]) for one in diverged)
        plural = "s" if len(diverged) > 1 else ""
        reason = diverged[0]["diverged"]
        warnings.append(f"{name} is left out: it diverged under the seed{plural} {seeds} ({reason})")
    if not left:
        raise PartitaError(f"no arm is left: {'; '.join(warnings)}")
    return left, warnings


def _by_score(results: Sequence[Result]) -> dict[str, BySeed]:
    """Return the numbers of an arm by score and seed; scores that a seed lacks are left out."""
    names = [name for name in results[0]["scores"] if all(name in one["scores"] for one in results)]
    return {name: {one["seed"]: float(one["scores"][name]["value"]) for one in results} for name in names}


def families_of(config: CompareConfig, names: Sequence[str]) -> dict[str, list[tuple[str, str]]]:
    """Return the pairs of arms to compare, in families that each answer one question.

    `arms`: does an arm beat likelihood? `twin`: is it the judge that helps, and not the rest of its code?
    `continued`: what does further likelihood training gain over the base? `noised`: does the score notice
    white noise at -40 dBFS? `again`: does it find a difference where there is none?

    Args:
        config: the comparison.
        names: of the arms that have results.
    """
    specs = {spec.name: spec for spec in config.arm_specs if spec.name in names}
    if CONTROL not in specs:
        return {}
    judged = [name for name, spec in specs.items() if _is_judged(spec)]
    twins = [(name, other) for name in judged for other in _twins_with_settings(specs, specs[name])]
    families = {
        "arms": [(name, CONTROL) for name in judged],
        "twin": twins,
        "continued": [(CONTROL, START)] if START in specs else [],
        "noised": [(NOISED, CONTROL)] if NOISED in names else [],
        "again": [(AGAIN, CONTROL)] if AGAIN in specs else [],
    }
    return {family: pairs for family, pairs in families.items() if pairs}


def _is_judged(spec: ArmSpec) -> bool:
    """Whether an arm is compared with likelihood: it is not a control."""
    return spec.name != CONTROL and spec.arm not in (START, AGAIN) and not ARMS[spec.arm].is_twin


def _twins_with_settings(specs: Mapping[str, ArmSpec], spec: ArmSpec) -> list[str]:
    """Return the twins of an arm that agree with it in all settings but weights."""
    twin = ARMS[spec.arm].twin
    return [
        name
        for name, other in specs.items()
        if twin is not None
        and other.arm == twin.name
        and other.changes_except_weights == spec.changes_except_weights
    ]


def _comparisons(config: CompareConfig, values: Mapping[str, Mapping[str, BySeed]]) -> dict[str, Any]:
    """Return the scoreboard: first the primary comparison, then the families, each corrected by itself."""
    primary, score = (config.primary_spec.name, CONTROL), config.primary_score
    better = {name: way for name, way in BETTER.items() if any(name in one for one in values.values())}
    found: list[dict[str, Any]] = []
    if all(score in values.get(arm, {}) for arm in primary):
        margins = {score: config.margin}
        board = scoreboard(
            values,
            {score: better[score]},
            margins=margins,
            pairs=[primary],
            ranges=range_of,
            seed=config.seed,
        )
        found += [pair | {"family": PRIMARY, "primary": True} for pair in board["pairs"]]
    for family, pairs in families_of(config, list(values)).items():
        rest = scoreboard(values, better, pairs=pairs, ranges=range_of, seed=config.seed)["pairs"]
        found += [
            pair | {"family": family, "primary": False}
            for pair in rest
            if (pair["a"], pair["b"], pair["score"]) != (*primary, score)
        ]
    return {"pairs": found, "better": better}


def _summaries(config: CompareConfig, values: Mapping[str, Mapping[str, BySeed]]) -> dict[str, Any]:
    """Return the mean of each score over seeds, with the values of the seeds."""
    found: dict[str, Any] = scoreboard(values, {}, pairs=[], ranges=range_of, seed=config.seed)["arms"]
    return found


def _completed(score: str, summary: dict[str, Any], results: Sequence[Result]) -> dict[str, Any]:
    """Add the mean of real sound, and whether it is a bound."""
    each = [one["scores"].get(score, {}) for one in results]
    if len(each) == 1 and "low" in each[0]:  # one seed has no interval over seeds, but one over clips
        summary = summary | {"low": each[0]["low"], "high": each[0]["high"]}
    if each and all("real" in one for one in each):
        real = mean_over_seeds([one["real"]["value"] for one in each], within=range_of(score))
        summary = summary | {"real": real.as_json()}
    return summary | ({"upper_bound": True} if any(one.get("upper_bound") for one in each) else {})


def _mean_curve(results: Sequence[Result], score: str) -> list[dict[str, float]]:
    """Return the primary score at each temperature, its mean over seeds, on both splits."""
    return [
        {
            "temperature": point["temperature"],
            **{
                split: sum(one["curve"][number][split][score] for one in results) / len(results)
                for split in ("validation", "test")
            },
        }
        for number, point in enumerate(results[0]["curve"])
    ]


def _of_results(left: Results) -> list[str]:
    """Return the warnings of all results, each once."""
    found = (warning for results in left.values() for one in results for warning in one["warnings"])
    return list(dict.fromkeys(found))


def _edges(config: CompareConfig, left: Results) -> list[str]:
    """Return a warning if an arm chose the least or the greatest temperature: another may be better."""
    edges = {config.curve[0], config.curve[-1]} if len(config.curve) > 1 else set()
    names = [name for name, found in left.items() if edges & {one["temperature"] for one in found}]
    if not names:
        return []
    return [
        f"{', '.join(names)} chose the least or the greatest temperature, so another one may be better: give"
        " more `--temperatures`"
    ]


def _not_together(left: Results) -> list[str]:
    """Return a warning for each arm of equal time that was not trained in turns with likelihood."""
    return [
        f"{name} was not trained in turns with {CONTROL}, so other programs may have slowed one of them: its"
        " time is not certain to be equal"
        for name, found in left.items()
        if any(one["trained_with"] and CONTROL not in one["trained_with"] for one in found)
    ]


def _worse_critics(left: Results) -> list[str]:
    """Return a warning for each arm whose critic predicts no better than the base that it judges."""
    names = [
        name
        for name, found in left.items()
        if any(
            one["training"].get("critic_bits", 0.0) > one["training"].get("base_bits", 99.0) for one in found
        )
    ]
    return [
        f"the critic of {name} needs more bits than the base that it judges: train it for longer, or give a"
        " larger one"
        for name in names
    ]


def _undecidable(pairs: Sequence[Mapping[str, Any]], seeds: int) -> list[str]:
    """Return a warning if the seeds are too few for the primary comparison, or for a family."""
    counts: dict[str, int] = {}
    for pair in pairs:
        counts[pair["family"]] = max(counts.get(pair["family"], 0), pair["comparisons"] or 1)
    few = [family for family, count in counts.items() if seeds < min_seeds(0.05 / count)]
    if PRIMARY in few:
        return [
            f"with {_count(seeds, 'seed')} no difference can be significant: give {min_seeds(0.05)} or more"
        ]
    return [
        f"the family {family!r} has {_count(counts[family], 'comparison')}: with {_count(seeds, 'seed')} none"
        " of them can be significant"
        for family in few
    ]


def _count(number: int, noun: str) -> str:
    """Return a number with its noun.

    >>> _count(1, "seed"), _count(2, "seed")
    ('1 seed', '2 seeds')
    """
    return f"{number} {noun}" + "s" * (number != 1)
