"""Log-mel spectrograms in NumPy: one definition for training, evaluation and reports."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from partita.errors import PartitaError

FLOOR = 1e-10  # least power, -100 dB: smaller values are raised to it
CHUNK = 2048  # frames that are transformed at once, which bounds the memory


def log_mel(
    waveform: NDArray[np.floating],
    sample_rate: int,
    *,
    n_mels: int = 64,
    n_fft: int = 1024,
    hop_length: int = 256,
) -> NDArray[np.float32]:
    """Return the natural logarithm of mel-band power.

        S[i, m] = ln max(sum_k M[m, k] |sum_n w[n] x[i hop + n] e^(-2 pi j k n / n_fft)|^2 / (sum_n w[n])^2,
        1e-10)

    w is the Hann window. M are triangular filters with corners equally spaced from 0 to half the sample rate
    in mel, mel(f) = 2595 log10(1 + f / 700). A full-scale sine has a power of 1/4 at its bin. All frames lie
    inside the sound; a sound shorter than one frame is padded with zeros.

    Args:
        waveform: (samples,) float in [-1, 1].
        sample_rate: in Hz.
        n_mels: number of mel bands.
        n_fft: length of the window and of the transform, in samples.
        hop_length: samples from one frame to the next.

    Returns:
        (frames, n_mels) float32; frames = 1 + (samples - n_fft) // hop_length, at least 1.

    Raises:
        PartitaError: the sound is not one-dimensional.

    >>> log_mel(np.zeros(2048), 16000).shape
    (5, 64)
    """
    x = np.asarray(waveform, dtype=np.float32)
    if x.ndim != 1:
        raise PartitaError(
            f"`waveform` has shape {x.shape}, must be (samples,): give one channel of one clip"
        )
    x = np.pad(x, (0, max(0, n_fft - len(x))))
    frames = np.lib.stride_tricks.sliding_window_view(x, n_fft)[::hop_length]
    window = np.hanning(n_fft + 1)[:-1].astype(np.float32)
    filters = mel_filters(sample_rate, n_mels, n_fft)
    rows = np.empty((len(frames), n_mels), dtype=np.float32)
    for start in range(0, len(frames), CHUNK):
        spectrum = np.fft.rfft(frames[start : start + CHUNK] * window, axis=1)
        power = (spectrum.real**2 + spectrum.imag**2).astype(np.float32) / window.sum() ** 2
        rows[start : start + CHUNK] = np.log(np.maximum(power @ filters.T, FLOOR))
    return rows


@lru_cache(maxsize=8)
def mel_filters(sample_rate: int, n_mels: int, n_fft: int) -> NDArray[np.float32]:
    """Return the triangular filters M, (n_mels, n_fft // 2 + 1) float32, each of height 1 at its centre.

    A band that is narrower than the spacing of the bins, as at high sample rates, has the bin nearest to its
    centre.

    >>> mel_filters(16000, 64, 1024).shape
    (64, 513)
    """
    mel = np.linspace(0, 2595 * np.log10(1 + sample_rate / 2 / 700), n_mels + 2)
    corners = 700 * (10 ** (mel / 2595) - 1)
    bins = np.arange(n_fft // 2 + 1) * sample_rate / n_fft
    low, centre, high = corners[:-2, None], corners[1:-1, None], corners[2:, None]
    filters = np.maximum(0, np.minimum((bins - low) / (centre - low), (high - bins) / (high - centre)))
    empty = filters.sum(axis=1) == 0
    nearest = np.abs(bins - centre).argmin(axis=1)
    filters[empty, nearest[empty]] = 1
    result = filters.astype(np.float32)
    result.setflags(write=False)
    return result
