"""Sign-flip permutation test of the mean of paired differences.

Two arms trained with the same seed share data, prompts and draws, so each seed gives one difference a - b. If
both arms have the same distribution, each difference has the same probability with either sign. The p-value
is the share of all sign flips whose mean is at least as extreme as the observed one (Fisher 1935; Phipson and
Smyth 2010 for random flips). The test is exact for any distribution of the scores. For a null mean other than
zero it assumes that the differences are symmetric around that mean.

Flipping the signs of a set F of seeds does not decrease the mean if and only if the differences in F sum to
zero or less. The test, and the interval in `seed_interval.py`, are therefore computed from sums over sets of
seeds (Hartigan 1969).
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from partita.errors import PartitaError
from partita.seeds import numpy_stream

EXACT_SEEDS = 16  # up to this number of seeds all flips are counted
RANDOM_FLIPS = 2**EXACT_SEEDS - 1  # the same resolution of p below and above the limit
ROUNDING = 1e-12  # relative difference below which two sums are ties


def checked_differences(differences: ArrayLike) -> NDArray[np.float64]:
    """Return the differences as a float64 array and check that a test is possible.

    Args:
        differences: (seeds,) one difference for each seed.

    Raises:
        PartitaError: the differences are not a non-empty one-dimensional array of finite numbers.

    >>> checked_differences([1, 2]).tolist()
    [1.0, 2.0]
    """
    values = np.asarray(differences, np.float64)
    if values.ndim != 1 or not values.size or not np.isfinite(values).all():
        raise PartitaError(f"the differences are {values.tolist()}: give one finite number for each seed")
    return values


@lru_cache(maxsize=4)
def sign_flip_sets(seeds: int, seed: int = 0) -> NDArray[np.float64]:
    """Return the sets of seeds whose signs are flipped.

    Up to `EXACT_SEEDS` seeds these are all 2^seeds - 1 non-empty sets, otherwise `RANDOM_FLIPS` random sets.
    The empty set, which flips nothing, is not included.

    Args:
        seeds: number of differences, positive.
        seed: of the random sets, stream "evaluation/flips".

    Returns:
        (sets, seeds) of 0 and 1, read-only.

    >>> sign_flip_sets(2).tolist()
    [[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]
    >>> sign_flip_sets(17).shape == (RANDOM_FLIPS, 17)
    True
    """
    if seeds <= EXACT_SEEDS:
        sets = (np.arange(1, 2**seeds)[:, None] >> np.arange(seeds)) & 1
    else:
        sets = numpy_stream(seed, "evaluation/flips").integers(2, size=(RANDOM_FLIPS, seeds))
    result = sets.astype(np.float64)
    result.setflags(write=False)
    return result


@dataclass(frozen=True)
class OneSidedPValues:
    """One-sided p-values of a test of the mean, each in (0, 1].

    Args:
        above: p-value against "the true mean is above the null mean".
        below: p-value against "the true mean is below the null mean".
    """

    above: float
    below: float

    @property
    def two_sided(self) -> float:
        """The two-sided p-value: twice the smaller of both, at most 1.

        >>> OneSidedPValues(above=0.25, below=0.875).two_sided
        0.5
        """
        return min(1.0, 2 * min(self.above, self.below))


def sign_flip_test(differences: ArrayLike, *, null_mean: float = 0.0, seed: int = 0) -> OneSidedPValues:
    """Test with sign flips whether the mean of paired differences equals a null mean.

        above = (1 + #{F : sum over F of (d_i - null_mean) <= 0}) / (1 + #F)

    `below` uses >= 0 in place of <= 0. The 1 counts the observed differences: they are one of all flips; with
    random flips it keeps the level of the test (Phipson and Smyth 2010, equation 2). Ties increase p. The
    smallest two-sided p is 2 / 2^seeds, so with fewer than 6 seeds it is never below 0.05.

    Args:
        differences: (seeds,) one difference for each seed.
        null_mean: the mean under the null hypothesis, in the unit of the differences.
        seed: of the random flips, used with more than `EXACT_SEEDS` seeds.

    Returns:
        The p-value of each side.

    Raises:
        PartitaError: a difference is not finite, or there is none.

    >>> sign_flip_test([1.0, 2.0, 3.0])
    OneSidedPValues(above=0.125, below=1.0)
    """
    values = checked_differences(differences) - null_mean
    sets = sign_flip_sets(len(values), seed)
    sums, rounding = sets @ values, ROUNDING * np.abs(values).sum()
    above, below = int((sums <= rounding).sum()), int((sums >= -rounding).sum())
    return OneSidedPValues((1 + above) / (1 + len(sets)), (1 + below) / (1 + len(sets)))


def critical_rank(seeds: int, level: float) -> int:
    """Return the largest number of flips that may be at least as extreme as a significant mean.

    With 2^n flips, a two-sided test at `level` is significant if a one-sided p-value of `sign_flip_test` is
    at most critical_rank / 2^n, where n is the number of seeds, at most `EXACT_SEEDS`. The observed
    differences count as one of the flips.

    Args:
        seeds: number of differences.
        level: significance level of the two-sided test, in (0, 1).

    Returns:
        The number of flips; 0 if no mean can be significant.

    >>> critical_rank(8, 0.05), critical_rank(6, 0.05), critical_rank(5, 0.05)
    (6, 1, 0)
    """
    flips = 2 ** min(seeds, EXACT_SEEDS)
    return int(flips * level / 2 * (1 + ROUNDING))
