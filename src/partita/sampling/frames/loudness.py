"""The loudness of frames, frames at a loudness, and the usual slow loudness of a sound.

The slow loudness of frame t is s_t = s_t-1 + (l_t - s_t-1) / 100, with l_t its loudness: a mean over about
a second. Errors of a network that draws frame after frame add up there. So where the slow loudness of drawn
frames leaves its usual range, the bands of each frame are raised or lowered by a tenth of the difference.
Frames of silence neither change the slow loudness nor are moved, unless a note is given. The compiled kernel
does this as it draws. This file does not know the frame tier.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from partita.audio.features.mel import FLOOR, SCALE, SHIFT
from partita.audio.features.rounding import BAND_STEP

SLOW_RATE = 0.01
"""The share of a frame in the slow loudness."""
PULL = 0.1
"""The share of the difference by which a frame is raised or lowered."""
USUAL = 0.1, 0.95
"""The quantiles of the slow loudness of training frames between which it is usual."""
QUIET = 4.0
"""How far below the usual range, in nats, a frame is silence: it is not raised and does not count. Its bands
are noise, so that the frames after a prompt that ends in silence would grow to loud noise."""
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


def slow_loudness(loudness: NDArray[np.floating[Any]], first: float | None = None) -> NDArray[np.float64]:
    """Return the slow loudness of consecutive frames.

    Args:
        loudness: (frames,).
        first: the slow loudness before the first frame; None is the first frame's loudness.

    >>> slow_loudness(np.array([1.0, 1.0, 2.0])).round(3).tolist()
    [1.0, 1.0, 1.01]
    """
    from scipy.signal import lfilter

    start = float(loudness[0]) if first is None else first
    slow, _ = lfilter([SLOW_RATE], [1.0, SLOW_RATE - 1.0], loudness, zi=[(1.0 - SLOW_RATE) * start])
    return np.asarray(slow, np.float64)


def usual_levels(bands: NDArray[np.floating[Any]]) -> tuple[float, float]:
    """Return the range of the slow loudness that is usual in the frames of a training split.

    Args:
        bands: (frames, bands), standardised.

    >>> usual_levels(np.full((50, 3), (1.0 + 4.0) / 3.0))
    (1.0, 1.0)
    """
    low, high = np.quantile(slow_loudness(loudness_of(bands)), USUAL)
    return round(float(low), 4), round(float(high), 4)


def _power(bands: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    return np.maximum(np.exp(SCALE * np.asarray(bands, np.float64) - SHIFT) - FLOOR, 0.0)
