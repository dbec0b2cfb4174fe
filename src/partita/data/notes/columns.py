"""Turn notes into columns of frames: for each pitch whether it sounds, whether it begins, and since when."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from partita.audio.features.layout import HIGHEST_NOTE, LOWEST_NOTE, NOTE_COLUMNS, NOTE_COUNT
from partita.data.notes.note import Note

LONGEST_S = 2.0
"""Time since a note's onset that counts as 1, seconds; longer times count as 1 too."""
FRAME_S = 0.01
"""Seconds from one frame to the next where only one frame is asked for."""
HALF = 0.5 + 1e-6
"""Half a frame, and a little: an onset between two frames belongs to the later one despite rounding."""


def note_columns(notes: Sequence[Note], times_s: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return the columns of a score at evenly spaced times.

    A note sounds from its start until just before its end. The frame nearest to its start has `begins`. Notes
    outside the range of the piano are left out.

    Args:
        notes: the notes, in any order.
        times_s: (frames,) centres of the frames, seconds, increasing.

    Returns:
        (frames, 264) float32: 88 columns that are 1 while a pitch sounds, 88 that are 1 where it begins, 88
        with the time since the onset of a sounding pitch, min(seconds / 2, 1).

    >>> columns = note_columns([Note(0.01, 0.03, 21)], np.array([0.0, 0.01, 0.02, 0.03]))
    >>> columns[:, [0, 88]].T.tolist(), round(float(columns[2, 176]), 4)
    ([[0.0, 1.0, 1.0, 0.0], [0.0, 1.0, 0.0, 0.0]], 0.005)
    """
    columns = np.zeros((len(times_s), NOTE_COLUMNS), np.float32)
    if not len(times_s):
        return columns
    spacing = (times_s[-1] - times_s[0]) / max(1, len(times_s) - 1) or FRAME_S
    for note in sorted(notes):
        if not LOWEST_NOTE <= note.midi_pitch <= HIGHEST_NOTE:
            continue
        key = note.midi_pitch - LOWEST_NOTE
        first, stop = np.searchsorted(times_s, [note.start_s, note.end_s])
        columns[first:stop, key] = 1.0
        since = (times_s[first:stop] - note.start_s) / LONGEST_S
        columns[first:stop, 2 * NOTE_COUNT + key] = np.minimum(since, 1.0)
        nearest = int(np.floor((note.start_s - times_s[0]) / spacing + HALF))
        if 0 <= nearest < len(times_s):
            columns[nearest, NOTE_COUNT + key] = 1.0
    return columns
