"""Line charts as coordinates of lines, ticks and guides; a template draws them as SVG.

Coordinates are in units of the chart, WIDTH x HEIGHT, with y downward. This file knows no colours.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from partita.reports.spectrogram_images import Tick

WIDTH, HEIGHT = 420.0, 250.0
LEFT, RIGHT, TOP, BOTTOM = 40.0, 12.0, 12.0, 34.0
MAX_POINTS = 160  # longer series are averaged to this many points
MAX_DOTS = 60  # longer series have no dots
MIN_POINTS_TO_CROP = 20  # with fewer points the range of y covers all of them
CROPPED_START = 0.04  # share of x whose steep start may be outside the range of y


@dataclass(frozen=True, kw_only=True)
class Series:
    """One line of a chart.

    Args:
        arm: index of the arm, which selects the colour.
        style: name of the line style: "train", "validation" or "loss".
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
    """A horizontal line with a label, at a reference value."""

    value: float
    label: str


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
class Chart:
    """A chart ready to draw; `summary` describes it in words, for screen readers."""

    title: str
    x_label: str
    y_label: str
    summary: str
    lines: list[Line]
    guides: list[Tick]
    x_ticks: list[Tick]
    y_ticks: list[Tick]
    width: float = WIDTH
    height: float = HEIGHT
    left: float = LEFT
    right: float = RIGHT
    bottom: float = BOTTOM


def chart(
    title: str,
    x_label: str,
    y_label: str,
    series: Sequence[Series],
    guides: Sequence[Guide] = (),
    *,
    from_zero: bool = True,
) -> Chart | None:
    """Lay out series in a chart.

    The range of y covers the values after the first 4% of the x axis, so the steep
    start of a learning curve does not flatten the rest; the page clips the lines.

    Args:
        title: title of the chart.
        x_label: label of the x axis.
        y_label: label of the y axis.
        series: the lines.
        guides: horizontal reference lines.
        from_zero: begin the x axis at 0, not at the least value.

    Returns:
        The chart, or None if no series has a point.

    >>> line = Series(arm=0, style="train", label="a", x=[0, 1, 2], y=[3.0, 2.0, 1.0])
    >>> chart("Bits", "steps", "bits", [line]).lines[0].path
    'M40.0 12.0L224.0 114.0L408.0 216.0'
    """
    drawn = [_downsampled(one) for one in series if len(one.x)]
    if not drawn:
        return None
    least, greatest = min(min(one.x) for one in drawn), max(max(one.x) for one in drawn)
    x_low, x_high = _widened(min(0.0, least) if from_zero else least, greatest)
    values = [
        *_values_from(drawn, x_low + CROPPED_START * (x_high - x_low)),
        *(guide.value for guide in guides),
    ]
    y_low, y_high = _widened(min(values), max(values))

    def place(x: float, y: float) -> tuple[float, float]:
        right = LEFT + (x - x_low) / (x_high - x_low) * (WIDTH - LEFT - RIGHT)
        return right, TOP + (y_high - y) / (y_high - y_low) * (HEIGHT - TOP - BOTTOM)

    return Chart(
        title=title,
        x_label=x_label,
        y_label=y_label,
        summary=_summary(title, series),
        lines=[_line(one, [place(x, y) for x, y in zip(one.x, one.y, strict=True)]) for one in drawn],
        guides=[Tick(guide.label, place(x_low, guide.value)[1]) for guide in guides],
        x_ticks=[Tick(_number(x), place(x, y_low)[0]) for x in round_numbers(x_low, x_high)],
        y_ticks=[Tick(_number(y), place(x_low, y)[1]) for y in round_numbers(y_low, y_high)],
    )


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
    dots = coordinates if series.style == "validation" and len(coordinates) <= MAX_DOTS else []
    path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in coordinates)
    return Line(arm=series.arm, style=series.style, label=series.label, path=path, dots=dots)


def _widened(low: float, high: float) -> tuple[float, float]:
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _summary(title: str, series: Sequence[Series]) -> str:
    ends = [f"{one.label} from {one.y[0]:.3g} to {one.y[-1]:.3g}" for one in series if len(one.x)]
    return f"{title}: {'; '.join(ends)}."


def _number(value: float) -> str:
    return f"{value / 1000:g}k" if abs(value) >= 10_000 else f"{value:g}"
