"""Many comparisons at once: p-values corrected so that one false finding in all of them stays unlikely.

It does not know what is compared.
"""

from collections.abc import Sequence

import numpy as np

from partita.errors import PartitaError


def holm_correction(values: Sequence[float]) -> list[float]:
    """Return the p-values of a family of tests, corrected by Holm's method, in the order given.

        corrected_(i) = max over j <= i of min(1, (m - j + 1) p_(j)),  p_(1) <= ... <= p_(m)

    The chance of one or more false findings among those with a corrected p <= level is at most level, however
    the tests depend on each other (Holm 1979). It finds everything that Bonferroni's method does, and more.

    Args:
        values: one p-value a test, each in [0, 1].

    Raises:
        PartitaError: one lies outside.

    >>> holm_correction([0.03, 0.01, 0.5])
    [0.06, 0.03, 0.5]
    """
    p = np.asarray(values, np.float64)
    if not ((p >= 0) & (p <= 1)).all():
        raise PartitaError(f"the p-values are {list(values)}: each must lie between 0 and 1")
    order = np.argsort(p, kind="stable")
    steps = np.minimum(1, p[order] * np.arange(p.size, 0, -1))
    corrected = np.empty_like(p)
    corrected[order] = np.maximum.accumulate(steps)
    return [float(value) for value in corrected]
