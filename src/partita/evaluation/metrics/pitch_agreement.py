"""Whether clips play the notes of a score, or follow a given line: share of frames with the right pitch.

The pitch is found by autocorrelation (`harmonicity.py`), not by the tracker that models are conditioned on.
Even real recordings do not reach 100%: of a chord one pitch is found, the times of notes are estimates, and
notes resound. Compare with the share of the real recording. This file reads no scores and draws no clips.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from partita.data.notes.note import Note
from partita.errors import PartitaError
from partita.evaluation.metrics.harmonicity import (
    FRAME_SECONDS,
    HIGHEST_HZ,
    HOP_SECONDS,
    LOWEST_HZ,
    pitch_track,
)
from partita.evaluation.statistics.scores import Score, block_mean

CENTS = 50.0
TOLERANCE_SECONDS = 0.05  # a note counts as sounding this much longer on both sides

Floats = NDArray[np.float64]


def note_agreement(
    clips: Sequence[NDArray[np.floating]],
    notes: Sequence[Sequence[Note]],
    sample_rate: int,
    *,
    cents: float = CENTS,
    lowest_hz: float = LOWEST_HZ,
    highest_hz: float = HIGHEST_HZ,
    seed: int = 0,
) -> Score:
    """Return the share of voiced frames whose pitch is near that of any note which sounds then.

    A note sounds from 50 ms before its start to 50 ms after its end. Frames at which no note sounds are left
    out.

    Args:
        clips: each (samples,), float in [-1, 1].
        notes: the notes of each clip, seconds from its start.
        sample_rate: Hz.
        cents: greatest difference, in hundredths of a semitone.
        lowest_hz: least pitch that is looked for.
        highest_hz: greatest pitch.
        seed: of the bootstrap over clips.

    Raises:
        PartitaError: the numbers of clips and lists of notes differ, or no voiced frame has a note.

    >>> tone = np.sin(2 * np.pi * 440 * np.arange(8000) / 8000)
    >>> note_agreement([tone], [[Note(0.0, 1.0, 69), Note(0.0, 1.0, 76)]], 8000).value
    1.0
    """
    _check_counts(len(clips), len(notes))
    rows = [
        np.where(found, distance, np.nan)
        for clip, score in zip(clips, notes, strict=True)
        for distance, found in [
            _distance_to_notes(
                pitch_track(clip, sample_rate, lowest_hz=lowest_hz, highest_hz=highest_hz), score
            )
        ]
    ]
    return _share_within(rows, cents, seed)


def line_agreement(
    clips: Sequence[NDArray[np.floating]],
    lines: Sequence[NDArray[np.floating]],
    sample_rate: int,
    *,
    cents: float = CENTS,
    lowest_hz: float = LOWEST_HZ,
    highest_hz: float = HIGHEST_HZ,
    seed: int = 0,
) -> Score:
    """Return the share of frames whose pitch is near that of a given line, of those where both are voiced.

    Args:
        clips: each (samples,), float in [-1, 1].
        lines: for each clip (frames,) MIDI note numbers, NaN where unvoiced, as `pitch_track` of the given
            line returns them; transposed as the clip should be. A surplus of frames on one side is left out.
        sample_rate: Hz, of the clips.
        cents: greatest difference, in hundredths of a semitone.
        lowest_hz: least pitch that is looked for in the clips.
        highest_hz: greatest pitch.
        seed: of the bootstrap over clips.

    Raises:
        PartitaError: the numbers of clips and lines differ, or no frame is voiced in both.

    >>> tone = np.sin(2 * np.pi * 440 * np.arange(8000) / 8000)
    >>> line_agreement([tone], [pitch_track(tone, 8000) + 0.6], 8000).value
    0.0
    """
    _check_counts(len(clips), len(lines))
    rows = []
    for clip, line in zip(clips, lines, strict=True):
        track = pitch_track(clip, sample_rate, lowest_hz=lowest_hz, highest_hz=highest_hz)
        count = min(len(track), len(line))
        rows.append(np.abs(track[:count] - np.asarray(line, np.float64)[:count]))
    return _share_within(rows, cents, seed)


def _check_counts(clips: int, references: int) -> None:
    if clips != references:
        raise PartitaError(
            f"there are {clips} clips but {references} scores or lines: give one for each clip"
        )


def _distance_to_notes(track: Floats, notes: Sequence[Note]) -> tuple[Floats, NDArray[np.bool_]]:
    """Return the distance of each frame to the nearest sounding note, semitones, and where a note sounds."""
    rows = [(note.start_s, note.end_s, note.midi_pitch) for note in notes]
    start, end, pitch = np.array(rows, np.float64).reshape(-1, 3).T
    time = (FRAME_SECONDS / 2 + HOP_SECONDS * np.arange(len(track)))[:, None]
    sounds = (time >= start - TOLERANCE_SECONDS) & (time <= end + TOLERANCE_SECONDS)
    away = np.where(sounds, np.abs(track[:, None] - pitch), np.inf)
    return np.asarray(away.min(axis=1, initial=np.inf)), np.asarray(sounds.any(axis=1))


def _share_within(rows: Sequence[Floats], cents: float, seed: int) -> Score:
    """Return the share of the distances, in semitones and not NaN, that are small enough."""
    counts = np.array([(~np.isnan(row)).sum() for row in rows])
    if not counts.sum():
        raise PartitaError("no voiced frame has a pitch to compare with: give longer clips, or a wider range")
    near = np.array([(row <= cents / 100).sum() for row in rows])
    some = counts > 0
    return block_mean(near[some], counts[some], seed=seed)
