"""Harmonic-to-noise ratio and pitch: known ratios, known pitches, and an independent slow computation."""

import numpy as np
import pytest
from numpy.typing import NDArray

from partita.evaluation.metrics.harmonicity import frames_of, harmonicity, hnr_db, pitch_track

RATES = (8000, 16000, 22050, 44100)


def tone(hertz: float, sample_rate: int, *, partials: int = 6, seconds: float = 1.0) -> NDArray[np.float64]:
    time = np.arange(round(seconds * sample_rate)) / sample_rate
    numbers = [k for k in range(1, partials + 1) if k * hertz < 0.45 * sample_rate]
    waves = [np.sin(2 * np.pi * hertz * k * time + k) / k for k in numbers]
    return np.asarray(0.1 * np.sum(waves, axis=0), np.float64)


def with_noise(sound: NDArray[np.float64], below_db: float) -> NDArray[np.float64]:
    level = sound.std() * 10 ** (-below_db / 20)
    return sound + np.random.default_rng(0).normal(0, level, len(sound))


@pytest.mark.parametrize("sample_rate", RATES)
@pytest.mark.parametrize("ratio", [3.0, 10.0, 20.0])
def test_the_ratio_of_a_tone_in_noise_is_found(sample_rate: int, ratio: float) -> None:
    found = np.median(hnr_db(with_noise(tone(440.0, sample_rate), ratio), sample_rate))
    assert found == pytest.approx(ratio, abs=1.0)


def test_the_ratio_agrees_with_a_slow_computation() -> None:
    sound, rate = with_noise(tone(330.0, 8000), 8.0), 8000
    frame = np.array(frames_of(sound, rate)[3])
    frame -= frame.mean()
    window = np.hanning(len(frame))

    def correlation(x: NDArray[np.float64], lag: int) -> float:
        return float((x[lag:] * x[: len(x) - lag]).sum() / (x**2).sum())

    lags = range(int(rate / 2200), int(rate / 180))
    share = max(correlation(frame * window, lag) / correlation(window, lag) for lag in lags)
    coarse = 10 * np.log10(share / (1 - share))
    assert coarse - 0.01 <= hnr_db(sound, rate)[3] < coarse + 1.0  # a peak between two lags is higher


def test_quiet_frames_have_no_ratio_and_no_pitch() -> None:
    sound = 1e-3 * tone(440.0, 8000)
    assert np.isnan(hnr_db(sound, 8000)).all()
    assert np.isnan(pitch_track(sound, 8000)).all()
    silence = harmonicity([np.zeros(8000)] * 3, 8000)
    assert silence["voiced_share"].value == 0
    assert silence["median_hnr_db"].value == pytest.approx(-30, abs=0.1)


@pytest.mark.parametrize("sample_rate", RATES)
@pytest.mark.parametrize("hertz", [196.0, 311.1, 440.0, 659.3, 1046.5, 1975.5])
@pytest.mark.parametrize("partials", [1, 6])
def test_the_pitch_of_a_tone_is_found_within_5_cents(sample_rate: int, hertz: float, partials: int) -> None:
    track = pitch_track(with_noise(tone(hertz, sample_rate, partials=partials), 30.0), sample_rate)
    expected = 69 + 12 * np.log2(hertz / 440)
    assert np.abs(track - expected).max() < 0.3  # no frame is wrong by an octave
    assert np.median(track) == pytest.approx(expected, abs=0.05)


def test_a_weak_fundamental_is_still_the_pitch() -> None:
    time = np.arange(16000) / 16000
    sound = sum(a * np.sin(2 * np.pi * 220 * k * time) for k, a in ((1, 0.02), (2, 0.1), (3, 0.1), (4, 0.05)))
    assert np.median(pitch_track(np.asarray(sound), 16000)) == pytest.approx(57, abs=0.05)


def test_noise_is_not_voiced() -> None:
    noise = list(np.random.default_rng(0).normal(0, 0.1, (4, 16000)))
    found = harmonicity(noise, 16000)
    assert found["voiced_share"].high < 0.01
    assert found["median_hnr_db"].value < -5


def test_the_scores_are_those_of_all_frames_together() -> None:
    clips = [with_noise(tone(440.0, 8000), ratio) for ratio in (0.0, 2.0, 2.0, 4.0, 8.0, 8.0, 12.0, 20.0)]
    ratios = np.concatenate([hnr_db(clip, 8000) for clip in clips])
    found = harmonicity(clips, 8000, seed=1)
    assert found["median_hnr_db"].value == np.median(ratios)
    assert found["voiced_share"].value == (ratios > 5).mean()
    assert 0.0 < found["voiced_share"].low < 0.3
    assert 0.7 < found["voiced_share"].high < 1.0
    assert found["median_hnr_db"].low < 4
    assert found["median_hnr_db"].high > 8


def test_very_short_clips_at_a_low_rate_are_scored() -> None:
    for length in (1, 7, 60):
        assert np.isfinite(harmonicity([np.full(length, 0.1)] * 2, 2000)["median_hnr_db"].value)
