from collections.abc import Callable

import numpy as np
import pytest

from partita.audio.classes import Quantiser
from partita.evaluation.agreement import agreement
from partita.evaluation.divergence import Clips
from partita.models.patchgan import PatchGAN, PatchGANConfig
from partita.models.wavenet import WaveNet
from partita.sampling.judges import DiscriminatorJudge, RatioJudge
from partita.sampling.steering import Judge


class Noisy:
    """A judge that says what another says, turned and with noise added, or always the same."""

    def __init__(self, judge: Judge, scale: float, noise: float) -> None:
        self.judge, self.scale, self.noise = judge, scale, noise
        self.random = np.random.default_rng(0)

    @property
    def context(self) -> int:
        return self.judge.context

    def listen(self, past: np.ndarray, block: int) -> "Noisy":
        self.listener = self.judge.listen(past, block)
        return self

    def weigh(self, new: np.ndarray) -> np.ndarray:
        said = self.listener.weigh(new)
        return self.scale * said + self.noise * self.random.normal(size=len(said))

    def copy(self, targets: np.ndarray, sources: np.ndarray) -> None:
        raise AssertionError("nothing is copied here")


@pytest.fixture(scope="module")
def exact(four_classes: Callable[[int, int], WaveNet]) -> RatioJudge:
    return RatioJudge(four_classes(0, 3), four_classes(1, 2), threads=1)


@pytest.fixture(scope="module")
def clips() -> Clips:
    random = np.random.default_rng(1)
    return Clips(random.integers(4, size=(40, 8)), random.integers(4, size=(40, 800)))


def correlation(judge: Judge, exact: Judge, clips: Clips) -> float:
    found = agreement(judge, exact, clips, classes=4, zero_class=0, seed=0)
    assert found is not None
    assert found.low <= found.value <= found.high
    return found.value


def test_what_is_said_and_its_opposite(exact: RatioJudge, clips: Clips) -> None:
    assert correlation(Noisy(exact, 3.0, 0.0), exact, clips) == pytest.approx(1.0)
    assert correlation(Noisy(exact, -0.1, 0.0), exact, clips) == pytest.approx(-1.0)


def test_noise_as_strong_as_what_is_said(exact: RatioJudge, clips: Clips) -> None:
    listener = exact.listen(clips.past.astype(np.int64), 256)
    spread = float(listener.weigh(clips.sound[:, :256].astype(np.int64)).std())
    assert correlation(Noisy(exact, 1.0, spread), exact, clips) == pytest.approx(0.5**0.5, abs=0.15)
    assert abs(correlation(Noisy(exact, 0.0, 1.0), exact, clips)) < 0.25


def test_a_judge_that_always_says_the_same_has_no_correlation(exact: RatioJudge, clips: Clips) -> None:
    assert agreement(Noisy(exact, 0.0, 0.0), exact, clips, classes=4, zero_class=0, seed=0) is None


def test_a_discriminator_with_a_short_window_is_heard_in_shorter_blocks(
    exact: RatioJudge, clips: Clips
) -> None:
    judge = DiscriminatorJudge(PatchGAN(PatchGANConfig(layers=3)), Quantiser(classes=4), window=64)
    assert -1.0 <= correlation(judge, exact, clips) <= 1.0
