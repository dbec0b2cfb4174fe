"""Power of the sign-flip test: the detectable difference and the required number of seeds.

All results assume normal noise with a known standard deviation. A standard deviation estimated from 8 seeds
has an error of about a quarter, and so have the results computed from it.
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
_SIMULATED_SEEDS = 12  # above, the resolution of p is fine and Student's t test gives the same result
_DRAWS = 2000  # simulated experiments


def min_seeds(level: float = LEVEL) -> int:
    """Return the smallest number of seeds with which a sign-flip test can be significant.

    Args:
        level: significance level of the two-sided test, in (0, 1); 0.05 / m for the first of m comparisons.

    Raises:
        PartitaError: the level is smaller than the smallest possible p-value.

    >>> min_seeds(0.05), min_seeds(0.05 / 10)
    (6, 9)
    """
    for seeds in range(1, EXACT_SEEDS + 1):
        if critical_rank(seeds, level):
            return seeds
    raise PartitaError(
        f"the level {level:.2g} is below the smallest p-value of the test: compare fewer pairs at once"
    )


@lru_cache(maxsize=256)
def detectable_effect(seeds: int, level: float = LEVEL, power: float = POWER) -> float:
    """Return the mean difference, in standard deviations, that the sign-flip test detects.

    Up to 12 seeds the effect is simulated, because the test is coarser than a t test: with 8 seeds and 6
    comparisons all 8 differences must have the same sign. A constant shift of all differences only shifts
    the interval of subset means. With normal noise z the test therefore detects a shift if it exceeds
    -low(z), and the result is a quantile of -low(z). Above 12 seeds the result is the effect that a t test
    detects. The difference is small: in the worst case, 13 to 16 seeds and 20 comparisons, the power of the
    sign-flip test is 76% in place of 80%.

    Args:
        seeds: number of differences, positive.
        level: significance level of the two-sided test, in (0, 1).
        power: probability of detecting the effect, in (0, 1).

    Returns:
        The effect, positive; infinite if no difference can be significant.

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
    """Return the mean difference, in standard deviations, that a two-sided t test detects."""
    degrees, root = seeds - 1, math.sqrt(seeds)
    threshold = stats.t.ppf(1 - level / 2, degrees)

    def excess_power(noncentrality: float) -> float:
        return float(stats.nct.sf(threshold, degrees, noncentrality) - power)

    return float(optimize.brentq(excess_power, 0.0, threshold + 10)) / root


def seeds_needed(effect: float, level: float = LEVEL, power: float = POWER) -> int:
    """Return the smallest number of seeds that detects a mean difference with a given power.

    Args:
        effect: the mean difference in standard deviations of the differences, positive.
        level: significance level of the two-sided test, in (0, 1).
        power: probability of detecting the effect, in (0, 1).

    Raises:
        PartitaError: the effect is not positive, or the level is smaller than the smallest possible p-value.

    >>> seeds_needed(0.52), seeds_needed(10.0)
    (32, 6)
    """
    if not effect > 0:
        raise PartitaError(
            f"`effect` is {effect} but must be positive: no number of seeds detects a difference of zero"
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
