"""The scores of all arms under all seeds become what `scores.json` holds: arms, pairs and directions.

It knows nothing of how the scores were made, of files, or of pages.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

from partita.errors import PartitaError
from partita.evaluation.statistics.comparison import BySeed, Pair, compare_pairs, sorted_by_seed
from partita.evaluation.statistics.seed_interval import mean_over_seeds
from partita.evaluation.statistics.verdict import Direction
from partita.evaluation.statistics.wording import describe


def scoreboard(
    scores: Mapping[str, Mapping[str, BySeed]],
    better: Mapping[str, Direction],
    *,
    margins: Mapping[str, float] | None = None,
    pairs: Sequence[Pair] | None = None,
    seed: int = 0,
) -> dict[str, Any]:
    """Return every arm's scores over seeds, and every pair's comparison, ready for JSON.

    Each score is a family of its own in Holm's correction: it asks its own question. Whoever reads several
    scores as one question must say beforehand which of them decides. Fewer pairs find more: with 8 seeds a
    verdict is possible among 6 at most. So name the pairs that matter, for example every arm against the
    control, rather than take all.

    Args:
        scores: by arm, score and seed, the number.
        better: the scores that are compared, and which way each is better. Others are only described.
        margins: by score, the largest difference that does not matter, in its unit. Without one, only arms
            whose scores are the same under every seed can be equal.
        pairs: the arms (a, b) to compare; all, each once and in the order of `scores`, where it is left out.
            A pair is compared in the scores that both have.
        seed: of random flips, above 16 seeds.

    Returns:
        {"arms": {arm: {score: {"value", "low", "high", "seeds", "values"}}}, "pairs": [...], "better": ...},
        values in the order of the seeds; a pair holds the fields of `Comparison` and a "sentence".

    Raises:
        PartitaError: a name is unknown, a number is not finite, or a pair's seeds differ.

    >>> scores = {"policy": {"kl": {0: 1.0, 1: 2.0}}, "likelihood": {"kl": {0: 2.0, 1: 4.0}}}
    >>> board = scoreboard(scores, {"kl": "lower"})
    >>> board["pairs"][0]["difference"], board["pairs"][0]["verdict"], board["arms"]["policy"]["kl"]["seeds"]
    (-1.5, 'undecided', [0, 1])
    """
    margins = margins or {}
    pairs = list(combinations(scores, 2)) if pairs is None else pairs
    _refuse_unknown(scores, better, margins, pairs)
    arms = {
        arm: {score: _described(arm, score, by_seed, seed) for score, by_seed in theirs.items()}
        for arm, theirs in scores.items()
    }
    found = []
    for score, direction in better.items():
        having = {arm: theirs[score] for arm, theirs in scores.items() if score in theirs}
        both = [(a, b) for a, b in pairs if a in having and b in having]
        margin = margins.get(score, 0.0)
        found += compare_pairs(score, having, both, better=direction, margin=margin, seed=seed)
    rows = [comparison.as_json() | {"sentence": describe(comparison)} for comparison in found]
    return {"arms": arms, "pairs": rows, "better": dict(better)}


def _described(arm: str, score: str, by_seed: BySeed, seed: int) -> dict[str, Any]:
    """Return a score of an arm over its seeds."""
    ordered = sorted_by_seed(score, arm, by_seed)
    values = list(ordered.values())
    return mean_over_seeds(values, seed=seed).as_json() | {"seeds": list(ordered), "values": values}


def _refuse_unknown(
    scores: Mapping[str, Mapping[str, BySeed]],
    better: Mapping[str, Direction],
    margins: Mapping[str, float],
    pairs: Sequence[Pair],
) -> None:
    names = {score for theirs in scores.values() for score in theirs}
    for score in better:
        if score not in names:
            raise PartitaError(f"no arm has the score `{score}`: there are {sorted(names)}")
    for score in margins:
        if score not in better:
            raise PartitaError(f"`{score}` has a margin but no direction: say which way it is better")
    for pair in pairs:
        for arm in pair:
            if arm not in scores:
                raise PartitaError(f"there is no arm `{arm}` to compare: there are {sorted(scores)}")
