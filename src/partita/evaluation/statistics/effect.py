"""Effect size: a mean difference relative to its standard deviation over seeds."""

import math

from numpy.typing import ArrayLike

from partita.evaluation.statistics.permutation import ROUNDING, checked_differences


def standard_deviation(differences: ArrayLike) -> float | None:
    """Return the sample standard deviation of the differences over seeds.

    Args:
        differences: (seeds,) one difference for each seed.

    Returns:
        The standard deviation, or None if there is one seed or all differences are equal up to rounding.

    Raises:
        PartitaError: a difference is not finite, or there is no difference.

    >>> standard_deviation([1.0, 2.0, 3.0]), standard_deviation([1.1 - 1.0, 0.1])
    (1.0, None)
    """
    values = checked_differences(differences)
    if values.max() - values.min() <= ROUNDING * abs(values).max():
        return None
    return float(values.std(ddof=1))


def effect_size(differences: ArrayLike) -> float | None:
    """Return the paired standardised mean difference, Hedges' g.

        g = J(n - 1) mean(d) / sd(d),  J(m) = Gamma(m / 2) / (sqrt(m / 2) Gamma((m - 1) / 2))

    g = 1 means that the mean difference equals one standard deviation over seeds. J corrects the bias of few
    seeds, which is 13% with 8 seeds (Hedges 1981; for pairs, Gibbons et al. 1993).

    Args:
        differences: (seeds,) one difference for each seed.

    Returns:
        g, or None if there are fewer than 3 seeds or all differences are equal.

    Raises:
        PartitaError: a difference is not finite, or there is no difference.

    >>> round(effect_size([1.0, 2.0, 3.0]), 3)  # 2 / 1 times J(2) = 0.5642
    1.128
    >>> effect_size([1.0, 1.0, 1.0]) is None
    True
    """
    values = checked_differences(differences)
    deviation = standard_deviation(values)
    if len(values) < 3 or deviation is None:
        return None
    degrees = len(values) - 1
    correction = math.exp(math.lgamma(degrees / 2) - math.lgamma((degrees - 1) / 2)) / math.sqrt(degrees / 2)
    return float(correction * values.mean() / deviation)
