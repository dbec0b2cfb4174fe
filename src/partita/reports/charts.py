"""Charts as coordinates of lines, points, ticks and guides; a template draws them as SVG.

Coordinates are in units of the chart, WIDTH x HEIGHT, with y downward. This file knows no colours.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from partita.reports.axes import Tick, round_numbers, tick_labels, widened

WIDTH, HEIGHT = 420.0, 270.0
LEFT, RIGHT, TOP, BOTTOM = 70.0, 22.0, 12.0, 46.0
MAX_POINTS = 160  # longer series are averaged to this many points
MAX_DOTS = 60  # longer series have no dots
MIN_POINTS_TO_CROP = 20  # with fewer points the range of y covers all of them
CROPPED_START = 0.04  # share of x whose steep start may be outside the range of y
DOTTED = ("validation", "curve")  # styles whose points have dots
FEW_POINTS = 12  # a loss with so few has dots too: one point is no line
SHARED = -1  # in place of the index of an arm: what all arms have in common

Range = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Series:
    """One line of a chart.

    Args:
        arm: index of the arm, which selects the colour; -1 for what all arms have in common.
        style: name of the line style: "train", "validation", "loss" or "curve".
        label: text for the summary of the chart.
        x: horizontal values.
        y: vertical values, as many as `x`.
    """

    arm: int
    style: str
    label: str
    x: Sequence[float]
    y: Sequence[float]


@dataclass(frozen=True, kw_only=True)
class Guide:
    """A dashed horizontal line at a reference value, with a label; of an arm, in its colour."""

    value: float
    label: str
    arm: int | None = None


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A large point with an interval in both directions.

    Args:
        arm: index of the arm.
        label: text for the summary of the chart.
        x: `value`, `low` and `high` along the x axis.
        y: the same along the y axis.
    """

    arm: int
    label: str
    x: Mapping[str, Any]
    y: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Line:
    """A series ready to draw.

    Args:
        arm: see `Series`.
        style: see `Series`.
        label: see `Series`.
        path: the line as an SVG path.
        dots: coordinates of the dots; empty if there are none.
    """

    arm: int
    style: str
    label: str
    path: str
    dots: list[tuple[float, float]]


@dataclass(frozen=True, kw_only=True)
class Cross:
    """A mark ready to draw: its centre, and the ends of its intervals."""

    arm: int
    x: float
    y: float
    left: float
    right: float
    top: float
    bottom: float


