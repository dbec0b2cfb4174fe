"""What a number of seeds can show, and how many seeds it takes to show less.

Reckoned for normal noise of known spread. A spread estimated from 8 seeds is itself uncertain by a quarter,
and so is whatever is reckoned with it. This file does not know arms.
"""

import math
from functools import lru_cache

import numpy as np
from scipy import optimize, stats

from partita.errors import PartitaError
from partita.evaluation.statistics.permutation import EXACT_SEEDS, critical_rank
from partita.evaluation.statistics.seed_interval import LEVEL, subset_means
from partita.seeds import numpy_stream

POWER = 0.8
_SIMULATED_SEEDS = 12  # above it the steps of the test are fine, and Student's t says the same
_DRAWS = 2000


def min_seeds(level: float = LEVEL) -> int:
    """Return the fewest seeds with which a sign-flip test at a level can find anything.

    Args:
        level: of the two-sided test, in (0, 1); 0.05 / m for the first of m comparisons.

    Raises:
        PartitaError: the level is too small for the test's steps.

    >>> min_seeds(0.05), min_seeds(0.05 / 10)
    (6, 9)
    """
    for seeds in range(1, EXACT_SEEDS + 1):
        if critical_rank(seeds, level):
            return seeds
    raise PartitaError(
        f"a level of {level:.2g} is finer than the steps of the test: compare fewer pairs at once"
    )


@lru_cache(maxsize=256)
def detectable_effect(seeds: int, level: float = LEVEL, power: float = POWER) -> float:
    """Return the mean difference, in standard deviations, that a sign-flip test finds with a given power.

    A shift moves the interval of subset means and changes nothing else about it, so with normal noise z the
    test finds a shift just where it exceeds -low(z): the answer is a quantile of -low over simulated z. Few
    seeds need it, for there the test is coarser than a t test: with 8 seeds and 6 comparisons all 8
    differences must have one sign. Above 12 seeds it is the effect that a t test finds, which differs little:
    at worst, with 13 to 16 seeds and 20 comparisons, sign flips find it 76 times in 100 in place of 80.

    Args:
        seeds: how many differences there are, positive.
        level: of the two-sided test, in (0, 1).
        power: the share of experiments that find it, in (0, 1).

    Returns:
        The effect, positive; infinite where no difference, however large, could be found.

    >>> round(detectable_effect(8), 1), detectable_effect(4)
    (1.2, inf)
    >>> round(detectable_effect(32), 2)
    0.51
    """
    rank = critical_rank(seeds, level)
    if not rank:
        return math.inf
    if seeds > _SIMULATED_SEEDS:
        return _by_t_test(seeds, 2 * rank / 2 ** min(seeds, EXACT_SEEDS), power)
    noise = numpy_stream(0, "evaluation/power").standard_normal((_DRAWS, seeds))
    means = subset_means(noise)
    return float(np.quantile(np.concatenate([-means[:, rank - 1], means[:, -rank]]), power))


def _by_t_test(seeds: int, level: float, power: float) -> float:
    """Return the mean difference, in standard deviations, that a two-sided t test finds."""
    freedom, root = seeds - 1, math.sqrt(seeds)
    threshold = stats.t.ppf(1 - level / 2, freedom)

    def missing(noncentrality: float) -> float:
        return float(stats.nct.sf(threshold, freedom, noncentrality) - power)

    return float(optimize.brentq(missing, 0.0, threshold + 10)) / root


def seeds_needed(effect: float, level: float = LEVEL, power: float = POWER) -> int:
    """Return the fewest seeds with which a mean difference would be found with a given power.

    Args:
        effect: the difference in standard deviations of the differences, positive.
        level: of the two-sided test, in (0, 1).
        power: the share of experiments that find it, in (0, 1).

    Raises:
        PartitaError: the effect is not positive, or the level is too small for the test's steps.

    >>> seeds_needed(0.52), seeds_needed(10.0)
    (32, 6)
    """
    if not effect > 0:
        raise PartitaError(
            f"`effect` is {effect}, must be positive: no number of seeds shows a difference of zero"
        )
    low = min_seeds(level)
    if detectable_effect(low, level, power) <= effect:
        return low
    high = 2 * low
    while detectable_effect(high, level, power) > effect:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if detectable_effect(middle, level, power) <= effect else (middle, high)
    return high
