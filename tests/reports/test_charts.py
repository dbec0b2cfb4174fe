"""Line charts: coordinates, ticks and ranges."""

import pytest

from partita.reports.axes import round_numbers
from partita.reports.charts import (
    BOTTOM,
    HEIGHT,
    LEFT,
    MAX_POINTS,
    RIGHT,
    TOP,
    WIDTH,
    Guide,
    Series,
    chart,
)


def series(x: list[float], y: list[float], style: str = "train") -> Series:
    return Series(arm=0, style=style, label="a", x=x, y=y)


def coordinates(path: str) -> list[tuple[float, ...]]:
    return [tuple(map(float, point.split())) for point in path.removeprefix("M").split("L")]


def test_corners_of_the_data_are_corners_of_the_chart() -> None:
    drawn = chart("t", "x", "y", [series([0, 10], [2.0, 4.0])])
    assert drawn is not None
    assert coordinates(drawn.lines[0].path) == [(LEFT, HEIGHT - BOTTOM), (WIDTH - RIGHT, TOP)]


def test_ticks_are_at_their_values() -> None:
    drawn = chart("t", "x", "y", [series([0, 10], [2.0, 4.0])], [Guide(value=3.0, label="half")])
    assert drawn is not None
    assert {tick.label: tick.place for tick in drawn.y_ticks}["3.0"] == drawn.guides[0].place
    assert drawn.guides[0].place == pytest.approx((TOP + HEIGHT - BOTTOM) / 2)


def test_a_steep_start_does_not_flatten_the_rest() -> None:
    x = [float(step) for step in range(100)]
    y = [100.0, *(5.0 - step / 100 for step in range(99))]
    drawn = chart("t", "x", "y", [series(x, y)])
    assert drawn is not None
    assert coordinates(drawn.lines[0].path)[0][1] < 0  # above the frame, where the page clips it
    assert coordinates(drawn.lines[0].path)[-1][1] == HEIGHT - BOTTOM


def test_long_series_are_averaged_and_a_guide_widens_the_range() -> None:
    x = [float(step) for step in range(10_000)]
    drawn = chart(
        "t", "x", "y", [series(x, [step % 2 for step in range(10_000)])], [Guide(value=2, label="g")]
    )
    assert drawn is not None
    assert len(coordinates(drawn.lines[0].path)) == MAX_POINTS
    assert drawn.guides[0].place == TOP


def test_only_validation_has_dots() -> None:
    drawn = chart("t", "x", "y", [series([0, 1], [0, 1], "validation"), series([0, 1], [0, 1])])
    assert drawn is not None
    assert [len(line.dots) for line in drawn.lines] == [2, 0]


def test_no_point_gives_no_chart_and_one_point_gives_one() -> None:
    assert chart("t", "x", "y", [series([], [])]) is None
    assert chart("t", "x", "y", [series([3], [2.0])]) is not None
    assert chart("t", "x", "y", [series([0], [2.0])]) is not None


@pytest.mark.parametrize(("low", "high"), [(0, 1), (3.99, 4.01), (-7, 1234), (0, 1e-6)])
def test_round_numbers_are_in_the_range_and_few(low: float, high: float) -> None:
    numbers = round_numbers(low, high)
    assert 3 <= len(numbers) <= 8
    assert low - 1e-9 <= numbers[0] < numbers[-1] <= high + 1e-9
