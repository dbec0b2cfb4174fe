"""Silence in the rests of a score.

A frame tier is trained on windows from which the notes are removed too. So where a score has no note it plays
on as if there were no score. Its frames are then lowered here, after they are drawn: its own past goes on
sounding, since a past of silence is not like training sound, and the notes after it would start too loud or
too late. This file draws nothing.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from partita.audio.features.layout import HIGHEST_NOTE, LOWEST_NOTE
from partita.data.notes import Note
from partita.sampling.frame_sources import DrawsFrames, Frames
from partita.sampling.frames.loudness import at_loudness, loudness_of

SHORTEST_REST_S = 0.15
"""A shorter gap between notes is left to the player: it is how a note ends."""
HELD_S = 0.05
"""How long a note sounds on after its end."""
RELEASE_DB_PER_S = 120.0
"""How fast the sound then falls."""
EARLY_S = 0.02
"""How long before its start a note may begin, since a frame's window is longer than its hop."""
SILENT_DB = 100.0


Edges = tuple[NDArray[np.float64], NDArray[np.float64]]
"""The starts and the ends of the notes of a score, each in order, seconds."""


def edges_of(notes: Sequence[Note]) -> Edges:
    """Return the starts and the ends of the notes that a piano has; others are rests."""
    played = [note for note in notes if LOWEST_NOTE <= note.midi_pitch <= HIGHEST_NOTE]
    return np.sort([note.start_s for note in played]), np.sort([note.end_s for note in played])


def rest_levels(
    edges: Edges, *, frames: int, first: int, hop_s: float, after_sound: bool
) -> NDArray[np.float64]:
    """Return by how much each frame is lowered, in dB: 0 where a note sounds, `SILENT_DB` at most.

    Args:
        edges: of the notes of the score.
        frames: the number of frames.
        first: the number of the first frame; frame i is at i * `hop_s` seconds of the score.
        hop_s: seconds from one frame to the next.
        after_sound: whether there is sound before the score, which ends like a note.

    >>> edges = edges_of([Note(0.0, 0.1, 60), Note(0.5, 0.6, 60)])
    >>> rest_levels(edges, frames=7, first=0, hop_s=0.1, after_sound=False).round().tolist()
    [0.0, 0.0, 6.0, 18.0, 30.0, 0.0, 0.0]
    """
    starts, ends = edges
    times = (first + np.arange(frames)) * hop_s
    begun = np.searchsorted(starts, times + EARLY_S, "right")
    ended = np.searchsorted(ends, times, "right")
    quiet_from = np.concatenate([[0.0 if after_sound else -math.inf], ends])[ended]
    until = np.concatenate([starts, [math.inf]])[begun]
    silent = (begun == ended) & (until - quiet_from >= SHORTEST_REST_S)
    return np.where(silent, np.clip(RELEASE_DB_PER_S * (times - quiet_from - HELD_S), 0.0, SILENT_DB), 0.0)


class WithRests:
    """Frames that are drawn, lowered in the rests of a score.

    Args:
        sampler: draws the frames, of which the first has number `first`.
        notes: the notes of the score.
        bands: the number of bands, the first columns of a frame.
        hop_s: seconds from one frame to the next.
        first: the number of the first frame.
        after_sound: whether there is sound before the score.
    """

    def __init__(
        self,
        sampler: DrawsFrames,
        notes: Sequence[Note],
        *,
        bands: int,
        hop_s: float,
        first: int,
        after_sound: bool,
    ) -> None:
        self._sampler, self._edges, self._bands = sampler, edges_of(notes), bands
        self._hop_s, self._next, self._after_sound = hop_s, first, after_sound

    def take(self, count: int) -> Frames:
        """Draw the next frames of every clip, (clips, count, feature columns)."""
        frames = self._sampler.take(count)
        levels = rest_levels(
            self._edges, frames=count, first=self._next, hop_s=self._hop_s, after_sound=self._after_sound
        )
        self._next += count
        lowered = levels > 0.0
        if lowered.any():
            bands = frames[:, lowered, : self._bands]
            wanted = loudness_of(bands) - levels[lowered] * (math.log(10.0) / 10.0)
            frames[:, lowered, : self._bands] = at_loudness(bands, wanted)
        return frames
