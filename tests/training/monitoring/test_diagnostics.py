"""Problems in a run's numbers are reported in words, each once."""

import pytest

from partita.training.monitoring.diagnostics import STEPS, DiscriminatorMonitor, clip_problem


@pytest.mark.parametrize(
    ("drawn", "level", "words"),
    [
        (1.4, 0.1, "collapsing: 1.40 bits"),
        (1.6, 0.1, None),
        (6.0, 0.1, "run away: 6.00 bits"),
        (3.0, 0.4, "run away: a level of 0.4000"),
        (0.1, 0.005, "fall silent: a level of 0.0050"),
    ],
)
def test_problems_of_clips(drawn: float, level: float, words: str | None) -> None:
    numbers = {"entropy_real": 3.0, "entropy_drawn": drawn, "level_real": 0.1, "level_drawn": level}
    problem = clip_problem(numbers)
    assert problem is None if words is None else problem is not None and words in problem
    assert clip_problem({"bits": 3.0}) is None


def warnings(pairs: list[tuple[float, float]], every: int = STEPS // 3, *, critic: bool = False) -> list[str]:
    monitor = DiscriminatorMonitor(critic=critic)
    found = [
        monitor.update(every * number, {"discriminator_real": real, "discriminator_fake": fake})
        for number, (real, fake) in enumerate(pairs, start=1)
    ]
    return [warning for warning in found if warning is not None]


def test_a_low_accuracy_is_reported_once() -> None:
    for pair in ((0.5, 0.5), (0.9, 0.88), (0.02, 0.01), (0.1, 0.9)):
        (warning,) = warnings([pair] * 10)
        assert "55% or less" in warning and "--adversary.discriminators" in warning
    assert "now 51%" in warnings([(0.9, 0.88)] * 10)[0]


def test_a_high_accuracy_is_reported_once() -> None:
    (warning,) = warnings([(1.0, 0.004)] * 10)
    assert "98% or more" in warning and "now 99.8%" in warning and "--adversary.r1" in warning


def test_a_working_discriminator_is_not_reported() -> None:
    assert warnings([(0.8, 0.3)] * 50) == []


def test_the_range_must_hold_for_all_steps() -> None:
    assert warnings([(0.5, 0.5)] * 2) == []
    assert warnings([(0.5, 0.5), (0.5, 0.5), (0.8, 0.3)] * 9) == []
    assert len(warnings([(0.5, 0.5), (0.8, 0.3), (0.5, 0.5), (0.5, 0.5), (0.5, 0.5)])) == 1


def test_both_problems_can_be_reported_in_one_run() -> None:
    assert [("or less" in one) for one in warnings([(0.5, 0.5)] * 5 + [(1.0, 0.0)] * 5)] == [True, False]


def test_a_run_without_an_adversary_is_not_checked() -> None:
    monitor = DiscriminatorMonitor()
    assert all(monitor.update(step, {"bits": 4.0}) is None for step in range(0, 3000, 100))


def test_a_critic_may_have_a_high_accuracy_but_not_a_low_one() -> None:
    assert warnings([(1.0, 0.0)] * 10, critic=True) == []
    (warning,) = warnings([(0.5, 0.5)] * 10, critic=True)
    assert "--critic.learning-rate" in warning and "adversary" not in warning


def test_the_steps_of_another_judge_do_not_count() -> None:
    # regression: right after a critic's phase a discriminator was said to have stayed low for 300 steps
    monitor, low = DiscriminatorMonitor(), {"discriminator_real": 0.5, "discriminator_fake": 0.5}
    assert monitor.update(1000, {"reward": -1.0}) is None
    assert monitor.update(1100, low) is None
    warning = monitor.update(1000 + STEPS, low)
    assert warning is not None and "55% or less" in warning
