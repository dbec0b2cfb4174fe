"""Log-mel bands of frames: against a plain implementation, on sines, noise and impulses."""

import numpy as np
import pytest

from partita.audio.features.layout import hop_length_for
from partita.audio.features.mel import log_mel
from partita.errors import PartitaError

RATES = [8000, 16000, 22050, 44100, 48000]


def sine(frequency: float, sample_rate: int) -> np.ndarray:
    return np.sin(2 * np.pi * frequency * np.arange(sample_rate) / sample_rate)


def centres(sample_rate: int, bands: int) -> np.ndarray:
    low, high = (2595 * np.log10(1 + f / 700) for f in (60, 0.97 * sample_rate / 2))
    return np.asarray(700 * (10 ** (np.linspace(low, high, bands + 2)[1:-1] / 2595) - 1))


def test_agrees_with_a_plain_implementation() -> None:
    """The formula, frame by frame, with a loop over the bands."""
    x, corners = np.random.default_rng(0).normal(0, 0.1, 2000), np.r_[60, centres(16000, 24), 7760]
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(640) / 640)
    padded, frequencies, rows = np.pad(x, 320), np.arange(321) * 25.0, []
    for frame in range(13):
        power = np.abs(np.fft.rfft(padded[160 * frame : 160 * frame + 640] * window)) ** 2
        row = []
        for low, centre, high in zip(corners, corners[1:], corners[2:], strict=False):
            weights = np.interp(frequencies, [low, centre, high], [0, 1, 0])
            row.append((np.log(1e-5 + weights @ power / weights.sum()) + 4) / 3)
        rows.append(row)
    found = log_mel(x, sample_rate=16000, hop_length=160, bands=24)
    np.testing.assert_allclose(found, rows, atol=2e-4)


@pytest.mark.parametrize("sample_rate", RATES)
@pytest.mark.parametrize("bands", [1, 24, 32, 80, 256])
def test_a_sine_peaks_in_its_band_and_no_band_is_empty(sample_rate: int, bands: int) -> None:
    hop = hop_length_for(sample_rate)
    for band in {0, bands // 2, bands - 1}:
        frequency = centres(sample_rate, bands)[band]
        frames = log_mel(sine(frequency, sample_rate), sample_rate=sample_rate, hop_length=hop, bands=bands)
        assert abs(int(frames[50].argmax()) - band) <= (bands > 80)
    noise = np.random.default_rng(0).normal(0, 0.1, 20 * hop)
    assert log_mel(noise, sample_rate=sample_rate, hop_length=hop, bands=bands)[2:-2].min() > -1


@pytest.mark.parametrize("sample_rate", RATES)
def test_the_level_of_a_sine_is_about_the_same_at_every_rate(sample_rate: int) -> None:
    hop = hop_length_for(sample_rate)
    level = log_mel(sine(600, sample_rate), sample_rate=sample_rate, hop_length=hop, bands=32)[50].max()
    expected = log_mel(sine(600, 16000), sample_rate=16000, hop_length=160, bands=32)[50].max()
    assert level == pytest.approx(expected, abs=0.25)


def test_silence_is_the_floor_and_ten_decibels_are_a_constant() -> None:
    assert log_mel(np.zeros(800), sample_rate=16000, hop_length=160, bands=4) == pytest.approx(
        (np.log(1e-5) + 4) / 3
    )
    x = 0.3 * sine(500, 16000)
    loud, soft = (log_mel(y, sample_rate=16000, hop_length=160, bands=32)[9].max() for y in (x, x / 10**0.5))
    assert loud - soft == pytest.approx(np.log(10) / 3, abs=1e-3)


@pytest.mark.parametrize("sample_rate", RATES)
def test_frames_are_centred(sample_rate: int) -> None:
    """An impulse at i * hop is loudest in frame i, and equally loud in the frames beside it."""
    hop = hop_length_for(sample_rate)
    for place in (0, 3, 10):
        x = np.zeros(10 * hop + 1)
        x[place * hop] = 1
        energy = log_mel(x, sample_rate=sample_rate, hop_length=hop, bands=32).mean(axis=1)
        assert energy.argmax() == place
        if 0 < place < 10:
            assert energy[place - 1] == pytest.approx(energy[place + 1], abs=1e-3)


@pytest.mark.parametrize(("samples", "frames"), [(0, 1), (1, 1), (159, 1), (160, 2), (319, 2), (1600, 11)])
def test_there_is_a_frame_for_each_hop_and_one_more(samples: int, frames: int) -> None:
    assert log_mel(np.zeros(samples), sample_rate=16000, hop_length=160, bands=3).shape == (frames, 3)


def test_parts_of_a_sound_have_the_frames_of_the_whole() -> None:
    """Windows of a segment rely on it: frames away from the ends depend on the sound around them alone."""
    x = np.random.default_rng(1).normal(0, 0.1, 16000).astype(np.float32)
    whole = log_mel(x, sample_rate=16000, hop_length=160, bands=32)
    part = log_mel(x[1600:8000], sample_rate=16000, hop_length=160, bands=32)
    np.testing.assert_allclose(part[2:-2], whole[12:49], atol=1e-4)


def test_stereo_and_a_rate_without_bands_are_refused() -> None:
    with pytest.raises(PartitaError, match="give one channel"):
        log_mel(np.zeros((100, 2)), sample_rate=16000, hop_length=160, bands=3)
    with pytest.raises(PartitaError, match="must be higher than 124 Hz"):
        log_mel(np.zeros(100), sample_rate=100, hop_length=16, bands=3)
