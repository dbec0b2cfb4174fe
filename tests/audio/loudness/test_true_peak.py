"""True peak: between the samples, at least the sample peak, and in proportion to the level."""

import numpy as np
import pytest

from partita.audio.loudness import true_peak


@pytest.mark.parametrize("rate", [8000, 16000, 48000, 192000])
def test_a_peak_between_the_samples_is_found(rate: int) -> None:
    """A sine at a quarter of the sample rate, whose samples lie at 45 degrees of its peaks (BS.1770)."""
    count = np.arange(4000)
    sound = 0.5 * np.sin(np.pi / 2 * count + np.pi / 4) * np.hanning(4000)
    assert np.abs(sound).max() == pytest.approx(0.5 / np.sqrt(2), rel=1e-3)
    assert true_peak(sound, rate) == pytest.approx(0.5, rel=0.01)


def test_it_is_never_below_the_sample_peak_and_scales_with_the_sound() -> None:
    sound = np.random.default_rng(0).normal(0, 0.1, 2000)
    assert true_peak(sound, 16000) >= np.abs(sound).max()
    assert true_peak(-2 * sound, 16000) == pytest.approx(2 * true_peak(sound, 16000))


def test_no_sound_has_no_peak() -> None:
    assert true_peak(np.zeros(0), 16000) == true_peak(np.zeros(100), 16000) == 0.0
