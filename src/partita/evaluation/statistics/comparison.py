"""Comparison of pairs of arms in one score over the same seeds: tests, intervals and power.

All pairs of one call are one family: their p-values are corrected together. `wording.py` turns a comparison
into sentences.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from partita.errors import PartitaError
from partita.evaluation.statistics.effect import effect_size, standard_deviation
from partita.evaluation.statistics.equivalence import equivalence_test
from partita.evaluation.statistics.holm import holm_correction
from partita.evaluation.statistics.permutation import sign_flip_test
from partita.evaluation.statistics.power import detectable_effect, seeds_needed
from partita.evaluation.statistics.seed_interval import LEVEL, UNLIMITED, mean_over_seeds
from partita.evaluation.statistics.verdict import Direction, Verdict, verdict

BySeed = Mapping[int, float]
Pair = tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Comparison of arm a with arm b in one score; None marks a number that can't be computed."""

    score: str
    a: str
    b: str
    difference: float
    """Mean over seeds of a - b, in the unit of the score."""
    low: float | None
    high: float | None
    """95% interval of `difference`, not corrected for other comparisons."""
    p: float | None
    p_corrected: float | None
    """p-value of "there is no difference", corrected for all comparisons of the family; `p` is not."""
    verdict: Verdict
    seeds: list[int]
    better: Direction
    margin: float
    """The largest difference that does not matter; 0 if no margin is given."""
    p_equal: float | None
    """p-value of "the difference is outside the margin", corrected for all comparisons of the family."""
    effect: float | None
    """Effect size, Hedges' g: the difference in standard deviations over seeds."""
    comparisons: int
    """Number of comparisons in the family."""
    detectable: float | None
    """The difference that these seeds detect with 80% power; None if they detect no difference."""
    aim: float | None
    """The difference that `seeds_needed` refers to: the margin, or half of `detectable` without a margin."""
    seeds_needed: int | None
    """Number of seeds that detect `aim` with 80% power."""

    def as_json(self) -> dict[str, Any]:
        """Return the fields as a dict for JSON."""
        return asdict(self)


def compare_pairs(
    score: str,
    arms: Mapping[str, BySeed],
    pairs: Sequence[Pair],
    *,
    better: Direction,
    margin: float = 0.0,
    within: tuple[float, float] = UNLIMITED,
    seed: int = 0,
) -> list[Comparison]:
    """Compare pairs of arms in one score and correct their p-values as one family.

    Holm's method corrects the tests of a difference among each other, and the equivalence tests among each
    other. A pair with only one seed is not tested and does not count in the correction.

    Args:
        score: name of the score.
        arms: the score by arm and seed.
        pairs: names (a, b) of the arms to compare; both arms of a pair have the same seeds.
        better: the direction in which the score is better.
        margin: the largest difference that does not matter, in the unit of the score; with 0 only arms with
            identical scores for every seed can be equal.
        within: the least and the greatest value of the score; the intervals of differences are cut at the
            greatest possible difference.
        seed: of the random flips, used with more than 16 seeds.

    Returns:
        One comparison for each pair, in the order of `pairs`.

    Raises:
        PartitaError: an arm is unknown, has no score or a score that is not finite; the arms of a pair are
            the same or have different seeds; the direction or the margin is invalid.

    >>> arms = {"gumbel": dict(enumerate([1, 2, 1, 2, 1, 2])), "twin": dict(enumerate([3, 5, 3, 4, 4, 4]))}
    >>> found, = compare_pairs("kl", arms, [("gumbel", "twin")], better="lower")
    >>> found.verdict, round(found.difference, 2), found.low, found.high, found.p
    ('better', -2.33, -3.0, -2.0, 0.03125)
    """
    if better not in ("lower", "higher"):
        raise PartitaError(f"the direction of `{score}` is {better!r} but must be 'lower' or 'higher'")
    differences = [_differences(score, arms, a, b) for a, b in pairs]
    tested = [index for index, values in enumerate(differences) if len(values) > 1]
    plain = [sign_flip_test(differences[index], seed=seed).two_sided for index in tested]
    outside = [equivalence_test(differences[index], margin, seed=seed) for index in tested]
    tests = dict(
        zip(tested, zip(plain, holm_correction(plain), holm_correction(outside), strict=True), strict=True)
    )
    span = within[1] - within[0]
    found = []
    for index, ((a, b), values) in enumerate(zip(pairs, differences, strict=True)):
        p, p_corrected, p_equal = tests.get(index, (None, None, None))
        mean = mean_over_seeds(values, seed=seed, within=(-span, span))
        detectable, aim, needed = _sensitivity(values, margin, len(tested))
        comparison = Comparison(
            score=score,
            a=a,
            b=b,
            difference=mean.value,
            low=None if p is None else mean.low,
            high=None if p is None else mean.high,
            p=p,
            p_corrected=p_corrected,
            verdict=verdict(mean.value, better=better, p=p_corrected, p_equal=p_equal),
            seeds=sorted(arms[a]),
            better=better,
            margin=margin,
            p_equal=p_equal,
            effect=effect_size(values),
            comparisons=len(tested),
            detectable=detectable,
            aim=aim,
            seeds_needed=needed,
        )
        found.append(comparison)
    return found


def sorted_by_seed(score: str, arm: str, by_seed: BySeed) -> dict[int, float]:
    """Return the scores of an arm sorted by seed, and check that they can be compared.

    Args:
        score: name of the score, for the error message.
        arm: name of the arm, for the error message.
        by_seed: the score of each seed.

    Raises:
        PartitaError: there is no seed, or a score is not finite.

    >>> sorted_by_seed("kl", "policy", {7: 0.5, 3: 0.25})
    {3: 0.25, 7: 0.5}
    """
    if not by_seed:
        raise PartitaError(f"arm `{arm}` has no `{score}` for any seed: run the arm, or leave it out")
    for seed, value in by_seed.items():
        if not math.isfinite(value):
            raise PartitaError(
                f"`{score}` of arm `{arm}` is {value} for seed {seed} but must be finite: find out why that"
                " run failed, or leave the arm out"
            )
    return {seed: float(by_seed[seed]) for seed in sorted(by_seed)}


def _differences(score: str, arms: Mapping[str, BySeed], a: str, b: str) -> NDArray[np.float64]:
    """Return a - b of each seed, sorted by seed."""
    if a == b:
        raise PartitaError(f"arm `{a}` is paired with itself: give two different arms")
    a_scores, b_scores = (sorted_by_seed(score, arm, arms.get(arm, {})) for arm in (a, b))
    unpaired = sorted(a_scores.keys() ^ b_scores.keys())
    if unpaired:
        raise PartitaError(
            f"only one of `{a}` and `{b}` has a `{score}` for the seeds {unpaired}: run the missing arm with"
            " them, or leave these seeds out"
        )
    return np.array([a_scores[seed] - b_scores[seed] for seed in a_scores], np.float64)


def _sensitivity(
    values: NDArray[np.float64], margin: float, comparisons: int
) -> tuple[float | None, float | None, int | None]:
    """Return the detectable difference, the aim, and the seeds that the aim needs."""
    deviation = standard_deviation(values)
    if deviation is None:
        return None, margin or None, None
    level = LEVEL / comparisons
    effect = detectable_effect(len(values), level)
    detectable = effect * deviation if math.isfinite(effect) else None
    aim = margin or (detectable / 2 if detectable else None)
    return detectable, aim, seeds_needed(aim / deviation, level) if aim else None
