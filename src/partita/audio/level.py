"""The level of sound that people listen to: by what factor to bring it to the peak that recordings have.

This file knows no files and no corpora; scores never see sound that was brought to a level here.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

PEAK_DBFS = -1.0
"""The greatest sample of a prepared recording, in decibels of full scale: what `prepare` uses by default."""
SILENCE = 10.0 ** (-50 / 20)
"""What is never louder than this, 50 dB below full scale, is called silent."""


def gain_to_peak(peak: float, dbfs: float = PEAK_DBFS) -> float:
    """Return the factor that brings sound to a peak; silence keeps its level.

    Args:
        peak: the greatest absolute value, 1 being full scale.
        dbfs: where the peak should be, in decibels of full scale.

    >>> round(gain_to_peak(0.25, 0.0), 3), gain_to_peak(1e-4)
    (4.0, 1.0)
    """
    return float(10.0 ** (dbfs / 20) / peak) if peak > SILENCE else 1.0


def normalise_peak(waveform: NDArray[np.floating[Any]], dbfs: float = PEAK_DBFS) -> NDArray[np.floating[Any]]:
    """Return sound brought to a peak by one factor, so that all within it stays in proportion.

    Args:
        waveform: (samples,), float, 1 being full scale; silence keeps its level.
        dbfs: where the peak should be, in decibels of full scale.

    >>> normalise_peak(np.array([0.1, -0.25]), 0.0).tolist()
    [0.4, -1.0]
    """
    return waveform * waveform.dtype.type(gain_to_peak(float(np.abs(waveform).max(initial=0.0)), dbfs))
