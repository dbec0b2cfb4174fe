"""Axes: ranges that extreme values do not stretch, round numbers, and ticks with their labels.

This file draws nothing and knows no fonts and no colours.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

FAR = 4.0  # a point beyond this multiple of the smallest value is outside the axis,
FARTHEST = 10.0  # a chosen point only beyond this one


@dataclass(frozen=True)
class Tick:
    """A tick of an axis.

    Args:
        label: its text.
        place: its position, 0 (left or bottom) to 1; in a `Chart`, in units of the chart.
    """

    label: str
    place: float


def round_numbers(low: float, high: float, about: int = 5) -> list[float]:
    """Return round numbers between two values, at steps of 1, 2 or 5 times a power of ten.

    Args:
        low: lower end of the range.
        high: upper end of the range.
        about: approximate number of steps.

    >>> round_numbers(0.0, 10.0), round_numbers(4.6, 5.9)
    ([0.0, 2.0, 4.0, 6.0, 8.0, 10.0], [4.6, 4.8, 5.0, 5.2, 5.4, 5.6, 5.8])
    """
    rough = (high - low) / about
    power = 10 ** np.floor(np.log10(rough))
    step = float(power * min((1, 2, 5, 10), key=lambda m: abs(np.log(m * power / rough))))
    first, last = int(np.ceil(low / step - 1e-9)), int(np.floor(high / step + 1e-9))
    return [round(k * step, 12) for k in range(first, last + 1)]


def tick_labels(values: Sequence[float]) -> list[str]:
    """Return the labels of an axis: all with the same number of digits, and with thousands apart.

    Args:
        values: the numbers at the ticks, at equal steps.

    >>> tick_labels([6.0, 6.5, 7.0]), tick_labels([-1000.0, 0.0, 1000.0]), tick_labels([0.0, 20_000.0])
    (['6.0', '6.5', '7.0'], ['−1,000', '0', '1,000'], ['0', '20k'])
    """
    digits = max((len(f"{value:.10f}".rstrip("0").partition(".")[2]) for value in values), default=0)
    thousands = any(abs(value) >= 10_000 for value in values) and all(value % 1000 == 0 for value in values)
    if thousands:
        return [f"{value / 1000:,.0f}k".replace("-", "−") if value else "0" for value in values]
    return [f"{value:,.{digits}f}".replace("-", "−") for value in values]


def limited_range(
    values: Sequence[float], chosen: Sequence[Mapping[str, Any]] = ()
) -> tuple[float, float] | None:
    """Return the ends of an axis so that extreme values do not compress the rest.

    A chosen point is inside with its interval, unless it is extreme itself.

    Args:
        values: of all points along the axis.
        chosen: `value`, `low` and `high` of the chosen points.

    Returns:
        The ends, or None if no value is extreme.

    >>> limited_range([1.0, 2.0]), limited_range([1.0, 2.0, 50.0])
    (None, (0.85, 4.0))
    """
    least = min((value for value in values if value > 0.0), default=0.0)
    if not least or max(values) <= FAR * least:
        return None
    inside = [point for point in chosen if point["value"] <= FARTHEST * least]
    end = max([FAR * least, *(1.05 * point["high"] for point in inside)])
    begin = min([*values, *(point["low"] for point in inside)])
    return min(0.9 * begin, begin - 0.05 * (end - begin)), end


def widened(low: float, high: float, margin: float = 0.0) -> tuple[float, float]:
    """Return a range of positive width, with a margin at both ends.

    Args:
        low: its lower end.
        high: its upper end.
        margin: share of the width to add at each end.

    >>> widened(1.0, 1.0), widened(0.0, 10.0, 0.1)
    ((0.5, 1.5), (-1.0, 11.0))
    """
    if high <= low:
        return low - 0.5, high + 0.5
    return low - margin * (high - low), high + margin * (high - low)
