"""What is said of a discriminator's numbers, and when."""

from partita.training.monitoring.discriminator_monitor import STEPS, DiscriminatorMonitor


def said(pairs: list[tuple[float, float]], every: int = STEPS // 3, *, critic: bool = False) -> list[str]:
    monitor = DiscriminatorMonitor(critic=critic)
    sentences = [
        monitor.hear(every * number, {"discriminator_real": real, "discriminator_fake": fake})
        for number, (real, fake) in enumerate(pairs, start=1)
    ]
    return [sentence for sentence in sentences if sentence is not None]


def test_a_blind_one_is_named_once() -> None:
    for pair in ((0.5, 0.5), (0.9, 0.88), (0.02, 0.01), (0.1, 0.9)):
        (sentence,) = said([pair] * 10)
        assert "blind" in sentence and "--adversary.discriminators" in sentence
    assert "now 51%" in said([(0.9, 0.88)] * 10)[0]


def test_an_overpowering_one_is_named_once() -> None:
    (sentence,) = said([(1.0, 0.004)] * 10)
    assert "overpowering" in sentence and "now 99.8%" in sentence and "--adversary.r1" in sentence


def test_one_that_works_is_not_named() -> None:
    assert said([(0.8, 0.3)] * 50) == []


def test_it_takes_a_while_without_a_break() -> None:
    assert said([(0.5, 0.5)] * 2) == []
    assert said([(0.5, 0.5), (0.5, 0.5), (0.8, 0.3)] * 9) == []
    assert len(said([(0.5, 0.5), (0.8, 0.3), (0.5, 0.5), (0.5, 0.5), (0.5, 0.5)])) == 1


def test_both_can_be_said_in_one_run() -> None:
    assert [("blind" in one) for one in said([(0.5, 0.5)] * 5 + [(1.0, 0.0)] * 5)] == [True, False]


def test_a_run_without_an_adversary_says_nothing() -> None:
    monitor = DiscriminatorMonitor()
    assert all(monitor.hear(step, {"bits": 4.0}) is None for step in range(0, 3000, 100))


def test_a_critic_may_tell_without_fail_but_not_be_blind() -> None:
    assert said([(1.0, 0.0)] * 10, critic=True) == []
    (sentence,) = said([(0.5, 0.5)] * 10, critic=True)
    assert "--critic.learning-rate" in sentence and "adversary" not in sentence
