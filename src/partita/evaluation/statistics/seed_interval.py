"""The mean over seeds with its 95% interval: how it would move if everything were trained again.

The interval holds every mean that a sign-flip test of the same numbers does not reject, so that an interval
and a p-value never say two things: an interval of paired differences leaves 0 out just where p <= 0.05. Its
ends are means over subsets of the seeds (Hartigan 1969, "typical values"). Below 6 seeds no mean at all can
be rejected in that way, and Student's t interval, which trusts the normal distribution, takes its place.

The percentile bootstrap that serves for blocks of sound is too narrow for so few seeds: it draws as if the
spread of the 8 at hand were the true spread. Share of 95% intervals that hold the true mean, in simulation,
and the median width in standard deviations (errors about 0.005 for the bootstraps, half of it for the rest):

    seeds  noise        this interval  Student's t    percentile     bootstrap-t
        4  normal       0.95 (2.81)      0.95 (2.81)    0.79 (1.47)    0.94 (4.94)
        4  exponential  0.88 (2.28)      0.88 (2.28)    0.75 (1.18)    0.93 (5.55)
        8  normal       0.95 (1.64)      0.95 (1.60)    0.88 (1.22)    0.94 (1.72)
        8  exponential  0.90 (1.40)      0.89 (1.40)    0.85 (1.06)    0.94 (1.77)
       16  normal       0.95 (1.04)      0.95 (1.04)    0.91 (0.93)    0.94 (1.07)
       16  exponential  0.91 (0.95)      0.91 (0.96)    0.88 (0.84)    0.93 (1.08)

Noise of one long tail makes every method too sure, the bootstrap-t least, which pays with its width. It is
not used because it would contradict the test. Differences between arms that are alike are never lopsided.
"""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from partita.evaluation.statistics.permutation import checked_differences, critical_rank, sign_flip_sets
from partita.evaluation.statistics.scores import Score

LEVEL = 0.05  # what lies outside an interval, and of every test of arms


def subset_means(values: NDArray[np.float64], *, seed: int = 0) -> NDArray[np.float64]:
    """Return the means over sets of seeds, ascending along the last axis: (..., seeds) to (..., sets).

    For symmetric noise the true mean falls into each of the gaps between them equally often.

    Args:
        values: (..., seeds).
        seed: of the random sets, where there are too many seeds for all of them.

    >>> subset_means(np.array([1.0, 4.0])).tolist()
    [1.0, 2.5, 4.0]
    """
    sets = sign_flip_sets(values.shape[-1], seed)
    sets = sets[sets.any(axis=1)]
    return np.sort((values @ sets.T) / sets.sum(axis=1), axis=-1)


def mean_over_seeds(values: ArrayLike, *, seed: int = 0) -> Score:
    """Return the mean of one number a seed with its 95% interval.

    With k = `critical_rank(seeds, 0.05)` it goes from the k-th smallest to the k-th largest mean over a subset of
    the seeds; with 2 to 5 seeds it is mean +- t sd / sqrt(seeds). With one seed it has no width, and says
    nothing.

    Args:
        values: (seeds,) a score of one arm, or its difference between two.
        seed: of the random subsets, above 16 seeds.

    Raises:
        PartitaError: a value is not finite, or there is none.

    >>> mean_over_seeds([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    Score(value=3.5, low=1.0, high=6.0)
    >>> round(mean_over_seeds([1.0, 2.0, 3.0]).low, 3)  # 2 - 4.303 / sqrt(3)
    -0.484
    """
    sample = checked_differences(values)
    mean, rank = float(sample.mean()), critical_rank(len(sample), LEVEL)
    if rank:
        means = subset_means(sample, seed=seed)
        low, high = float(means[rank - 1]), float(means[-rank])
    elif len(sample) > 1:
        half = stats.t.ppf(1 - LEVEL / 2, len(sample) - 1) * sample.std(ddof=1) / math.sqrt(len(sample))
        low, high = float(mean - half), float(mean + half)
    else:
        low = high = mean
    return Score(mean, min(low, mean), max(high, mean))  # of equal values the means differ by rounding
