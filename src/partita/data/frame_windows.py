"""Cut a corpus into windows of frames for training and for scoring; no window crosses the end of a segment.

A window is one frame that is only given, and `length` frames that are also targets. This module does not know
models.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from partita.audio.features.layout import FrameLayout
from partita.data.augmentation import Augmentation
from partita.data.corpus import Corpus, Segment
from partita.data.frames import UNCHANGED, Change, ChangedSegment, FrameReader
from partita.data.windows.epochs import EpochStream, spans
from partita.errors import PartitaError


@dataclass(frozen=True)
class FrameBatch:
    """A batch of windows of frames.

    Args:
        frames: (batch, length + 1, columns) float32; after the end of a segment its last frame is repeated.
        valid: (batch, length) bool; whether frame i + 1 is a target: it is inside the segment.
    """

    frames: NDArray[np.float32]
    valid: NDArray[np.bool_]


class FrameWindows(EpochStream):
    """An endless stream of windows of frames that can be saved and resumed.

    In every epoch each frame of the split, but the first of each segment, is a target exactly once. Where the
    speed changes, a few are a target twice or never.

    Args:
        corpus: a prepared corpus.
        split: name of the split.
        length: targets per window, frames.
        batch: windows per batch.
        seed: seed of the run.
        layout: the columns of the frames.
        augmentation: how much the windows may differ from the recordings; None for not at all.

    Raises:
        PartitaError: the split is empty, a number is out of range, or the corpus lacks what the layout needs.

    >>> import tempfile
    >>> from pathlib import Path
    >>> from partita.audio.quantizer import Quantizer
    >>> from partita.data.from_classes import corpus_from_classes
    >>> folder, clips = Path(tempfile.mkdtemp()) / "corpus", {"train": np.full((1, 800), 130)}
    >>> corpus = corpus_from_classes(folder, clips, sample_rate=8000, quantizer=Quantizer())
    >>> layout = FrameLayout(hop_length=80, labels=("digit=3",))
    >>> batch = FrameWindows(corpus, length=12, batch=1, seed=0, layout=layout).next()
    >>> batch.frames.shape, batch.valid.sum().item()
    ((1, 13, 1), 10)
    """

    def __init__(
        self,
        corpus: Corpus,
        split: str = "train",
        *,
        length: int,
        batch: int,
        seed: int,
        layout: FrameLayout,
        augmentation: Augmentation | None = None,
    ) -> None:
        self._reader = _reader(corpus, split, length=length, batch=batch, layout=layout)
        self._split = split
        super().__init__(
            self._reader.targets,
            targets=length,
            batch=batch,
            seed=seed,
            augmentation=augmentation,
            whole_semitones=layout.notes,
        )

    def next(self) -> FrameBatch:
        """Return the next batch."""
        return self._reader.read(*self.next_spans())

    @property
    def identity(self) -> dict[str, Any]:
        """What must be the same for a state to be restored."""
        return {
            "fingerprint": self._reader.frames.corpus.fingerprint,
            "split": self._split,
            "length": self._targets,
            "hop_length": self._reader.frames.layout.hop_length,
            "batch": self._batch,
            "seed": self._seed,
            "augmentation": None if self._augmentation is None else asdict(self._augmentation),
        }


def every_frame_window(
    corpus: Corpus, split: str, *, length: int, batch: int, layout: FrameLayout
) -> Iterator[FrameBatch]:
    """Yield windows in order; each frame of a split, but the first of each segment, is a target once.

    Args:
        corpus: a prepared corpus.
        split: name of the split.
        length: targets per window, frames.
        batch: windows per batch; the last batch may have fewer.
        layout: the columns of the frames.

    Yields:
        Batches of windows.

    Raises:
        PartitaError: the split is empty, a number is out of range, or the corpus lacks what the layout needs.
    """
    reader = _reader(corpus, split, length=length, batch=batch, layout=layout)
    plan = np.concatenate([spans(n, targets, length, length) for n, targets in enumerate(reader.targets)])
    for start in range(0, len(plan), batch):
        yield reader.read(plan[start : start + batch])


@dataclass(frozen=True)
class _Reader:
    """Reads windows of frames from the segments of one split, each of which has at least two frames."""

    frames: FrameReader
    segments: list[Segment]
    length: int

    @property
    def targets(self) -> list[int]:
        """Targets of each segment."""
        return [segment.length // self.frames.layout.hop_length for segment in self.segments]

    def read(self, windows: NDArray[np.int64], changes: list[Change] | None = None) -> FrameBatch:
        """Return the windows of some targets.

        Args:
            windows: (batch, 3): index of the segment, its first target, one past its last target. Target i is
                frame i + 1.
            changes: how each window differs from its recording; None for no difference.
        """
        frames = []
        valid = np.zeros((len(windows), self.length), dtype=bool)
        for row, (number, start, stop) in enumerate(windows.tolist()):
            sound = ChangedSegment(
                self.frames.corpus, self.segments[number], changes[row] if changes else UNCHANGED
            )
            first, last = start, stop
            if sound.change.semitones:
                first, last = sound.nearest(start), self.frames.count(sound) - 1
            frames.append(self.frames.excerpt(sound, first, self.length + 1).frames)
            valid[row, : max(0, last - first)] = True
        return FrameBatch(np.stack(frames), valid)


def _reader(corpus: Corpus, split: str, *, length: int, batch: int, layout: FrameLayout) -> _Reader:
    for name, value in (("length", length), ("batch", batch)):
        if value < 1:
            raise PartitaError(f"`{name}` is {value}, must be at least 1")
    segments = [segment for segment in corpus.segments(split) if segment.length >= layout.hop_length]
    if not segments:
        raise PartitaError(
            f"the corpus {corpus.path} has no sound of two frames in its split {split!r}: prepare it again"
        )
    return _Reader(FrameReader(corpus, layout), segments, length)
