"""The loudness of frames, and frames at a loudness; the compiled kernel does the same as it draws.

This file does not know the frame tier.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from partita.audio.features.mel import FLOOR, SCALE, SHIFT
from partita.audio.features.rounding import BAND_STEP

MOST_GAIN = 50.0
"""The most that the power of a frame's bands is raised to reach a loudness: more would raise only noise."""


def loudness_of(bands: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    """Return the loudness of frames: ln(1e-5 + the mean of the bands' power).

    Args:
        bands: (..., bands), standardised as `log_mel` does.

    Returns:
        (...) float32.

    >>> float(loudness_of(np.full((2, 4), (0.0 + 4.0) / 3.0))[0].round(3))
    0.0
    """
    loudness: NDArray[np.float32] = np.log(FLOOR + _power(bands).mean(-1)).astype(np.float32)
    return loudness


def at_loudness(bands: NDArray[np.floating[Any]], loudness: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    """Return frames with all bands of a frame multiplied by one gain, so that they have a loudness.

    Args:
        bands: (..., bands), standardised.
        loudness: (...), see `loudness_of`.

    Returns:
        (..., bands) float32, on the grid of the features. Bands are raised by at most `MOST_GAIN`.

    >>> bands = np.array([[0.0, 0.5], [1.0, 0.0]])
    >>> loudness_of(at_loudness(bands, np.array([-1.0, -2.0]))).round(1).tolist()
    [-1.0, -2.0]
    """
    power = _power(bands)
    wanted = np.maximum(np.exp(loudness) - FLOOR, 0.0)
    gain = np.minimum(wanted / np.maximum(power.mean(-1), 1e-12), MOST_GAIN)
    moved = (np.log(FLOOR + power * gain[..., None]) + SHIFT) / SCALE
    frames: NDArray[np.float32] = (np.rint(moved / BAND_STEP) * BAND_STEP).astype(np.float32)
    return frames


def _power(bands: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    return np.maximum(np.exp(SCALE * np.asarray(bands, np.float64) - SHIFT) - FLOOR, 0.0)
