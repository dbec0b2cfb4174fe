"""Is the mean of paired differences zero? Sign flips: the test that asks nothing of the noise but symmetry.

Two arms trained under the same seed share its data, prompts and draws, so each seed gives one difference
a - b. Were the arms alike, a and b could change places without anyone noticing: every difference is as likely
with the other sign. The p-value is the share of all sign flips whose mean is at least as extreme as the one
seen (Fisher 1935; Phipson and Smyth 2010 for random flips). It is exact for arms that are alike, whatever the
distribution of their scores. About another mean than zero it needs differences symmetric around it.

Flipping a set F of seeds makes the mean no smaller just where the differences in F sum to no more than zero:
everything here, and the interval that goes with it, is counted from sums over sets of seeds (Hartigan 1969).
This file does not know arms, scores or verdicts.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from partita.errors import PartitaError
from partita.seeds import numpy_stream

EXACT_SEEDS = 16
RANDOM_FLIPS = 2**EXACT_SEEDS - 1  # so that p has the same steps on either side of the limit
ROUNDING = 1e-12  # sums that differ by less, relative to what is summed, are ties


def checked_differences(differences: ArrayLike) -> NDArray[np.float64]:
    """Return differences as float64, refusing what no test could be made of.

    Raises:
        PartitaError: they are not one row of finite numbers, one or more.

    >>> checked_differences([1, 2]).tolist()
    [1.0, 2.0]
    """
    values = np.asarray(differences, np.float64)
    if values.ndim != 1 or not values.size or not np.isfinite(values).all():
        raise PartitaError(f"the differences are {values.tolist()}: give one finite number for each seed")
    return values


@lru_cache(maxsize=4)
def sign_flip_sets(seeds: int, seed: int = 0) -> NDArray[np.float64]:
    """Return the sets of seeds whose signs are flipped, (sets, seeds) of 0 and 1, not to be written to.

    All 2^seeds - 1 that are not empty up to `EXACT_SEEDS` seeds, else `RANDOM_FLIPS` drawn with replacement;
    the unflipped differences themselves are counted apart.

    Args:
        seeds: how many differences there are, positive.
        seed: of the random sets, stream "evaluation/flips".

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
    """One-sided p-values about a supposed mean, in (0, 1].

    Args:
        above: small where the true mean lies above it.
        below: small where the true mean lies below it.
    """

    above: float
    below: float

    @property
    def two_sided(self) -> float:
        """Twice the smaller tail, at most 1: small where the true mean lies elsewhere.

        >>> OneSidedPValues(above=0.25, below=0.875).two_sided
        0.5
        """
        return min(1.0, 2 * min(self.above, self.below))


def sign_flip_test(differences: ArrayLike, *, null_mean: float = 0.0, seed: int = 0) -> OneSidedPValues:
    """Return the p-values of a sign-flip test of the mean.

        above = (1 + #{F : sum over F of (d_i - null_mean) <= 0}) / (1 + #F)

    and `below` with >= 0. The 1 stands for the differences as they are: with all flips it is one of them,
    with random ones it keeps the test at its level (Phipson and Smyth 2010, equation 2). Ties count against a
    finding. The smallest two-sided p is 2 / 2^seeds: below 6 seeds it is never under 0.05.

    Args:
        differences: (seeds,) one for each seed.
        supposed: the mean under test, in the differences' unit.
        seed: of the random flips, above `EXACT_SEEDS` seeds.

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
    """Return how many of all flips, itself counted, may be as extreme as a mean that is significant.

    A two-sided test at `level` finds something where a tail of `sign_flip_test` is at most allowed / flips; 0
    says that no difference is large enough.

    Args:
        seeds: how many differences there are.
        level: of the two-sided test, in (0, 1).

    >>> critical_rank(8, 0.05), critical_rank(6, 0.05), critical_rank(5, 0.05)
    (6, 1, 0)
    """
    flips = 2 ** min(seeds, EXACT_SEEDS)
    return int(flips * level / 2 * (1 + ROUNDING))
