"""Spectrograms as PNG images, and the positions of their axis ticks.

The images have no axes: the page draws them in its own fonts and colours.
"""

import base64
import io
from typing import Any

import matplotlib
import numpy as np
from matplotlib.image import imsave
from numpy.typing import NDArray

from partita.audio.spectrogram import log_mel
from partita.reports.axes import Tick

BANDS = 128
WINDOW_SECONDS = 0.064
COLUMNS = 480
RANGE_DB = 75.0  # from the darkest to the brightest colour
COLOURS = "magma"
"""A perceptually uniform colour map: equal steps in dB look equal, also in greyscale."""


def decibels(waveform: NDArray[np.floating[Any]], sample_rate: int) -> NDArray[np.float64]:
    """Return the mel spectrogram of a clip in dB.

    Args:
        waveform: (samples,), float in [-1, 1].
        sample_rate: Hz.

    Returns:
        (bands, columns) in dB, with the lowest band first; the columns cover the whole clip.

    >>> decibels(np.zeros(16000), 16000).shape[0]
    128
    """
    window = 1 << round(np.log2(WINDOW_SECONDS * sample_rate))
    padded = np.pad(waveform, window // 2)
    hop = max(1, len(waveform) // COLUMNS)
    frames = log_mel(padded, sample_rate, n_mels=BANDS, n_fft=window, hop_length=hop)
    return np.asarray(10 / np.log(10) * frames.T, np.float64)


def spectrogram_png(waveform: NDArray[np.floating[Any]], sample_rate: int, *, top_db: float) -> bytes:
    """Return the spectrogram of a clip as a PNG, with time to the right and mel frequency upward.

    Args:
        waveform: (samples,), float in [-1, 1].
        sample_rate: Hz.
        top_db: level of the brightest colour, in dB; the darkest is 75 dB lower. Use the same value for
            images that are compared.

    >>> spectrogram_png(np.zeros(16000), 16000, top_db=0.0)[1:4]
    b'PNG'
    """
    share = np.clip((decibels(waveform, sample_rate) - top_db) / RANGE_DB + 1, 0, 1)
    coloured = matplotlib.colormaps[COLOURS](share[::-1], bytes=True)
    file = io.BytesIO()
    imsave(file, coloured[:, :, :3], format="png")
    return file.getvalue()


def png_data_url(png: bytes) -> str:
    """Encode a PNG as a `data:` URL.

    Args:
        png: the file's bytes.

    >>> png_data_url(b"")
    'data:image/png;base64,'
    """
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii")


def frequency_ticks(sample_rate: int) -> list[Tick]:
    """Return the ticks of the mel axis from 0 to half the sample rate, labelled in kHz.

    Args:
        sample_rate: Hz.

    >>> [tick.label for tick in frequency_ticks(16000)]
    ['0.25', '0.5', '1', '2', '4', '8']
    """
    top = _mel(sample_rate / 2)
    octaves = [250 * 2**octave for octave in range(8)]
    return [Tick(f"{f / 1000:g}", float(_mel(f) / top)) for f in octaves if f <= sample_rate / 2]


def time_ticks(seconds: float) -> list[Tick]:
    """Return at most 7 ticks at round times, labelled in seconds.

    Args:
        seconds: length of the time axis.

    >>> [tick.label for tick in time_ticks(4.5)]
    ['0', '1', '2', '3', '4']
    """
    step = next(s for s in (0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 300, 1800) if seconds / s <= 6 or s == 1800)
    return [Tick(f"{k * step:g}", k * step / seconds) for k in range(int(seconds / step + 1e-9) + 1)]


def _mel(hertz: float) -> float:
    return float(np.log10(1 + hertz / 700))
