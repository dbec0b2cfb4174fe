"""The classifier two-sample test."""

import numpy as np
import pytest

from partita.errors import PartitaError
from partita.evaluation.metrics.two_sample import area_under_roc, two_sample_auc

BANDS = 12


def clips(seed: int, count: int, *, mean: float = 0.0, speed: float = 1.0) -> list[np.ndarray]:
    """Return frames of mean-reverting random walks; each clip has its own level."""
    rng, found = np.random.default_rng(seed), []
    for _ in range(count):
        noise, frames = rng.normal(size=(40, BANDS)), np.zeros((40, BANDS))
        for t in range(1, 40):
            frames[t] = (1 - 0.3 * speed) * frames[t - 1] + 0.3 * noise[t]
        found.append(frames + mean + rng.normal(size=BANDS))
    return found


def test_clips_of_one_distribution_have_an_area_of_one_half() -> None:
    found = [two_sample_auc(clips(2 * n, 64), clips(2 * n + 1, 64), seed=n).value for n in range(10)]
    assert np.mean(found) == pytest.approx(0.5, abs=0.06)


def test_the_area_grows_with_the_difference() -> None:
    found = [two_sample_auc(clips(0, 96, mean=mean), clips(1, 96), seed=0).value for mean in (0.1, 0.4, 2.0)]
    assert 0.4 < found[0] < found[1] < found[2]
    assert found[2] > 0.98


def test_a_different_rate_of_change_is_detected() -> None:
    assert two_sample_auc(clips(0, 96, speed=2.0), clips(1, 96), seed=0).low > 0.8


def test_the_interval_contains_the_value_and_is_reproducible() -> None:
    fake, real = clips(0, 40, mean=0.3), clips(1, 40)
    found = two_sample_auc(fake, real, seed=3)
    assert found.low < found.value < found.high
    assert found == two_sample_auc(fake, real, seed=3)


def test_the_area_agrees_with_a_count_by_hand() -> None:
    assert area_under_roc(np.array([1.0, 3.0]), np.array([2.0, 3.0])) == pytest.approx((1 + 1 + 0 + 0.5) / 4)


def test_too_few_or_unpaired_clips_are_refused() -> None:
    with pytest.raises(PartitaError, match="there are 8 fake, 9 real clips"):
        two_sample_auc(clips(0, 8), clips(1, 9), seed=0)
    with pytest.raises(PartitaError, match="at least 8"):
        two_sample_auc(clips(0, 7), clips(1, 7), seed=0)
