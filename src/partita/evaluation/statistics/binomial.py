"""Exact binomial statistics of yes-or-no answers: interval, test against chance, number of answers needed.

The answers of one person, or to clips of one training, are not independent draws. The interval and the test
are of the answers that were given; `permutation.py` tests over trainings. This file does not read answers.
"""

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from partita.errors import PartitaError
from partita.evaluation.statistics.permutation import OneSidedPValues
from partita.evaluation.statistics.power import POWER
from partita.evaluation.statistics.scores import Score
from partita.evaluation.statistics.seed_interval import LEVEL

SMALLEST_EFFECT = 0.01  # distance from one half; a smaller one needs more answers than anybody gives


def binomial_interval(successes: int, trials: int, *, level: float = LEVEL) -> Score:
    """Return the share of successes with its exact interval (Clopper and Pearson 1934).

        low  = quantile level / 2      of Beta(k, n - k + 1)
        high = quantile 1 - level / 2  of Beta(k + 1, n - k)

    The interval covers the true share with a probability of at least 1 - level.

    Args:
        successes: k, from 0 to n.
        trials: n, positive.
        level: 0.05 for a 95% interval.

    Raises:
        PartitaError: there are no trials, or not 0 to n successes.

    >>> interval = binomial_interval(8, 10)
    >>> interval.value, round(interval.low, 4), round(interval.high, 4)
    (0.8, 0.4439, 0.9748)
    """
    _check(successes, trials)
    k, n = successes, trials
    low = float(stats.beta.ppf(level / 2, k, n - k + 1)) if k else 0.0
    high = float(stats.beta.ppf(1 - level / 2, k + 1, n - k)) if k < n else 1.0
    return Score(k / n, low, high)


def binomial_test(successes: int, trials: int) -> OneSidedPValues:
    """Test exactly whether the share of successes equals one half.

        above = P(X >= k),  below = P(X <= k),  X ~ Binomial(n, 1/2)

    Args:
        successes: k, from 0 to n.
        trials: n, positive.

    Raises:
        PartitaError: there are no trials, or not 0 to n successes.

    >>> found = binomial_test(8, 10)
    >>> found.above, found.two_sided  # (45 + 10 + 1) / 1024
    (0.0546875, 0.109375)
    """
    _check(successes, trials)
    ways = [math.comb(trials, count) for count in range(trials + 1)]
    above, below = sum(ways[successes:]), sum(ways[: successes + 1])
    return OneSidedPValues(above / 2**trials, below / 2**trials)


@lru_cache(maxsize=64)
def answers_needed(share: float, *, level: float = LEVEL, power: float = POWER) -> int:
    """Return how many answers detect a share that differs from one half.

    This is the smallest n from which on the exact two-sided test at `level` is significant with a probability
    of at least `power`. Because answers are counted, the power does not grow with each single answer.

    Args:
        share: the true share of successes, in (0, 1), at least 0.01 from one half.
        level: significance level of the two-sided test, in (0, 1).
        power: probability of detecting the share, in (0, 1).

    Raises:
        PartitaError: the share is not in (0, 1) or too close to one half.

    >>> answers_needed(0.57), answers_needed(0.9)
    (422, 12)
    """
    effect = abs(share - 0.5)
    if not SMALLEST_EFFECT <= effect < 0.5:
        raise PartitaError(
            f"`share` is {share}: give a share from 0 to 1 that differs from 0.5 by {SMALLEST_EFFECT} or more"
        )
    quantiles = stats.norm.ppf(1 - level / 2) + stats.norm.ppf(power)
    counts = np.arange(1, 200 + math.ceil((quantiles / effect) ** 2))  # 4 times the normal approximation
    weak = counts[binomial_power(counts, share, level=level) < power]
    return int(weak[-1]) + 1


def binomial_power(trials: NDArray[np.int64], share: float, *, level: float = LEVEL) -> NDArray[np.float64]:
    """Return the probability that the exact two-sided test against one half is significant.

    Args:
        trials: (counts,) numbers of answers.
        share: the true share of successes.
        level: significance level of the test.

    >>> float(binomial_power(np.array([5]), 0.9)[0])  # no result of 5 answers is significant
    0.0
    """
    critical = (
        stats.binom.isf(level / 2, trials, 0.5) + 1
    )  # the least count whose upper tail is within level / 2
    above = stats.binom.sf(critical - 1, trials, share)
    return np.asarray(above + stats.binom.cdf(trials - critical, trials, share))


def _check(successes: int, trials: int) -> None:
    if not (trials > 0 and 0 <= successes <= trials):
        raise PartitaError(
            f"there are {successes} successes in {trials} trials: give at least one trial, and at most as"
            " many successes"
        )
