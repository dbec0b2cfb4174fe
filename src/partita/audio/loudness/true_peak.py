"""True peak: the greatest absolute value of a sound between and at its samples (ITU-R BS.1770-4, annex 2).

A player that converts the sample rate, or to analogue, can exceed the greatest sample. This file changes no
samples.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import signal

OVERSAMPLED_RATE = 192_000  # Hz; BS.1770 uses four times 48 kHz
LEAST_FACTOR = 4


def true_peak(waveform: NDArray[np.floating[Any]], sample_rate: int) -> float:
    """Return the true peak of a sound, with 1 for full scale.

    The sound is interpolated to at least 192 kHz.

    Args:
        waveform: (samples,) float; 1 is full scale.
        sample_rate: in Hz.

    >>> quarter = np.sin(np.pi / 2 * np.arange(4000) + np.pi / 4)  # every sample is 0.71, the peak is 1
    >>> round(float(np.abs(quarter).max()), 2), round(true_peak(quarter[:], 16000), 1)
    (0.71, 1.0)
    """
    if not len(waveform):
        return 0.0
    sound = np.asarray(waveform, np.float64)
    factor = max(LEAST_FACTOR, -(-OVERSAMPLED_RATE // sample_rate))
    between = signal.resample_poly(sound, factor, 1)
    return max(float(np.abs(sound).max()), float(np.abs(between).max()))
