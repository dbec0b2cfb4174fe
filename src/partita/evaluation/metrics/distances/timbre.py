"""Features of half seconds of sound: colour, noisiness, tones, attacks and fluctuation, but not level.

Log-mel frames see the spectrum at one moment. These features see what a moment does not hold: whether a tone
is periodic, whether the noise lies between its overtones, how it begins and how it trembles. All are computed
by formulas, so nothing is shared with a network that a model may be conditioned on. This file compares
nothing and knows no models.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dct, next_fast_len, rfft

from partita.audio.spectrogram import FLOOR, mel_filters
from partita.evaluation.metrics.harmonicity import frames_of, hnr_db

WINDOW_FRAMES, STEP_FRAMES = 31, 8  # windows of 0.5 s, every 0.13 s, of frames every 16 ms
MEL_BANDS = 40
CEPSTRA = 8  # coefficients 1 to 8; coefficient 0 is the level
FLATNESS_EDGES_HZ = (0.0, 1000.0, 2000.0, 4000.0, 8000.0)
MODULATION_EDGES_HZ = (3.0, 7.0, 15.0, 31.0, 61.0)  # vibrato lies in the first band, roughness in the last
QUIET_HNR_DB = -10.0  # the ratio of white noise, which quiet frames get
_STEPS = 4  # of the envelope in one hop of the frames: every 4 ms

Floats = NDArray[np.float64]


def timbre_features(waveform: NDArray[np.floating], sample_rate: int) -> Floats:
    """Return the features of overlapping windows of 0.5 s.

    In this order: the means of mel-cepstral coefficients 1 to 8; their standard deviations in the window; the
    mean log flatness of the power spectrum from 0 to 1, 2, 4 and 8 kHz (0 is a constant spectrum, tones are
    negative); the mean harmonic-to-noise ratio in dB; the mean and the maximum of the rise of the log
    spectrum from frame to frame (attacks); the standard deviation of the level; the log power of the level's
    fluctuation in four octaves from 4 to 60 Hz.

    Args:
        waveform: (samples,) float in [-1, 1]; shorter than a window is one window.
        sample_rate: Hz.

    Returns:
        (windows, 28).

    >>> timbre_features(np.random.default_rng(0).normal(0, 0.1, 16000), 16000).shape
    (4, 28)
    """
    frames = frames_of(waveform, sample_rate)
    length = frames.shape[1]
    n_fft, window = next_fast_len(length, real=True), np.hanning(length)
    spectra = rfft((frames * window).astype(np.float32), n_fft)
    power = (spectra.real**2 + spectra.imag**2).astype(np.float64) / window.sum() ** 2
    mel = np.log(np.maximum(power @ mel_filters(sample_rate, MEL_BANDS, n_fft).T, FLOOR))
    cepstra = dct(mel, axis=1, norm="ortho")[:, 1 : CEPSTRA + 1]
    rise = np.maximum(0, np.diff(mel, axis=0, prepend=mel[:1])).mean(axis=1)
    ratio = np.clip(np.nan_to_num(hnr_db(waveform, sample_rate), nan=QUIET_HNR_DB), QUIET_HNR_DB, 40.0)
    level = 10 * np.log10(np.maximum((frames**2).mean(axis=1), FLOOR))
    cepstra, rise, ratio, level, flat = (
        _windows(np.reshape(series, (len(frames), -1)))
        for series in (cepstra, rise, ratio, level, _flatness(power, sample_rate))
    )
    return np.concatenate(
        [
            cepstra.mean(axis=2), cepstra.std(axis=2), flat.mean(axis=2), ratio.mean(axis=2),
            rise.mean(axis=2), rise.max(axis=2), level.std(axis=2),
            _modulation(waveform, sample_rate, windows=len(level)),
        ],
        axis=1,
    )  # fmt: skip


def standardise(clips: Sequence[Floats], real: Sequence[Floats]) -> list[Floats]:
    """Subtract the mean of real sound from each feature and divide by its standard deviation there.

    Args:
        clips: (windows, features) of each clip.
        real: (windows, features) of each real clip, which gives the mean and the deviation.

    >>> standardise([np.array([[3.0]])], [np.array([[0.0], [2.0]])])[0].tolist()
    [[2.0]]
    """
    flat = np.concatenate(list(real))
    mean, scale = flat.mean(axis=0), np.maximum(flat.std(axis=0), 1e-3)
    return [(windows - mean) / scale for windows in clips]


def _windows(series: Floats) -> Floats:
    """Cut (frames, features) into (windows, features, frames of a window)."""
    length = min(WINDOW_FRAMES, len(series))
    return np.lib.stride_tricks.sliding_window_view(series, length, axis=0)[::STEP_FRAMES]


def _flatness(power: Floats, sample_rate: int) -> Floats:
    """Return ln(geometric mean / mean) of each band's power; 0 for a band above half the sample rate."""
    frequency = np.linspace(0, sample_rate / 2, power.shape[1])
    result = np.zeros((len(power), len(FLATNESS_EDGES_HZ) - 1))
    for band in range(result.shape[1]):
        low, high = FLATNESS_EDGES_HZ[band : band + 2]
        bins = (frequency >= max(low, 1.0)) & (frequency < high)
        if bins.any():
            some = np.maximum(power[:, bins], FLOOR / 100)
            result[:, band] = np.log(some).mean(axis=1) - np.log(some.mean(axis=1))
    return result


def _modulation(waveform: NDArray[np.floating], sample_rate: int, *, windows: int) -> Floats:
    """Return the log power of the log level's fluctuation, by octaves of its frequency.

    The level is that of 16 ms, every 4 ms, so that a violin's lowest pitch does not show in it.
    """
    step = max(1, round(0.004 * sample_rate))
    sums = np.concatenate([[0.0], np.cumsum(np.asarray(waveform, np.float64) ** 2)])
    ends = np.arange(min(_STEPS * step, len(sums) - 1), len(sums), step)
    power = (sums[ends] - sums[np.maximum(0, ends - _STEPS * step)]) / (_STEPS * step)
    level = np.log(np.maximum(power, FLOOR)) / 2
    length = _STEPS * WINDOW_FRAMES
    level = np.pad(
        level, (0, max(0, length + _STEPS * STEP_FRAMES * (windows - 1) - len(level))), mode="edge"
    )
    rows = np.lib.stride_tricks.sliding_window_view(level, length)[:: _STEPS * STEP_FRAMES][:windows]
    window = np.hanning(length)
    spectra = np.abs(np.fft.rfft((rows - rows.mean(axis=1, keepdims=True)) * window)) ** 2 / window.sum() ** 2
    frequency = np.fft.rfftfreq(length, step / sample_rate)
    edges = pairwise(MODULATION_EDGES_HZ)
    bands = [spectra[:, (frequency >= low) & (frequency < high)].sum(axis=1) for low, high in edges]
    return np.log(np.stack(bands, axis=1) + 1e-6)
