"""The speed of drawing does not include the start, nor the time in which a reader was waited for."""

from collections.abc import Iterator

import pytest

from partita.sampling.output.stopwatch import Stopwatch


def watch_at(*seconds: float) -> Stopwatch:
    times: Iterator[float] = iter(seconds)
    return Stopwatch(lambda: next(times))


def test_the_start_is_not_part_of_the_speed() -> None:
    watch = watch_at(5.0, 35.0, 36.0, 37.0)
    for samples in (100, 300, 300):
        watch.block(samples)
    assert watch.start_seconds == 30.0
    assert watch.rate == pytest.approx(600 / 2.0)


@pytest.mark.parametrize("rest", [(), (16,)])
def test_little_after_the_first_block_is_measured_from_the_beginning(rest: tuple[int, ...]) -> None:
    watch = watch_at(0.0, 4.0, 5.0)
    for samples in (100, *rest):
        watch.block(samples)
    assert watch.rate == pytest.approx((100 + sum(rest)) / (5.0 if rest else 4.0))


def test_waiting_and_what_follows_the_last_block_are_left_out() -> None:
    watch = watch_at(0.0, 1.0, 9.0)
    watch.block(100)
    watch.wait(6.0)
    watch.block(100)
    watch.wait(50.0)
    assert watch.rate == pytest.approx(50.0)


def test_without_a_block_there_is_no_speed() -> None:
    watch = watch_at(0.0)
    assert (watch.start_seconds, watch.rate) == (0.0, 0.0)
