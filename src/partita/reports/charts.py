"""Line charts as plain numbers: the places of lines, ticks and guides, which the page draws as SVG.

Places are in the chart's own units, WIDTH x HEIGHT, y downward. This file knows neither runs nor colours.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from partita.reports.spectrogram_images import Tick

WIDTH, HEIGHT = 420.0, 250.0
LEFT, RIGHT, TOP, BOTTOM = 40.0, 12.0, 12.0, 34.0
POINTS = 160
DOTS = 60
FEW = 20  # points that are all shown
SETTLING = 0.04  # share of the way in which a first plunge may leave the picture


@dataclass(frozen=True, kw_only=True)
class Series:
    """One line: `style` names how the page draws it, `arm` whose colour it has."""

    arm: int
    style: str
    label: str
    x: Sequence[float]
    y: Sequence[float]


@dataclass(frozen=True, kw_only=True)
class Guide:
    """A horizontal line with a label, at a value that means something."""

    value: float
    label: str


@dataclass(frozen=True, kw_only=True)
class Line:
    """A series, ready to draw: an SVG path, and dots at its points where they are few."""

    arm: int
    style: str
    label: str
    path: str
    dots: list[tuple[float, float]]


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A chart, ready to draw; `summary` says in words what it shows, for who can't see it."""

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
    title: str, x_label: str, y_label: str, series: Sequence[Series], guides: Sequence[Guide] = ()
) -> Chart | None:
    """Place series in a chart; None when none of them has a point.

    x begins at 0. The range of y leaves out what lies above everything after the first 4% of the way, so that
    a first plunge from the untrained model does not flatten the rest; the page clips it.

    >>> line = Series(arm=0, style="train", label="a", x=[0, 1, 2], y=[3.0, 2.0, 1.0])
    >>> chart("Bits", "steps", "bits", [line]).lines[0].path
    'M40.0 12.0L224.0 114.0L408.0 216.0'
    """
    drawn = [_thinned(one) for one in series if len(one.x)]
    if not drawn:
        return None
    x_low, x_high = _widened(min(0.0, *(min(one.x) for one in drawn)), max(max(one.x) for one in drawn))
    heights = [*_settled(drawn, x_low + SETTLING * (x_high - x_low)), *(guide.value for guide in guides)]
    y_low, y_high = _widened(min(heights), max(heights))

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
    """Return about so many numbers between two, at steps of 1, 2 or 5 times a power of ten.

    >>> round_numbers(0.0, 10.0), round_numbers(4.6, 5.9)
    ([0.0, 2.0, 4.0, 6.0, 8.0, 10.0], [4.6, 4.8, 5.0, 5.2, 5.4, 5.6, 5.8])
    """
    rough = (high - low) / about
    power = 10 ** np.floor(np.log10(rough))
    step = float(power * min((1, 2, 5, 10), key=lambda m: abs(np.log(m * power / rough))))
    first, last = int(np.ceil(low / step - 1e-9)), int(np.floor(high / step + 1e-9))
    return [round(k * step, 12) for k in range(first, last + 1)]


def _settled(series: Sequence[Series], start: float) -> list[float]:
    """Return the heights from `start` on; all heights where there are too few to leave any out."""
    pairs = [pair for one in series for pair in zip(one.x, one.y, strict=True)]
    late = [y for x, y in pairs if x >= start]
    return late if len(pairs) >= FEW and late else [y for _, y in pairs]


def _thinned(series: Series) -> Series:
    """Average neighbouring points where there are more of them than can be seen."""
    count = len(series.x)
    if count <= POINTS:
        return series
    groups = np.array_split(np.arange(count), POINTS)
    x, y = np.asarray(series.x, float), np.asarray(series.y, float)
    return Series(
        arm=series.arm,
        style=series.style,
        label=series.label,
        x=[float(x[group].mean()) for group in groups],
        y=[float(y[group].mean()) for group in groups],
    )


def _line(series: Series, places: list[tuple[float, float]]) -> Line:
    dots = places if series.style == "validation" and len(places) <= DOTS else []
    path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
    return Line(arm=series.arm, style=series.style, label=series.label, path=path, dots=dots)


def _widened(low: float, high: float) -> tuple[float, float]:
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _summary(title: str, series: Sequence[Series]) -> str:
    ends = [f"{one.label} from {one.y[0]:.3g} to {one.y[-1]:.3g}" for one in series if len(one.x)]
    return f"{title}: {'; '.join(ends)}."


def _number(value: float) -> str:
    return f"{value / 1000:g}k" if abs(value) >= 10_000 else f"{value:g}"
