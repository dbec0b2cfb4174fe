"""Round features to a grid, so that a frame is discrete and a code length of it makes sense."""

import numpy as np
from numpy.typing import NDArray

from partita.audio.features.layout import FrameLayout

BAND_STEP = 1 / 32
"""Of a standardised log-mel band: 0.4 dB."""
PITCH_STEP = 1 / 16
"""Of a MIDI note number: 6.25 cents."""
PERIODICITY_STEP = 1 / 32


def feature_steps(layout: FrameLayout) -> NDArray[np.float32]:
    """Return the step of each feature column: bands, pitch, periodicity.

    Args:
        layout: the columns.

    Returns:
        (feature columns,) float32.

    >>> feature_steps(FrameLayout(hop_length=160, bands=2)).tolist()
    [0.03125, 0.03125, 0.0625, 0.03125]
    """
    steps = [BAND_STEP] * layout.bands + [PITCH_STEP, PERIODICITY_STEP] * bool(layout.bands)
    return np.array(steps, dtype=np.float32)


def round_features(frames: NDArray[np.floating], layout: FrameLayout) -> NDArray[np.float32]:
    """Round the feature columns of frames to the nearest multiples of their steps.

    Args:
        frames: (..., columns), or (..., feature columns) without notes and labels.
        layout: the columns.

    Returns:
        A copy of the same shape, float32; columns of notes and labels are unchanged.

    >>> round_features(np.array([[0.26, 69.04, 0.99]]), FrameLayout(hop_length=160, bands=1)).tolist()
    [[0.25, 69.0625, 1.0]]
    """
    result = np.array(frames, dtype=np.float32)
    steps = feature_steps(layout)
    features = result[..., : len(steps)]
    np.rint(features / steps, out=features)
    features *= steps
    return result
