"""The long-term spectrum of a corpus, the part of the bandwidth that has sound, and the noise floor."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from partita.doctor.corpus.excerpts import CorpusSound, Waveform

N_FFT = 1024
CHUNK = 2048  # frames that are transformed at once, which bounds the memory
USED_DB = 60.0
"""Frequencies this far below the strongest have no sound. The violin is above -45 dB up to 8 kHz, spoken
digits above -36 dB up to half their rate; above the edge of upsampled sound there are -70 to -100 dB."""
LOUD_DB = 40.0  # frames this far below the loud ones are left out of the noise floor, since they are pauses
FLOOR_PERCENTILE = 5
STEADY_DB = 17.0
"""Mean power over its 5% quantile below which a band is steady noise. White noise has 12.9 dB; the violin 31
dB or more in its steadiest band, four violins together 23 dB, synthetic violins 20 dB."""
BAND = 8  # bins
LEAST_FRAMES = 60


@dataclass(frozen=True)
class Spectrum:
    """The long-term spectrum.

    Args:
        frequencies: (bins,) Hz.
        level: (bins,) mean power, dB relative to the strongest bin.
    """

    frequencies: NDArray[np.float64]
    level: NDArray[np.float64]

    @property
    def used_hz(self) -> float:
        """The highest frequency that has sound, Hz."""
        return float(self.frequencies[np.flatnonzero(self.level > -USED_DB)[-1]])


def powers(sound: Waveform) -> NDArray[np.float32]:
    """Return the power spectra of Hann windows of 1,024 samples that overlap by half, (frames, 513).

    Args:
        sound: (samples,) float; less than a window is padded with zeros.

    >>> powers(np.zeros(2048, np.float32)).shape
    (3, 513)
    """
    padded = np.pad(sound, (0, max(0, N_FFT - len(sound))))
    frames = np.lib.stride_tricks.sliding_window_view(padded, N_FFT)[:: N_FFT // 2]
    window = np.hanning(N_FFT).astype(np.float32)
    rows = [
        np.abs(np.fft.rfft(frames[at : at + CHUNK] * window, axis=1)).astype(np.float32) ** 2
        for at in range(0, len(frames), CHUNK)
    ]
    return np.concatenate(rows)


def long_term_spectrum(sound: CorpusSound) -> Spectrum:
    """Return the mean power spectrum of a corpus.

    Args:
        sound: excerpts of the corpus.
    """
    total, count = np.zeros(N_FFT // 2 + 1), 0
    for one in sound.by_recording.values():
        found = powers(one)
        total += found.sum(axis=0, dtype=np.float64)
        count += len(found)
    mean = total / max(1, count)
    level = 10 * np.log10(np.maximum(mean / max(mean.max(), 1e-20), 1e-12))
    return Spectrum(np.arange(len(level)) * sound.sample_rate / N_FFT, level)


@dataclass(frozen=True)
class NoiseFloor:
    """The steady noise of one recording.

    Args:
        below_db: how far the noise is below the mean power of the sound, dB; None if no noise is found.
        steady_share: share of the bands in which the noise is stronger than all else.
    """

    below_db: float | None
    steady_share: float


def noise_floor(sound: Waveform) -> NoiseFloor | None:
    """Return the steady noise beneath a sound, or None if the sound is too short.

    In a band of steady noise the power seldom falls far below its mean; where there is music it does. The
    noise has the median power of the bands that are steady.

    Args:
        sound: (samples,) float.

    >>> rng = np.random.default_rng(0)
    >>> tone = np.sin(np.arange(160000) * 0.3) * np.repeat(rng.uniform(0, 1, 100), 1600)
    >>> noisy = (tone + 0.1 * rng.normal(0, 1, 160000)).astype(np.float32)
    >>> round(noise_floor(noisy).below_db, 0)
    13.0
    """
    found = powers(sound)
    whole = found.sum(axis=1)
    found = found[whole > np.percentile(whole, 95) * 10 ** (-LOUD_DB / 10)]
    if len(found) < LEAST_FRAMES:
        return None
    bins = found.shape[1]
    found = found[:, bins // 50 : int(0.93 * bins)]  # without the lowest, and the edge of the resampler
    count = found.shape[1] // BAND * BAND
    mean = found.mean(axis=0)[:count].reshape(-1, BAND).mean(axis=1)
    low = np.percentile(found, FLOOR_PERCENTILE, axis=0)[:count].reshape(-1, BAND).mean(axis=1)
    above = mean > mean.max() * 10 ** (-USED_DB / 10)  # what is lower is the rounding of the samples
    steady = above & (10 * np.log10(mean / np.maximum(low, 1e-20)) < STEADY_DB)
    if not steady.any():
        return NoiseFloor(None, 0.0)
    below = 10 * np.log10(mean.mean() / np.median(mean[steady]))
    return NoiseFloor(float(below), float(steady.mean()))
