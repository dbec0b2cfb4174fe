"""What the score says about each semitone of the pitch: whether it sounds, has just begun, begins soon.

A note means the same at every pitch. The frame tier therefore has a few weights that are shared by all
semitones, besides its network of notes: minutes of music have too few notes of each pitch to learn them one
by one. This file does not know features.
"""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from partita.audio.features.layout import LOWEST_NOTE, NOTE_COUNT
from partita.models.conditioning.conditioner import LOWEST_PITCH, PITCH_BINS

SCORE_ROWS = 3
RECENT = 0.1
"""A note is recent for this long, in the units of the columns: 0.2 seconds."""
SOON = 10
"""Frames before its onset from which on a note counts as beginning soon."""


def score_rows(
    notes: Float[Tensor, "batch frames columns"], *, lookahead: int
) -> Float[Tensor, "batch frames 3 bins"]:
    """Return three rows of weights, 0 or 1, over the semitone bins of the pitch.

    The first row is 1 where a note sounds, the second where it began in the last 0.2 seconds, and the third
    where a note begins in one of the next frames, this one included.

    Args:
        notes: the note columns of the frames, as `note_columns` returns them.
        lookahead: frames ahead whose notes are known; the third row looks at most 10 ahead.

    >>> notes = torch.zeros(1, 3, 264)
    >>> notes[0, 1:, 69 - 21] = 1.0
    >>> notes[0, 1, 88 + 69 - 21] = 1.0
    >>> notes[0, 2, 176 + 69 - 21] = 0.005
    >>> score_rows(notes, lookahead=1)[0, :, :, 69 - 24].T.tolist()
    [[0.0, 1.0, 1.0], [0.0, 1.0, 1.0], [1.0, 1.0, 0.0]]
    """
    sounds, begins, since = torch.split(notes, NOTE_COUNT, -1)
    ahead = min(SOON, lookahead)
    padded = functional.pad(begins, (0, 0, 0, ahead)).transpose(1, 2)
    soon = functional.max_pool1d(padded, ahead + 1, 1).transpose(1, 2)
    rows = torch.stack([sounds, sounds * (since < RECENT), soon], -2)
    first = LOWEST_PITCH - LOWEST_NOTE
    inside = rows[..., first : first + PITCH_BINS]
    return functional.pad(inside, (0, PITCH_BINS - inside.shape[-1]))
