"""Equivalence test: is a mean difference smaller than a margin?

A difference that is not significant is not evidence for equality; a significant equivalence test is. The
caller chooses the margin before the scores are known.
"""

import numpy as np
from numpy.typing import ArrayLike

from partita.errors import PartitaError
from partita.evaluation.statistics.permutation import sign_flip_test


def equivalence_test(differences: ArrayLike, margin: float, *, seed: int = 0) -> float:
    """Test whether the mean difference lies between -margin and margin.

        p = 2 max(p of "mean >= margin", p of "mean <= -margin")

    These are two one-sided tests (Schuirmann 1987), computed by sign flips around the ends of the margin.
    Each uses half the level, where the usual procedure uses the full level. As a result p <= 0.05 if and only
    if the 95% interval of `mean_over_seeds` lies within the margin. With 8 seeds this interval is a quarter
    wider than the interval of the usual procedure.

    If the true mean is at the end of the margin, the false positive rate is at most 2.5% for symmetric
    differences. It is higher for skewed differences: 9% for exponential differences and 8 seeds.

    Args:
        differences: (seeds,) one difference for each seed.
        margin: the largest difference that does not matter, in the unit of the differences, 0 or more. With
            a margin of 0 only differences that are all exactly zero are equivalent.
        seed: of the random flips.

    Returns:
        The p-value of "the mean difference is outside the margin".

    Raises:
        PartitaError: the margin is negative or not finite, a difference is not finite, or there is no
            difference.

    >>> differences = [0.1, -0.1, 0.2, -0.2, 0.1, 0.0]
    >>> equivalence_test(differences, 0.5), equivalence_test(differences, 0.1)
    (0.03125, 0.375)
    """
    if not 0 <= margin < np.inf:
        raise PartitaError(
            f"`margin` is {margin} but must be 0 or more: give the largest difference that does not matter"
        )
    edge = max(margin, float(np.finfo(np.float64).tiny))
    below = sign_flip_test(differences, null_mean=edge, seed=seed).below
    above = sign_flip_test(differences, null_mean=-edge, seed=seed).above
    return min(1.0, 2 * max(below, above))
