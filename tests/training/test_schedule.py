"""Schedules: the learning rate of a step, and a pace that meets its budget."""

import math

import numpy as np
import pytest

from partita.training.schedule import FEWEST_STEPS, Pace, clip_length, learning_rate


def test_progress_goes_from_0_to_1_in_equal_steps() -> None:
    pace = Pace.of_steps(7)
    assert pace.steps() == 7
    assert [round(pace.progress(step) * 7, 9) for step in range(9)] == [0, 1, 2, 3, 4, 5, 6, 7, 7]


@pytest.mark.parametrize("steps", [1, 3, 10, 49, 2879, 1_000_003])
def test_the_pace_gives_back_the_number_of_steps(steps: int) -> None:
    assert Pace.of_steps(steps).steps() == steps


def test_learning_rates_by_hand() -> None:
    def at(step: int, progress: float) -> float:
        return learning_rate(step, progress, peak=1.0, warmup=4, floor=0.1)

    assert at(0, 0.0) == 0.25
    assert at(3, 0.0) == 1.0
    assert at(50, 0.5) == pytest.approx(0.1 + 0.9 / 2)
    assert at(100, 1.0) == pytest.approx(0.1)
    assert learning_rate(0, 0.0, peak=2.0, warmup=0, floor=1.0) == 2.0
    assert learning_rate(300, 0.0, peak=2.0, warmup=0, floor=1.0, decay_steps=100) == 1.0
    assert learning_rate(9, 0.7, peak=2.0, warmup=0, floor=1.0) == 2.0


def run_to(budget: float, seconds_a_step: list[float]) -> tuple[Pace, float, int]:
    """Simulate a run: fit first when it is due, then at every 25th of the run, as the trainer does."""
    pace, seconds, step, every = Pace(), 0.0, 0, 0
    while seconds < budget and (pace.steps() is None or step < (pace.steps() or 0)):
        seconds += seconds_a_step[min(step, len(seconds_a_step) - 1)]
        step += 1
        if step == 2:
            pace.begin(step, seconds)
        if pace.is_due(step, seconds, budget):
            pace.fit(step, seconds, budget)
            every = max(1, (pace.steps() or 1) // 25)
        elif every and step % every == 0 and seconds < budget:
            pace.fit(step, seconds, budget)
    return pace, seconds, step


def test_a_steady_machine_ends_as_the_budget_does() -> None:
    pace, seconds, step = run_to(60.0, [0.1])
    assert pace.progress(step) == pytest.approx(1.0)
    assert 59.5 < seconds <= 60.1


def test_a_slow_first_step_does_not_set_the_pace() -> None:
    """The first step compiles: 20 s, then 0.1 s a step."""
    pace, seconds, step = run_to(60.0, [20.0, 0.1])
    assert step > 350
    assert pace.progress(step) > 0.99
    assert seconds <= 60.1


def test_a_machine_that_becomes_slower_and_faster_still_ends_in_time_and_at_the_end_of_the_cosine() -> None:
    rng = np.random.default_rng(0)
    speeds = (0.1 * np.exp(0.5 * np.sin(np.arange(2000) / 60) + 0.2 * rng.standard_normal(2000))).tolist()
    pace, seconds, step = run_to(100.0, speeds)
    assert pace.progress(step) > 0.97
    assert 95.0 < seconds < 100.5


def test_progress_never_goes_back_and_a_fit_never_jumps() -> None:
    pace = Pace()
    pace.begin(2, 1.0)
    seen = []
    for step in range(3, 200):
        if step % 20 == 0:
            before = pace.progress(step)
            pace.fit(step, 1.0 + 0.01 * step * math.sqrt(step), 60.0)
            assert pace.progress(step) == pytest.approx(before)
        seen.append(pace.progress(step))
    assert seen == sorted(seen)


def test_nothing_is_fitted_to_too_few_steps() -> None:
    assert not Pace().is_due(FEWEST_STEPS - 1, 1e9, 60.0)
    assert Pace().is_due(FEWEST_STEPS, 1e9, 60.0)
    assert not Pace.of_steps(10).is_due(FEWEST_STEPS, 1e9, 60.0)


def test_a_pace_is_restored_from_json() -> None:
    pace = Pace()
    pace.fit(10, 3.3, 60.0)
    assert Pace(**pace.as_json()) == pace


def test_clips_grow_to_their_final_length() -> None:
    lengths = [clip_length(n / 100, shortest=64, longest=1024, growth=0.5) for n in range(101)]
    assert lengths == sorted(lengths)
    assert set(lengths) == {64, 128, 256, 512, 1024}
    assert lengths[50] == 1024
    assert clip_length(0.0, shortest=64, longest=1024, growth=0.0) == 1024
    assert clip_length(0.0, shortest=64, longest=64, growth=0.5) == 64
