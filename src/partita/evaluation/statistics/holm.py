"""Holm's correction of p-values for several comparisons."""

from collections.abc import Sequence

import numpy as np

from partita.errors import PartitaError


def holm_correction(values: Sequence[float]) -> list[float]:
    """Correct the p-values of a family of tests by Holm's method.

        corrected_(i) = max over j <= i of min(1, (m - j + 1) p_(j)),  p_(1) <= ... <= p_(m)

    The probability of one or more false positives with a corrected p <= level is at most level, for any
    dependence between the tests (Holm 1979). The method is at least as powerful as Bonferroni's.

    Args:
        values: one p-value for each test, in [0, 1].

    Returns:
        The corrected p-values, in the order of `values`.

    Raises:
        PartitaError: a p-value is outside [0, 1].

    >>> holm_correction([0.03, 0.01, 0.5])
    [0.06, 0.03, 0.5]
    """
    p = np.asarray(values, np.float64)
    if not ((p >= 0) & (p <= 1)).all():
        raise PartitaError(f"the p-values are {list(values)} but each must be between 0 and 1")
    order = np.argsort(p, kind="stable")
    steps = np.minimum(1, p[order] * np.arange(p.size, 0, -1))
    corrected = np.empty_like(p)
    corrected[order] = np.maximum.accumulate(steps)
    return [float(value) for value in corrected]
