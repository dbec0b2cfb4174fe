"""Compute the frames of segments and of stretches of them: features of the sound, notes and labels.

Frame i is centred at sample i * hop_length of a segment. Before its first frame and after its last one, the
nearest frame counts. This module does not choose which stretches to read.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from partita.audio.features.layout import PITCH_COLUMNS, FrameLayout
from partita.audio.features.mel import WINDOW_HOPS, log_mel
from partita.audio.features.rounding import round_features
from partita.audio.pcm import INT16_SCALE
from partita.data.corpus import Corpus, Segment
from partita.data.frames.changes import ChangedSegment
from partita.data.notes import Note, note_columns
from partita.data.notes.note import HIGHEST_PITCH
from partita.errors import PartitaError

REACH = WINDOW_HOPS // 2
"""Frames before and after a frame that its window extends to."""


class Excerpt(NamedTuple):
    """Consecutive frames of a segment, and the sound that they were computed from.

    Args:
        frames: (frames, columns) float32.
        samples: (samples,) int16.
        offset: the first of the samples, counted from the start of the segment.
    """

    frames: NDArray[np.float32]
    samples: NDArray[np.int16]
    offset: int


@dataclass(frozen=True)
class FrameReader:
    """Computes the frames of a corpus's segments. In a corpus without notes no note sounds.

    Args:
        corpus: a prepared corpus.
        layout: the columns of the frames.

    Raises:
        PartitaError: the layout has bands, but the corpus has no pitch, or other features.
    """

    corpus: Corpus
    layout: FrameLayout

    def __post_init__(self) -> None:
        """Check that the corpus has what the layout needs."""
        columns, given = self.layout.feature_columns, self.corpus.given_columns
        if columns and not self.corpus.has_pitch:
            raise PartitaError(
                f"the corpus {self.corpus.path} has no pitch, which frames with bands need: prepare it again"
            )
        if columns and given not in {0, columns}:
            raise PartitaError(
                f"the clips of {self.corpus.path} were drawn with {given} features, but the frames have"
                f" {columns}: set `frames.bands` to {given - PITCH_COLUMNS}"
            )

    def count(self, sound: ChangedSegment) -> int:
        """Return the number of frames of a segment."""
        return sound.length // self.layout.hop_length + 1

    def excerpt(self, sound: ChangedSegment, first: int, count: int) -> Excerpt:
        """Return consecutive frames of a segment.

        Args:
            sound: the segment, as recorded or changed.
            first: the first frame; before 0 and after the last frame of the segment the nearest one counts.
            count: frames.
        """
        hop, last = self.layout.hop_length, self.count(sound) - 1
        places = np.clip(np.arange(first, first + count), 0, last)
        low, high = int(places[0]), int(places[-1])
        begin, end = max(low - REACH, 0), min(high + REACH, last)
        offset, stop = begin * hop, sound.length if end == last else end * hop + 1
        samples = sound.samples(offset, stop)
        parts = []
        if self.layout.bands:
            parts.append(self._features(sound, samples, low, high, skip=low - begin))
        if self.layout.notes:
            parts.append(self._notes(sound, np.arange(low, high + 1) * hop))
        if self.layout.labels:
            held = self.corpus.labels(sound.segment)
            row = np.array([label in held for label in self.layout.labels], np.float32)
            parts.append(np.tile(row, (high + 1 - low, 1)))
        return Excerpt(np.concatenate(parts, 1)[places - low], samples, offset)

    def _features(
        self, sound: ChangedSegment, samples: NDArray[np.int16], low: int, high: int, *, skip: int
    ) -> NDArray[np.float32]:
        """Return bands, pitch and periodicity of the frames `low` to `high`, which follow `skip` others."""
        hop = self.layout.hop_length
        if self.corpus.given_columns:
            return self.corpus.given_frames(sound.segment, low, high + 1)
        bands = log_mel(
            samples / np.float32(INT16_SCALE),
            sample_rate=self.corpus.sample_rate,
            hop_length=hop,
            bands=self.layout.bands,
        )[skip : skip + high + 1 - low]
        centres = np.minimum(sound.positions(np.arange(low, high + 1) * hop), sound.segment.length - 1)
        pitch = self.corpus.pitch_at(sound.segment, centres)
        pitch[:, 0] += np.float32(sound.change.semitones)
        return round_features(np.concatenate([bands, pitch], 1, dtype=np.float32), self.layout)

    def _notes(self, sound: ChangedSegment, samples: NDArray[np.int64]) -> NDArray[np.float32]:
        ratio, semitones = sound.change.ratio, round(sound.change.semitones)
        times = samples / self.corpus.sample_rate
        notes, starts, ends = self._notes_of(sound.segment)
        near = np.flatnonzero((starts < (times[-1] + 1) * ratio) & (ends > (times[0] - 1) * ratio))
        changed = [
            Note(notes[n].start_s / ratio, notes[n].end_s / ratio, notes[n].midi_pitch + semitones)
            for n in near
            if 0 <= notes[n].midi_pitch + semitones <= HIGHEST_PITCH
        ]
        return note_columns(changed, times)

    def _notes_of(self, segment: Segment) -> tuple[list[Note], NDArray[np.float64], NDArray[np.float64]]:
        """Return the notes of a segment with their starts and ends, which are read once."""
        known = self._notes_by_offset
        if segment.offset not in known:
            notes = self.corpus.notes(segment)
            starts = np.array([note.start_s for note in notes])
            known[segment.offset] = notes, starts, np.array([note.end_s for note in notes])
        return known[segment.offset]

    @cached_property
    def _notes_by_offset(
        self,
    ) -> dict[int, tuple[list[Note], NDArray[np.float64], NDArray[np.float64]]]:
        return {}


def segment_frames(corpus: Corpus, segment: Segment, layout: FrameLayout) -> NDArray[np.float32]:
    """Return all frames of a segment, (length // hop_length + 1, columns) float32.

    Args:
        corpus: a prepared corpus.
        segment: one of its segments.
        layout: the columns of the frames.

    Raises:
        PartitaError: the layout has bands, but the corpus has no pitch.
    """
    reader, sound = FrameReader(corpus, layout), ChangedSegment(corpus, segment)
    return reader.excerpt(sound, 0, reader.count(sound)).frames


def frames_around(
    corpus: Corpus, split: str, starts: Sequence[int], layout: FrameLayout, *, before: int, after: int
) -> NDArray[np.float32]:
    """Return the frames around some samples of a split, each within the sample's segment.

    Before the first frame of a segment and after its last one, the nearest frame counts.

    Args:
        corpus: a prepared corpus.
        split: the split that has the samples.
        starts: samples of the store, each a multiple of `hop_length` after the start of its segment.
        layout: the columns of the frames.
        before: frames before the one that is centred at the sample.
        after: frames after it.

    Returns:
        (samples, before + 1 + after, columns) float32.

    Raises:
        PartitaError: the layout has bands, but the corpus has no pitch.
    """
    reader, rows = FrameReader(corpus, layout), []
    segments = sorted(corpus.segments(split), key=lambda segment: segment.offset)
    offsets = [segment.offset for segment in segments]
    for start in starts:
        segment = segments[max(0, bisect_right(offsets, start) - 1)]
        first = (start - segment.offset) // layout.hop_length - before
        rows.append(reader.excerpt(ChangedSegment(corpus, segment), first, before + 1 + after).frames)
    return np.stack(rows)
