"""A segment as it sounds at another speed, level or sign.

This module does not choose the changes; `augmentation.py` does.
"""

from dataclasses import dataclass

import numpy as np
import soxr
from numpy.typing import NDArray

from partita.audio.pcm import INT16_SCALE
from partita.data.corpus import Corpus, Segment

LEAD = 128
"""Samples that are resampled before and after those that are asked for: more than the filter is long."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """How one window differs from its recording.

    >>> Change(semitones=12.0).ratio
    2.0
    """

    semitones: float = 0.0
    """Change of the pitch."""
    gain: float = 1.0
    """Factor of the samples, negative if their sign changes."""

    @property
    def ratio(self) -> float:
        """Samples of the recording for each sample of the window."""
        return float(2.0 ** (self.semitones / 12))


UNCHANGED = Change()


@dataclass(frozen=True)
class ChangedSegment:
    """A segment as it sounds after a change: sample k is at sample k * ratio of the recording's segment.

    Args:
        corpus: a prepared corpus.
        segment: one of its segments.
        change: speed and gain.
    """

    corpus: Corpus
    segment: Segment
    change: Change = UNCHANGED

    @property
    def length(self) -> int:
        """Samples."""
        return self.nearest(self.segment.length - 1) + 1

    def positions(self, samples: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return where samples are in the recording's segment, samples from its start."""
        return np.asarray(samples, np.float64) * self.change.ratio

    def nearest(self, position: int) -> int:
        """Return the last sample that is not behind a sample of the recording's segment."""
        return int(position / self.change.ratio)

    def samples(self, first: int, stop: int) -> NDArray[np.int16]:
        """Return some samples, band-limited where the speed changes.

        The resampled sound is shifted by up to half a sample of the recording, so that it can be computed
        from any sample on.

        Args:
            first: first sample, at least 0.
            stop: one past the last sample, at most `length`.

        Returns:
            (stop - first,) int16.
        """
        offset, ratio = self.segment.offset, self.change.ratio
        stored: NDArray[np.int16] = self.corpus.samples[offset : offset + self.segment.length]
        if self.change == UNCHANGED:
            return stored[first:stop]
        lead = min(first, LEAD) if self.change.semitones else 0
        begin = round((first - lead) * ratio)
        count = lead + stop - first
        end = begin + (int(np.ceil((count + LEAD) * ratio)) if self.change.semitones else count)
        sound = stored[begin:end].astype(np.float32)
        if self.change.semitones:
            sound = np.pad(sound, (0, max(0, end - self.segment.length)))
            sound = np.asarray(soxr.resample(sound, ratio, 1.0), np.float32)
        sound = np.rint(sound[lead:count] * np.float32(self.change.gain))
        return np.asarray(np.clip(sound, -INT16_SCALE, INT16_SCALE), np.int16)
