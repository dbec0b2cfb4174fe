"""Is a difference smaller than what matters? That no difference was found does not show it; this test can.

It does not know arms, nor which margin matters: that is said by whoever compares, before looking.
"""

import numpy as np
from numpy.typing import ArrayLike

from partita.errors import PartitaError
from partita.evaluation.statistics.permutation import sign_flip_test


def equivalence_test(differences: ArrayLike, margin: float, *, seed: int = 0) -> float:
    """Return a p-value that is small where the mean difference lies between -margin and margin.

        p = 2 max(p of "mean >= margin", p of "mean <= -margin")

    Two one-sided tests (Schuirmann 1987), here by sign flips around the margin's edges. Each is held to half
    the level, as in a two-sided test, not to all of it, as is usual: so p <= 0.05 just where the 95% interval
    of `mean_over_seeds` lies within the margin, and a reader of the interval sees the verdict. The price is an
    interval a quarter wider, at 8 seeds, than 5% a side would need.

    At the margin's edge it errs at most 2.5 times in 100 with symmetric differences. With one long tail it
    errs more, 9 times with exponential ones and 8 seeds: a tail that happens to be missing looks like less
    spread.

    Args:
        differences: (seeds,) one for each seed.
        margin: the largest difference that does not matter, in their unit, >= 0. At 0 only differences that
            are all exactly zero are within it.
        seed: of the random flips.

    Raises:
        PartitaError: the margin is negative or not finite; a difference is not finite, or there is none.

    >>> differences = [0.1, -0.1, 0.2, -0.2, 0.1, 0.0]
    >>> equivalence_test(differences, 0.5), equivalence_test(differences, 0.1)
    (0.03125, 0.375)
    """
    if not 0 <= margin < np.inf:
        raise PartitaError(
            f"`margin` is {margin}, must be zero or more: give the largest difference to ignore"
        )
    edge = max(margin, float(np.finfo(np.float64).tiny))
    below = sign_flip_test(differences, null_mean=edge, seed=seed).below
    above = sign_flip_test(differences, null_mean=-edge, seed=seed).above
    return min(1.0, 2 * max(below, above))
