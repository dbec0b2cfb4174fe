"""Log-mel bands of frames that are centred in the sound, as models are given them.

`audio.spectrogram` has the spectrograms of scores and pages; this file has the bands of frames.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from partita.errors import PartitaError

LOWEST_HZ = 60.0
HIGHEST = 0.97
"""The upper end of the bands, as a share of half the sample rate."""
WINDOW_HOPS = 4
WINDOW_AT_16_KHZ = 640
FLOOR = 1e-5  # added to the power: about the level of room noise
SHIFT, SCALE = 4.0, 3.0  # the logarithm plus 4, over 3: most values of music are from -2 to 2
CHUNK = 128  # frames that are transformed at once, which bounds the memory


def log_mel(
    waveform: NDArray[np.floating], *, sample_rate: int, hop_length: int, bands: int
) -> NDArray[np.float32]:
    """Return standardised log-mel bands; frame i is centred at sample i * hop_length.

        F[i, m] = (ln(1e-5 + sum_k M[m, k] |(640 / N) sum_n w[n] x[i hop + n - N / 2] e^(-2 pi j k n / K)|^2)
                   + 4) / 3

    w is the Hann window of N = 4 hops. The sound is 0 outside. M are triangular filters whose corners are
    equally spaced in mel(f) = 2595 log10(1 + f / 700) from 60 Hz to 0.97 of half the sample rate, each
    divided by its sum. The factor 640 / N makes the level of a sine about the same at every sample rate. K is
    N, or more where a band is narrower than the spacing of the frequencies.

    Args:
        waveform: (samples,) float in [-1, 1].
        sample_rate: Hz.
        hop_length: samples from one frame to the next, even.
        bands: number of bands.

    Returns:
        (samples // hop_length + 1, bands) float32.

    Raises:
        PartitaError: the sound is not one-dimensional, or the sample rate is too low for any band.

    >>> log_mel(np.zeros(16000), sample_rate=16000, hop_length=160, bands=32).shape
    (101, 32)
    """
    from scipy.fft import rfft

    x = np.asarray(waveform, dtype=np.float32)
    if x.ndim != 1:
        raise PartitaError(f"`waveform` has shape {x.shape}, must be (samples,): give one channel")
    length, count = WINDOW_HOPS * hop_length, len(x) // hop_length + 1
    x = np.pad(x, (length // 2, length // 2))
    frames = np.lib.stride_tricks.sliding_window_view(x, length)[::hop_length][:count]
    window, filters, size = _window(length), *_filters(sample_rate, hop_length, bands)
    result = np.empty((count, bands), dtype=np.float32)
    for start in range(0, count, CHUNK):
        spectrum = rfft(frames[start : start + CHUNK] * window, size, axis=1)
        power = spectrum.real**2 + spectrum.imag**2
        result[start : start + CHUNK] = power @ filters
    result += FLOOR
    np.log(result, out=result)
    result += SHIFT
    result /= SCALE
    return result


def band_corners(sample_rate: int, bands: int) -> NDArray[np.float64]:
    """Return the corners of the bands in Hz, (bands + 2,): band m reaches from corner m to corner m + 2.

    Args:
        sample_rate: Hz.
        bands: number of bands.

    Raises:
        PartitaError: the sample rate is too low for any band.

    >>> band_corners(16000, 2).round().tolist()
    [60.0, 997.0, 3089.0, 7760.0]
    """
    highest = HIGHEST * sample_rate / 2
    if highest <= LOWEST_HZ:
        raise PartitaError(f"`sample_rate` is {sample_rate}, must be higher than 124 Hz for log-mel bands")
    mel = np.linspace(_mel(LOWEST_HZ), _mel(highest), bands + 2)
    corners: NDArray[np.float64] = 700 * (10 ** (mel / 2595) - 1)
    return corners


@lru_cache(maxsize=8)
def _window(length: int) -> NDArray[np.float32]:
    """Return the periodic Hann window, (length,), scaled to the level that it has at 16 kHz."""
    window = np.hanning(length + 1)[:-1] * (WINDOW_AT_16_KHZ / length)
    return _constant(window)


@lru_cache(maxsize=8)
def _filters(sample_rate: int, hop_length: int, bands: int) -> tuple[NDArray[np.float32], int]:
    """Return the filters as (frequencies, bands), and the length of the transform, in samples."""
    from scipy.fft import next_fast_len

    corners = band_corners(sample_rate, bands)
    enough = int(np.ceil(sample_rate / np.diff(corners).min()))  # at least one frequency inside each band
    size = next_fast_len(max(WINDOW_HOPS * hop_length, enough), real=True)
    frequencies = np.arange(size // 2 + 1)[:, None] * sample_rate / size
    low, centre, high = corners[:-2], corners[1:-1], corners[2:]
    rising, falling = (frequencies - low) / (centre - low), (high - frequencies) / (high - centre)
    filters = np.maximum(0, np.minimum(rising, falling))
    return _constant(filters / filters.sum(axis=0)), size


def _mel(frequency: float) -> float:
    return float(2595 * np.log10(1 + frequency / 700))


def _constant(values: NDArray[np.floating]) -> NDArray[np.float32]:
    result = np.ascontiguousarray(values, dtype=np.float32)
    result.setflags(write=False)
    return result
