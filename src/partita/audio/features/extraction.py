"""Compute the features of a sound, as training does: bands, pitch and periodicity, on their grid.

`data/frames/` has the frames of a corpus, whose pitch is kept. This file knows no files.
"""

import numpy as np
from numpy.typing import NDArray

from partita.audio.features.layout import FrameLayout
from partita.audio.features.mel import WINDOW_HOPS, log_mel
from partita.audio.features.pitch import track_pitch
from partita.audio.features.rounding import round_features
from partita.errors import PartitaError

REACH = WINDOW_HOPS // 2
"""Frames before and after a frame that its window extends to."""


def features_of(
    waveform: NDArray[np.floating], *, sample_rate: int, layout: FrameLayout
) -> NDArray[np.float32]:
    """Return the features of a sound; frame i is centred at sample i * hop_length.

    Args:
        waveform: (samples,) float in [-1, 1].
        sample_rate: Hz.
        layout: the columns of the frames; notes and labels are left out.

    Returns:
        (samples // hop_length + 1, feature columns) float32.

    >>> features_of(np.zeros(320), sample_rate=16000, layout=FrameLayout(hop_length=160, bands=8)).shape
    (3, 10)
    """
    sound = np.asarray(waveform, np.float32)
    bands = log_mel(sound, sample_rate=sample_rate, hop_length=layout.hop_length, bands=layout.bands)
    pitch = track_pitch(sound, sample_rate, layout.hop_length)
    return round_features(np.concatenate([bands, pitch], 1), layout)


def features_before(
    prompt: NDArray[np.floating], *, sample_rate: int, layout: FrameLayout, most: int
) -> NDArray[np.float32]:
    """Return the features of a prompt, of all frames whose windows end with it or before.

    Frames are numbered from the first sample after the prompt, so the last one has the number -2: it is
    centred `REACH` hops before the end. The window of the next one would need sound that does not exist yet.

    Args:
        prompt: (samples,) float in [-1, 1].
        sample_rate: Hz.
        layout: the columns of the frames; notes and labels are left out.
        most: frames to return at most.

    Returns:
        (frames, feature columns) float32, at least one frame.

    Raises:
        PartitaError: the prompt is too short for a frame.

    >>> layout = FrameLayout(hop_length=160, bands=8)
    >>> features_before(np.zeros(1650), sample_rate=16000, layout=layout, most=5).shape
    (5, 10)
    """
    hop = layout.hop_length
    count = min(len(prompt) // hop, most + 2 * REACH - 1)
    if count < REACH:
        raise PartitaError(
            f"the prompt has {len(prompt)} samples, must have at least {REACH * hop} for a frame of features:"
            " give a longer one"
        )
    features = features_of(prompt[len(prompt) - count * hop :], sample_rate=sample_rate, layout=layout)
    first = min(REACH, count - REACH)  # the windows of the first frames begin before the sound
    return features[first : count - REACH + 1]
