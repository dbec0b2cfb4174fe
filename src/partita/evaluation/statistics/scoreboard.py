"""All scores of all arms over seeds, and all comparisons, in the format of `scores.json`.

This file does not compute the scores and writes no files.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from typing import Any

from partita.errors import PartitaError
from partita.evaluation.statistics.comparison import BySeed, Pair, compare_pairs, sorted_by_seed
from partita.evaluation.statistics.seed_interval import UNLIMITED, mean_over_seeds
from partita.evaluation.statistics.verdict import Direction
from partita.evaluation.statistics.wording import describe


def scoreboard(
    scores: Mapping[str, Mapping[str, BySeed]],
    better: Mapping[str, Direction],
    *,
    margins: Mapping[str, float] | None = None,
    pairs: Sequence[Pair] | None = None,
    ranges: Callable[[str], tuple[float, float]] = lambda _: UNLIMITED,
    seed: int = 0,
) -> dict[str, Any]:
    """Summarise the scores of all arms over seeds and compare pairs of arms.

    Each score is a separate family in Holm's correction. Name the primary score before the experiment if
    several scores answer the same question. Fewer pairs give more power: with 8 seeds a verdict is possible
    for at most 6 pairs. Pass the pairs that matter, for example every arm against the control.

    Args:
        scores: the numbers by arm, score and seed.
        better: the scores to compare, and the direction in which each is better. Other scores are only
            summarised.
        margins: by score, the largest difference that does not matter, in the unit of the score. Without a
            margin only arms with identical scores for every seed can be equal.
        pairs: the arms (a, b) to compare; by default all pairs, in the order of `scores`. A pair is compared
            in the scores that both arms have.
        ranges: returns the least and the greatest value of a score, where its interval is cut.
        seed: of the random flips, used with more than 16 seeds.

    Returns:
        {"arms": {arm: {score: {"value", "low", "high", "seeds", "values"}}}, "pairs": [...], "better": ...},
        with the values sorted by seed; a pair has the fields of `Comparison` and a "sentence".

    Raises:
        PartitaError: a name is unknown, a number is not finite, or the arms of a pair have different seeds.

    >>> scores = {"policy": {"kl": {0: 1.0, 1: 2.0}}, "likelihood": {"kl": {0: 2.0, 1: 4.0}}}
    >>> board = scoreboard(scores, {"kl": "lower"})
    >>> board["pairs"][0]["difference"], board["pairs"][0]["verdict"], board["arms"]["policy"]["kl"]["seeds"]
    (-1.5, 'undecided', [0, 1])
    """
    margins = margins or {}
    pairs = list(combinations(scores, 2)) if pairs is None else pairs
    _check_names(scores, better, margins, pairs)
    arms = {
        arm: {
            score: _summary(arm, score, by_seed, ranges(score), seed) for score, by_seed in by_score.items()
        }
        for arm, by_score in scores.items()
    }
    found = []
    for score, direction in better.items():
        scored = {arm: by_score[score] for arm, by_score in scores.items() if score in by_score}
        both = [(a, b) for a, b in pairs if a in scored and b in scored]
        margin = margins.get(score, 0.0)
        found += compare_pairs(
            score, scored, both, better=direction, margin=margin, within=ranges(score), seed=seed
        )
    rows = [comparison.as_json() | {"sentence": describe(comparison)} for comparison in found]
    return {"arms": arms, "pairs": rows, "better": dict(better)}


def _summary(arm: str, score: str, by_seed: BySeed, within: tuple[float, float], seed: int) -> dict[str, Any]:
    """Return the mean and the values of a score of an arm over its seeds."""
    ordered = sorted_by_seed(score, arm, by_seed)
    values = list(ordered.values())
    return mean_over_seeds(values, seed=seed, within=within).as_json() | {
        "seeds": list(ordered),
        "values": values,
    }


def _check_names(
    scores: Mapping[str, Mapping[str, BySeed]],
    better: Mapping[str, Direction],
    margins: Mapping[str, float],
    pairs: Sequence[Pair],
) -> None:
    names = {score for by_score in scores.values() for score in by_score}
    for score in better:
        if score not in names:
            raise PartitaError(f"no arm has the score `{score}`: choose from {sorted(names)}")
    for score in margins:
        if score not in better:
            raise PartitaError(f"`{score}` has a margin but no direction: add it to `better`")
    for pair in pairs:
        for arm in pair:
            if arm not in scores:
                raise PartitaError(f"there is no arm `{arm}` to compare: choose from {sorted(scores)}")
