"""Pairs of arms compared in one score over the same seeds: tests, intervals and what could have been found.

All pairs of one call are one family: their p-values are corrected together. It knows nothing of how the
scores were made, nor of the words for people (`wording.py`).
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
from partita.evaluation.statistics.seed_interval import LEVEL, mean_over_seeds
from partita.evaluation.statistics.verdict import Direction, Verdict, verdict

BySeed = Mapping[int, float]
Pair = tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What was found about a against b in one score; None where it has no answer."""

    score: str
    a: str
    b: str
    difference: float
    """Mean over seeds of a - b, in the score's unit."""
    low: float | None
    high: float | None
    """Its 95% interval, not corrected for other comparisons."""
    p: float | None
    p_corrected: float | None
    """Of "there is no difference"."""
    verdict: Verdict
    seeds: list[int]
    better: Direction
    margin: float
    """The largest difference that does not matter; 0 where none was stated."""
    p_equal: float | None
    """Of "the difference is outside the margin", corrected."""
    effect: float | None
    """The difference in standard deviations over seeds, Hedges' g."""
    comparisons: int
    """How many were tested together."""
    detectable: float | None
    """The difference found four times in five with these seeds; None where none could be found."""
    aim: float | None
    """A difference worth finding: the margin, or else half of `detectable`."""
    seeds_needed: int | None
    """Seeds that find `aim` four times in five."""

    def as_json(self) -> dict[str, Any]:
        """Return the fields as JSON holds them."""
        return asdict(self)


def compare_pairs(
    score: str,
    arms: Mapping[str, BySeed],
    pairs: Sequence[Pair],
    *,
    better: Direction,
    margin: float = 0.0,
    seed: int = 0,
) -> list[Comparison]:
    """Return a comparison for each pair, corrected as one family by Holm's method.

    Both claims that a verdict can make, a difference and none that matters, are corrected, each among its own
    kind. A pair that shares one seed only is not tested, and not counted.

    Args:
        score: its name.
        arms: by arm and seed, the score.
        pairs: names (a, b) of arms, each pair with the same seeds.
        better: which way the score is better.
        margin: the largest difference that does not matter, in the score's unit; with 0 only arms whose
            scores are the same under every seed can be equal.
        seed: of random flips, above 16 seeds.

    Raises:
        PartitaError: an arm is unknown, has no seed, other seeds than its partner, or a score that is not
            finite; a pair is of one arm; a direction or margin makes no sense.

    >>> arms = {"gumbel": dict(enumerate([1, 2, 1, 2, 1, 2])), "twin": dict(enumerate([3, 5, 3, 4, 4, 4]))}
    >>> found, = compare_pairs("kl", arms, [("gumbel", "twin")], better="lower")
    >>> found.verdict, round(found.difference, 2), found.low, found.high, found.p
    ('better', -2.33, -3.0, -2.0, 0.03125)
    """
    if better not in ("lower", "higher"):
        raise PartitaError(f"the direction of `{score}` is {better!r}, must be 'lower' or 'higher'")
    differences = [_differences(score, arms, a, b) for a, b in pairs]
    tested = [index for index, values in enumerate(differences) if len(values) > 1]
    plain = [sign_flip_test(differences[index], seed=seed).two_sided for index in tested]
    outside = [equivalence_test(differences[index], margin, seed=seed) for index in tested]
    tests = dict(
        zip(tested, zip(plain, holm_correction(plain), holm_correction(outside), strict=True), strict=True)
    )
    found = []
    for index, ((a, b), values) in enumerate(zip(pairs, differences, strict=True)):
        p, p_corrected, p_equal = tests.get(index, (None, None, None))
        mean = mean_over_seeds(values, seed=seed)
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
    """Return a score of an arm in the order of its seeds, refusing what cannot be compared.

    Args:
        score: its name, for the message.
        arm: likewise.
        by_seed: the score under each seed.

    Raises:
        PartitaError: there is no seed, or a score is not finite.

    >>> sorted_by_seed("kl", "policy", {7: 0.5, 3: 0.25})
    {3: 0.25, 7: 0.5}
    """
    if not by_seed:
        raise PartitaError(f"arm `{arm}` has no `{score}` under any seed: run it, or leave it out")
    for seed, value in by_seed.items():
        if not math.isfinite(value):
            raise PartitaError(
                f"`{score}` of arm `{arm}` is {value} under seed {seed}, must be finite: find out why that"
                " run failed, or leave the arm out"
            )
    return {seed: float(by_seed[seed]) for seed in sorted(by_seed)}


def _differences(score: str, arms: Mapping[str, BySeed], a: str, b: str) -> NDArray[np.float64]:
    """Return a - b for each seed, in the order of the seeds."""
    if a == b:
        raise PartitaError(f"arm `{a}` is paired with itself: name two arms")
    ours, theirs = (sorted_by_seed(score, arm, arms.get(arm, {})) for arm in (a, b))
    alone = sorted(ours.keys() ^ theirs.keys())
    if alone:
        raise PartitaError(
            f"only one of `{a}` and `{b}` has a `{score}` under seeds {alone}: pairs need both under every"
            " seed, so run what is missing or leave those seeds out"
        )
    return np.array([ours[seed] - theirs[seed] for seed in ours], np.float64)


def _sensitivity(
    values: NDArray[np.float64], margin: float, comparisons: int
) -> tuple[float | None, float | None, int | None]:
    """Return the difference that could have been found, one worth finding, and the seeds for that."""
    deviation = standard_deviation(values)
    if deviation is None:
        return None, margin or None, None
    level = LEVEL / comparisons
    effect = detectable_effect(len(values), level)
    detectable = effect * deviation if math.isfinite(effect) else None
    aim = margin or (detectable / 2 if detectable else None)
    return detectable, aim, seeds_needed(aim / deviation, level) if aim else None
