"""Features of half seconds: each reacts to what it is named after, and none to the level."""

import numpy as np
import pytest
from numpy.typing import NDArray

from partita.evaluation.metrics.distances.timbre import standardise, timbre_features

RATE = 16000
TIME = np.arange(2 * RATE) / RATE
NOISE = np.random.default_rng(0).normal(0, 0.1, len(TIME))
CEPSTRA, DEVIATIONS, FLATNESS, RATIO = slice(0, 8), slice(8, 16), slice(16, 20), 20
RISE, GREATEST_RISE, LEVEL_DEVIATION, MODULATION = 21, 22, 23, slice(24, 28)


def mean_features(sound: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(timbre_features(sound, RATE).mean(axis=0))


def saw(hertz: float) -> NDArray[np.float64]:
    waves = [np.sin(2 * np.pi * hertz * k * TIME) / k for k in range(1, int(7000 / hertz))]
    return np.asarray(0.1 * np.sum(waves, axis=0))


def test_the_level_changes_nothing() -> None:
    sound = saw(300.0) + 0.1 * NOISE
    assert mean_features(0.5 * sound) == pytest.approx(mean_features(sound), abs=1e-3)


def test_noise_is_flat_and_has_no_period() -> None:
    noise, tone = mean_features(NOISE), mean_features(saw(300.0))
    assert (noise[FLATNESS] > -0.8).all()
    assert (tone[FLATNESS] < -2.5).all()
    assert noise[RATIO] < 0
    assert tone[RATIO] > 15


def test_noise_between_the_overtones_of_one_band_shows_there() -> None:
    spectrum = np.fft.rfft(0.1 * NOISE)
    frequency = np.fft.rfftfreq(len(TIME), 1 / RATE)
    hiss = np.fft.irfft(np.where(frequency > 4200, spectrum, 0))
    change = mean_features(saw(300.0) + hiss)[FLATNESS] - mean_features(saw(300.0))[FLATNESS]
    assert change[3] > 1.5
    assert (change[:2] < 0.5).all()


def test_attacks_and_fluctuation_show() -> None:
    steady = saw(300.0)
    attacks = steady * (0.02 + (TIME % 0.25 < 0.12))
    assert mean_features(attacks)[GREATEST_RISE] > mean_features(steady)[GREATEST_RISE] + 0.5
    assert mean_features(attacks)[LEVEL_DEVIATION] > mean_features(steady)[LEVEL_DEVIATION] + 3
    for band, hertz in enumerate((5.0, 10.0, 20.0, 40.0)):
        trembling = mean_features(steady * (1 + 0.3 * np.sin(2 * np.pi * hertz * TIME)))[MODULATION]
        assert trembling.argmax() == band


def test_windows_overlap_and_short_or_silent_sound_is_one_finite_window() -> None:
    assert timbre_features(NOISE, RATE).shape == (12, 28)
    for sound, rate in ((np.zeros(100), RATE), (np.zeros(1), 2000), (NOISE[:500], 2000), (NOISE, 44100)):
        features = timbre_features(sound, rate)
        assert features.shape[1] == 28
        assert np.isfinite(features).all()


def test_real_sound_gives_the_scale() -> None:
    rng = np.random.default_rng(0)
    real = [rng.normal(3, 2, (50, 2)) for _ in range(3)]
    flat = np.concatenate(standardise(real, real))
    assert flat.mean(axis=0) == pytest.approx(0)
    assert flat.std(axis=0) == pytest.approx(1)
    constant = [np.ones((4, 2))]
    assert np.isfinite(standardise(real, constant)[0]).all()
