"""Curves of one line: small bars on a terminal, numbers elsewhere."""

from collections.abc import Sequence

import numpy as np

BARS = "▁▂▃▄▅▆▇█"
MOST_BARS = 48
MOST_NUMBERS = 12


def sparkline(values: Sequence[float]) -> str:
    """Return a curve as bars from its least to its greatest value.

    Args:
        values: numbers; more than 48 are averaged in groups.

    >>> sparkline([0, 1, 2, 3])
    '▁▃▅█'
    """
    reduced = _reduced(values, MOST_BARS)
    low, high = min(reduced), max(reduced)
    span = (high - low) or 1.0
    return "".join(BARS[int((one - low) / span * (len(BARS) - 1))] for one in reduced)


def numbers(values: Sequence[float]) -> str:
    """Return a curve as numbers.

    Args:
        values: numbers; more than 12 are averaged in groups.

    >>> numbers([-20.0, -21.5])
    '-20.0 -21.5'
    """
    return " ".join(f"{one:.1f}" for one in _reduced(values, MOST_NUMBERS))


def _reduced(values: Sequence[float], most: int) -> list[float]:
    if len(values) <= most:
        return list(values)
    return [float(np.mean(part)) for part in np.array_split(np.asarray(values, np.float64), most)]
