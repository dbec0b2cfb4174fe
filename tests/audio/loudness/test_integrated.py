"""Integrated loudness: the coefficients of BS.1770 and the signals of EBU Tech 3341, at several rates."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import signal

from partita.audio.loudness import integrated_loudness, rms_dbfs
from partita.audio.loudness.integrated import k_weighting
from partita.errors import PartitaError


def sine(seconds: float, dbfs: float, rate: int, hz: float = 1000.0) -> NDArray[np.float64]:
    return np.asarray(10 ** (dbfs / 20) * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate))


def test_at_48_khz_the_filter_has_the_coefficients_of_the_standard() -> None:
    shelf = [1.53512485958697, -2.69169618940638, 1.19839281085285, 1.0, -1.69065929318241, 0.73248077421585]
    high_pass = [1.0, -2.0, 1.0, 1.0, -1.99004745483398, 0.99007225036621]
    np.testing.assert_allclose(k_weighting(48000), [shelf, high_pass], rtol=1e-7)


@pytest.mark.parametrize("rate", [8000, 16000, 22050, 44100, 96000])
def test_at_other_rates_the_filter_has_the_same_response(rate: int) -> None:
    """Up to an eighth of the sample rate, where the bilinear transform bends little."""
    hertz = np.geomspace(20, rate / 8, 50)
    own, standard = (
        20 * np.log10(np.abs(signal.sosfreqz(k_weighting(one), hertz, fs=one)[1])) for one in (rate, 48000)
    )
    np.testing.assert_allclose(own, standard, atol=0.25)


@pytest.mark.parametrize("rate", [16000, 44100, 48000])
def test_a_full_scale_sine_in_one_channel_has_minus_3_01(rate: int) -> None:
    assert integrated_loudness(sine(5, 0.0, rate, 997.0), rate) == pytest.approx(-3.01, abs=0.06)


@pytest.mark.parametrize(
    ("parts", "stereo"),
    [
        ([(20, -23.0)], -23.0),
        ([(20, -33.0)], -33.0),
        ([(10, -36.0), (60, -23.0), (10, -36.0)], -23.0),
        ([(10, -72.0), (10, -36.0), (60, -23.0), (10, -36.0), (10, -72.0)], -23.0),
        ([(20, -26.0), (20.1, -20.0), (20, -26.0)], -23.0),
    ],
)
def test_the_signals_of_ebu_tech_3341(parts: list[tuple[float, float]], stereo: float) -> None:
    """Test cases 1 to 5, which are in two channels: one channel has 3.01 dB less."""
    sound = np.concatenate([sine(seconds, dbfs, 16000) for seconds, dbfs in parts])
    assert integrated_loudness(sound, 16000) == pytest.approx(stereo - 3.01, abs=0.1)


@given(st.floats(-30, 20), st.integers(0, 1000))
def test_a_gain_adds_to_the_loudness(gain: float, seed: int) -> None:
    sound = np.random.default_rng(seed).normal(0, 0.05, 8000)
    louder = integrated_loudness(sound * 10 ** (gain / 20), 8000)
    assert louder == pytest.approx(integrated_loudness(sound, 8000) + gain, abs=1e-6)


def test_silence_around_a_sound_counts_only_in_blocks_that_hold_both() -> None:
    sound = sine(12, -20.0, 8000)
    padded = np.concatenate([np.zeros(16000), sound, np.zeros(16000)])
    assert integrated_loudness(padded, 8000) == pytest.approx(integrated_loudness(sound, 8000), abs=0.15)


def test_silence_has_no_loudness() -> None:
    assert integrated_loudness(np.zeros(8000), 8000) == -math.inf
    assert integrated_loudness(sine(1, -80.0, 8000), 8000) == -math.inf
    assert rms_dbfs(np.zeros(10)) == rms_dbfs(np.zeros(0)) == -math.inf


def test_a_sound_shorter_than_a_block_is_refused() -> None:
    assert math.isfinite(integrated_loudness(sine(0.4, -20.0, 8000), 8000))
    with pytest.raises(PartitaError, match="has 3199 samples but its loudness needs 3200"):
        integrated_loudness(sine(0.4, -20.0, 8000)[:-1], 8000)


def test_a_very_low_sample_rate_has_no_shelf() -> None:
    assert len(k_weighting(2000)) == 1 and len(k_weighting(4000)) == 2
    assert math.isfinite(integrated_loudness(sine(1, -20.0, 2000, 300.0), 2000))
