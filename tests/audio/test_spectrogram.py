"""Log-mel spectrograms against an independent implementation and known tones."""

import numpy as np
import pytest
import scipy.signal

from partita.audio.spectrogram import log_mel, mel_filters
from partita.errors import PartitaError


def test_agrees_with_scipy() -> None:
    x = np.random.default_rng(0).uniform(-1, 1, 9000)
    _, _, power = scipy.signal.spectrogram(
        x, 16000, window="hann", nperseg=1024, noverlap=768, detrend=False, scaling="spectrum", mode="psd"
    )
    power[1:-1] /= 2  # scipy's is one-sided
    expected = np.log(np.maximum(power.T @ mel_filters(16000, 64, 1024).T.astype(float), 1e-10))
    assert log_mel(x, 16000) == pytest.approx(expected, abs=1e-3)


def test_a_tone_is_in_its_band_at_its_level() -> None:
    t = np.arange(32000) / 16000
    rows = log_mel(np.sin(2 * np.pi * 1000 * t), 16000)
    filters = mel_filters(16000, 64, 1024)
    assert np.all(rows.argmax(axis=1) == filters[:, 64].argmax())
    # a sine on bin k has power 1/4 there and 1/16 on either side (Hann)
    band = filters[filters[:, 64].argmax()]
    assert rows.max() == pytest.approx(np.log(band[64] / 4 + (band[63] + band[65]) / 16), abs=1e-3)


@pytest.mark.parametrize(
    ("samples", "frames"), [(0, 1), (10, 1), (1024, 1), (1279, 1), (1280, 2), (600_000, 2340)]
)
def test_frames(samples: int, frames: int) -> None:
    rows = log_mel(np.zeros(samples, dtype=np.float32), 16000)
    assert rows.shape == (frames, 64)
    assert rows.dtype == np.float32
    assert np.allclose(rows, np.log(1e-10))


@pytest.mark.parametrize("rate", [8000, 16000, 44100, 96000])
def test_no_band_is_empty(rate: int) -> None:
    assert (mel_filters(rate, 80, 1024).sum(axis=1) > 0).all()


def test_refuses_a_batch_of_clips() -> None:
    with pytest.raises(PartitaError, match="shape"):
        log_mel(np.zeros((2, 100)), 16000)
