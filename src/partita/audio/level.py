"""Peak normalisation: scale a sound so that its greatest sample has a given level.

This file is for sound that is played to people. Metrics are computed on sound that is not normalised.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

PEAK_DBFS = -1.0
"""Peak level of prepared recordings, in decibels of full scale (dBFS)."""
SILENT_PEAK = 10.0 ** (-50 / 20)
"""A clip whose peak is not above this, 50 dB below full scale, counts as silent."""


def gain_to_peak(peak: float, dbfs: float = PEAK_DBFS) -> float:
    """Return the factor that scales a sound to a peak level; 1 for a silent sound.

    Args:
        peak: the greatest absolute value of the sound; 1 is full scale.
        dbfs: the wanted peak, in decibels of full scale.

    >>> round(gain_to_peak(0.25, 0.0), 3), gain_to_peak(1e-4)
    (4.0, 1.0)
    """
    return float(10.0 ** (dbfs / 20) / peak) if peak > SILENT_PEAK else 1.0


def normalise_peak(waveform: NDArray[np.floating[Any]], dbfs: float = PEAK_DBFS) -> NDArray[np.floating[Any]]:
    """Scale a sound to a peak level; a silent sound keeps its level.

    Args:
        waveform: (samples,) float; 1 is full scale.
        dbfs: the wanted peak, in decibels of full scale.

    >>> normalise_peak(np.array([0.1, -0.25]), 0.0).tolist()
    [0.4, -1.0]
    """
    return waveform * waveform.dtype.type(gain_to_peak(float(np.abs(waveform).max(initial=0.0)), dbfs))
