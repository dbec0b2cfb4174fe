import numpy as np
import pytest

from partita.errors import PartitaError
from partita.evaluation.metrics.two_sample import area_under_roc, two_sample_auc

BANDS = 12


def clips(seed: int, count: int, *, mean: float = 0.0, speed: float = 1.0) -> list[np.ndarray]:
    """Frames of a random walk that returns to its mean, each clip with a level of its own."""
    rng, found = np.random.default_rng(seed), []
    for _ in range(count):
        noise, frames = rng.normal(size=(40, BANDS)), np.zeros((40, BANDS))
        for t in range(1, 40):
            frames[t] = (1 - 0.3 * speed) * frames[t - 1] + 0.3 * noise[t]
        found.append(frames + mean + rng.normal(size=BANDS))
    return found


def test_clips_of_one_distribution_are_told_apart_by_chance_alone() -> None:
    found = [two_sample_auc(clips(2 * n, 64), clips(2 * n + 1, 64), seed=n).value for n in range(10)]
    assert np.mean(found) == pytest.approx(0.5, abs=0.06)


def test_the_further_apart_the_better_they_are_told() -> None:
    found = [two_sample_auc(clips(0, 96, mean=mean), clips(1, 96), seed=0).value for mean in (0.1, 0.4, 2.0)]
    assert 0.4 < found[0] < found[1] < found[2]
    assert found[2] > 0.98


def test_it_hears_how_fast_sound_changes() -> None:
    assert two_sample_auc(clips(0, 96, speed=2.0), clips(1, 96), seed=0).low > 0.8


def test_the_interval_is_around_the_value_and_repeatable() -> None:
    fake, real = clips(0, 40, mean=0.3), clips(1, 40)
    found = two_sample_auc(fake, real, seed=3)
    assert found.low < found.value < found.high
    assert found == two_sample_auc(fake, real, seed=3)


def test_the_area_is_counted_by_hand() -> None:
    assert area_under_roc(np.array([1.0, 3.0]), np.array([2.0, 3.0])) == pytest.approx((1 + 1 + 0 + 0.5) / 4)


def test_what_can_not_be_compared_is_refused() -> None:
    with pytest.raises(PartitaError, match="there are 8 fake, 9 real clips"):
        two_sample_auc(clips(0, 8), clips(1, 9), seed=0)
    with pytest.raises(PartitaError, match="at least 8"):
        two_sample_auc(clips(0, 7), clips(1, 7), seed=0)