@dataclass(frozen=True, kw_only=True)
class Level:
    """A guide ready to draw."""

    label: str
    place: float
    arm: int | None


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A chart ready to draw; `summary` describes it in words, for screen readers."""

    title: str
    x_label: str
    y_label: str
    summary: str
    lines: list[Line]
    crosses: list[Cross]
    guides: list[Level]
    x_ticks: list[Tick]
    y_ticks: list[Tick]
    width: float = WIDTH
    height: float = HEIGHT
    left: float = LEFT
    right: float = RIGHT
    top: float = TOP
    bottom: float = BOTTOM


def chart(
    title: str,
    x_label: str,
    y_label: str,
    series: Sequence[Series],
    guides: Sequence[Guide] = (),
    marks: Sequence[Mark] = (),
    *,
    from_zero: bool = True,
    x_range: Range | None = None,
    y_range: Range | None = None,
) -> Chart | None:
    """Lay out series, guides and marks in a chart.

    Without a given range, that of y covers the values after the first 4% of the x axis, so the steep
    start of a learning curve does not flatten the rest; the page clips the lines.

    Args:
        title: title of the chart.
        x_label: label of the x axis.
        y_label: label of the y axis.
        series: the lines.
        guides: horizontal reference lines.
        marks: points with intervals.
        from_zero: begin the x axis at 0, not at the least value.
        x_range: the ends of the x axis.
        y_range: the ends of the y axis.

    Returns:
        The chart, or None if there is no point.

    >>> line = Series(arm=0, style="train", label="a", x=[0, 1, 2], y=[3.0, 2.0, 1.0])
    >>> chart("Bits", "steps", "bits", [line]).lines[0].path
    'M70.0 12.0L234.0 118.0L398.0 224.0'
    """
    drawn = [_downsampled(one) for one in series if len(one.x)]
    if not drawn and not marks:
        return None
    x_low, x_high = x_range or _range_of_x(drawn, marks, from_zero=from_zero)
    y_low, y_high = y_range or _range_of_y(drawn, guides, marks, x_low + CROPPED_START * (x_high - x_low))
    across = _scale(x_low, x_high, LEFT, WIDTH - RIGHT)
    down = _scale(y_low, y_high, HEIGHT - BOTTOM, TOP)
    x_ticks, y_ticks = round_numbers(x_low, x_high), round_numbers(y_low, y_high)
    return Chart(
        title=title,
        x_label=x_label,
        y_label=y_label,
        summary=_summary(title, series, guides, marks),
        lines=[
            _line(one, [(across(x), down(y)) for x, y in zip(one.x, one.y, strict=True)]) for one in drawn
        ],
        crosses=[_cross(mark, across, down) for mark in marks],
        guides=[Level(label=one.label, place=down(one.value), arm=one.arm) for one in guides],
        x_ticks=[Tick(label, across(x)) for label, x in zip(tick_labels(x_ticks), x_ticks, strict=True)],
        y_ticks=[Tick(label, down(y)) for label, y in zip(tick_labels(y_ticks), y_ticks, strict=True)],
    )


def _range_of_x(series: Sequence[Series], marks: Sequence[Mark], *, from_zero: bool) -> Range:
    values = [x for one in series for x in one.x]
    values += [mark.x[end] for mark in marks for end in ("low", "high")]
    if marks:
        return widened(min(values), max(values), 0.06)
    least = min(values)
    return widened(min(0.0, least) if from_zero else least, max(values))


def _range_of_y(
    series: Sequence[Series], guides: Sequence[Guide], marks: Sequence[Mark], start: float
) -> Range:
    values = [*_values_from(series, start), *(guide.value for guide in guides)]
    values += [mark.y[end] for mark in marks for end in ("low", "high")]
    return widened(min(values), max(values), 0.06 if marks else 0.0)


def _scale(low: float, high: float, first: float, last: float) -> Callable[[float], float]:
    """Return a function that maps low to first and high to last."""
    return lambda value: first + (value - low) / (high - low) * (last - first)


def _values_from(series: Sequence[Series], start: float) -> list[float]:
    """Return the y values at x >= `start`, or all y values if there are few points."""
    pairs = [pair for one in series for pair in zip(one.x, one.y, strict=True)]
    late = [y for x, y in pairs if x >= start]
    return late if len(pairs) >= MIN_POINTS_TO_CROP and late else [y for _, y in pairs]


def _downsampled(series: Series) -> Series:
    """Average neighbouring points of a series with more than `MAX_POINTS` points."""
    count = len(series.x)
    if count <= MAX_POINTS:
        return series
    groups = np.array_split(np.arange(count), MAX_POINTS)
    x, y = np.asarray(series.x, float), np.asarray(series.y, float)
    return Series(
        arm=series.arm,
        style=series.style,
        label=series.label,
        x=[float(x[group].mean()) for group in groups],
        y=[float(y[group].mean()) for group in groups],
    )


def _line(series: Series, coordinates: list[tuple[float, float]]) -> Line:
    most = MAX_DOTS if series.style in DOTTED else FEW_POINTS if series.style == "loss" else 0
    dots = coordinates if len(coordinates) <= most else []
    path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in coordinates)
    return Line(arm=series.arm, style=series.style, label=series.label, path=path, dots=dots)


def _cross(mark: Mark, across: Callable[[float], float], down: Callable[[float], float]) -> Cross:
    return Cross(
        arm=mark.arm,
        x=across(mark.x["value"]),
        y=down(mark.y["value"]),
        left=across(mark.x["low"]),
        right=across(mark.x["high"]),
        top=down(mark.y["high"]),
        bottom=down(mark.y["low"]),
    )


def _summary(title: str, series: Sequence[Series], guides: Sequence[Guide], marks: Sequence[Mark]) -> str:
    parts = [f"{one.label} from {one.y[0]:.3g} to {one.y[-1]:.3g}" for one in series if len(one.x)]
    parts += [f"{one.label} at {one.x['value']:.3g}, {one.y['value']:.3g}" for one in marks]
    parts += [f"{one.label} at {one.value:.3g}" for one in guides]
    return f"{title}: {'; '.join(parts)}."
