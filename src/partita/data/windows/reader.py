"""Read windows of classes from the segments of a split, each with the frames around it.

This module does not choose the windows; `streams.py` does.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from partita.audio.features.layout import HOLD
from partita.audio.quantizer import Quantizer
from partita.data.corpus import Corpus, Segment
from partita.data.frames import UNCHANGED, Change, ChangedSegment, FrameReader

FRAME_MARGIN = 3
"""Frames before the first frame that a window's samples need, and after the last one."""


@dataclass(frozen=True)
class WindowBatch:
    """A batch of windows.

    Args:
        classes: (batch, context + targets) int64, in [0, classes - 1].
        valid: (batch, targets) bool; whether a target is inside the segment.
        names: for each row "source @ 12.34 s": the recording and the time of the first valid target in it.
        frames: (batch, frames, columns) float32, the frames around each window; None without a layout.
        start: (batch,) int64; samples from the centre of a row's first frame to its first sample; None
            without a layout.
    """

    classes: NDArray[np.int64]
    valid: NDArray[np.bool_]
    names: list[str]
    frames: NDArray[np.float32] | None = None
    start: NDArray[np.int64] | None = None


def frames_per_window(samples: int, hop_length: int) -> int:
    """Return how many frames a window has, wherever it starts.

    Args:
        samples: samples of the window, context and targets.
        hop_length: samples from one frame to the next.

    >>> frames_per_window(320, 160)
    11
    """
    last = (
        hop_length - 1 + samples - 1 + HOLD - 1
    )  # the latest sample in the last block, from the frame before
    return FRAME_MARGIN + last // hop_length + 2 + FRAME_MARGIN


@dataclass(frozen=True, kw_only=True)
class WindowReader:
    """Reads windows from the segments of one split.

    Args:
        corpus: a prepared corpus.
        segments: the segments of the split.
        targets: targets per window, samples.
        context: samples before the first target.
        quantizer: waveform -> classes.
        frames: computes the frames of each window; None for no frames.
    """

    corpus: Corpus
    segments: list[Segment]
    targets: int
    context: int
    quantizer: Quantizer
    frames: FrameReader | None

    def read(self, spans: NDArray[np.int64], changes: list[Change] | None = None) -> WindowBatch:
        """Return the windows of the given targets.

        Args:
            spans: (batch, 3): index of the segment, its first target, one past its last target.
            changes: how each window differs from its recording; None for no difference.
        """
        width = self.context + self.targets
        classes = np.full((len(spans), width), self.quantizer.zero_class, dtype=np.int64)
        valid = np.zeros((len(spans), self.targets), dtype=bool)
        names, frames, starts = [], [], []
        for row, (number, start, stop) in enumerate(spans.tolist()):
            segment = self.segments[number]
            sound = ChangedSegment(self.corpus, segment, changes[row] if changes else UNCHANGED)
            first, last = self._targets(sound, start, stop)
            past = min(first, self.context)
            columns = slice(self.context - past, self.context + last - first)
            if self.frames is None:
                samples = sound.samples(first - past, last)
            else:
                hop = self.frames.layout.hop_length
                frame = (first - self.context) // hop - FRAME_MARGIN
                excerpt = self.frames.excerpt(sound, frame, frames_per_window(width, hop))
                frames.append(excerpt.frames)
                starts.append(first - self.context - frame * hop)
                samples = excerpt.samples[first - past - excerpt.offset : last - excerpt.offset]
            classes[row, columns] = self.quantizer.encode_int16(samples)
            valid[row, : last - first] = True
            seconds = segment.source_start_s + start / self.corpus.sample_rate
            names.append(f"{self.corpus.source(segment)} @ {seconds:.2f} s")
        if self.frames is None:
            return WindowBatch(classes, valid, names)
        return WindowBatch(classes, valid, names, np.stack(frames), np.array(starts, np.int64))

    def _targets(self, sound: ChangedSegment, start: int, stop: int) -> tuple[int, int]:
        """Return the first target of a window and one past its last one, in the time of the changed sound.

        Where the speed changes, all targets that are inside the segment count.
        """
        if not sound.change.semitones:
            return start, stop
        first = sound.nearest(start)
        return first, min(first + self.targets, sound.length)
