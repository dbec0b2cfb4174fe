"""Cut a corpus into windows of classes for training and for scoring; no window crosses the end of a segment.

A window is `context` samples followed by `targets` samples. Where a window extends beyond its segment, it is
filled with the zero class, which is never a target. This module does not know models: the caller gives the
length of the context, usually its model's receptive field.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from partita.audio.quantizer import Quantizer
from partita.data.corpus import Corpus, Segment
from partita.errors import PartitaError
from partita.seeds import numpy_stream
from partita.tables import Table


@dataclass(frozen=True)
class WindowBatch:
    """A batch of windows.

    Args:
        classes: (batch, context + targets) int64, in [0, classes - 1].
        valid: (batch, targets) bool; whether a target is inside the segment.
        names: for each row "source @ 12.34 s": the recording and the time of the first valid target in it.
    """

    classes: NDArray[np.int64]
    valid: NDArray[np.bool_]
    names: list[str]


@dataclass(frozen=True, kw_only=True)
class _WindowReader:
    """Reads windows from the segments of one split."""

    corpus: Corpus
    segments: list[Segment]
    targets: int
    context: int
    quantizer: Quantizer

    def read(self, spans: NDArray[np.int64]) -> WindowBatch:
        """Return the windows of the given targets.

        Args:
            spans: (batch, 3): index of the segment, its first target, one past its last target.
        """
        width = self.context + self.targets
        classes = np.full((len(spans), width), self.quantizer.zero_class, dtype=np.int64)
        valid = np.zeros((len(spans), self.targets), dtype=bool)
        names = []
        for row, (number, start, stop) in enumerate(spans.tolist()):
            segment = self.segments[number]
            past = min(start, self.context)
            first = segment.offset + start
            sound = self.corpus.samples[first - past : segment.offset + stop]
            columns = slice(self.context - past, self.context + stop - start)
            classes[row, columns] = self.quantizer.encode_int16(sound)
            valid[row, : stop - start] = True
            seconds = segment.source_start_s + start / self.corpus.sample_rate
            names.append(f"{self.corpus.source(segment)} @ {seconds:.2f} s")
        return WindowBatch(classes, valid, names)


class TrainingWindows:
    """An endless stream of training windows that can be saved and resumed.

    In every epoch each sample of the split is a target exactly once. Each epoch shifts the starts of the
    windows by a random phase in each segment, and shuffles their order. Both depend only on the seed and the
    number of the epoch, so the state is two integers. The last batch of an epoch may have fewer rows.

    Args:
        corpus: a prepared corpus.
        split: name of the split.
        targets: targets per window, samples.
        context: samples before the first target.
        batch: windows per batch.
        seed: seed of the run.
        quantizer: waveform -> classes.

    Raises:
        PartitaError: the split is empty, or a number is out of range.

    >>> import tempfile
    >>> from pathlib import Path
    >>> from partita.data.from_classes import corpus_from_classes
    >>> clips, quantizer = {"train": np.full((1, 5), 130)}, Quantizer()
    >>> folder = Path(tempfile.mkdtemp()) / "corpus"
    >>> corpus = corpus_from_classes(folder, clips, sample_rate=8000, quantizer=quantizer)
    >>> windows = TrainingWindows(corpus, targets=5, context=2, batch=1, seed=0, quantizer=quantizer)
    >>> windows.next().classes.tolist(), windows.epoch
    ([[128, 128, 130, 130, 130, 130, 130]], 0)
    """

    def __init__(
        self,
        corpus: Corpus,
        split: str = "train",
        *,
        targets: int,
        context: int,
        batch: int,
        seed: int,
        quantizer: Quantizer,
    ) -> None:
        self._reader = _reader(
            corpus, split, targets=targets, context=context, batch=batch, quantizer=quantizer
        )
        self._batch, self._seed, self._split = batch, seed, split
        self.epoch = 0
        self._position = 0
        self._plan = self._plan_epoch()

    @property
    def batches_per_epoch(self) -> int:
        """Number of batches per epoch, the same in every epoch."""
        return -(-len(self._plan) // self._batch)

    def next(self) -> WindowBatch:
        """Return the next batch."""
        if self._position >= self.batches_per_epoch:
            self.epoch, self._position = self.epoch + 1, 0
            self._plan = self._plan_epoch()
        start = self._position * self._batch
        self._position += 1
        return self._reader.read(self._plan[start : start + self._batch])

    def state(self) -> dict[str, Any]:
        """Return the state for `restore`, as values that JSON can hold."""
        return {"epoch": self.epoch, "position": self._position, "of": self._identity()}

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from a state: the following batches are the same as those of the stream it was taken from.

        Args:
            state: what `state` returned.

        Raises:
            PartitaError: the state is damaged, or comes from another corpus, split, seed or size of windows.
        """
        remedy = "resume from an earlier checkpoint, or start a new run"
        table = Table(state, "the state of the windows", remedy, "windows.")
        saved = table.table("of").values
        for name, value in self._identity().items():
            if saved.get(name) != value:
                raise PartitaError(
                    f"`{name}` of the windows is {value!r}, was {saved.get(name)!r} when they were"
                    " saved: resume with the same corpus and settings, or start a new run"
                )
        epoch = table.integer("epoch", minimum=0)
        position = table.integer("position", minimum=0, maximum=self.batches_per_epoch)
        self.epoch, self._position = epoch, position
        self._plan = self._plan_epoch()

    def _identity(self) -> dict[str, Any]:
        reader = self._reader
        return {
            "fingerprint": reader.corpus.fingerprint,
            "split": self._split,
            "targets": reader.targets,
            "context": reader.context,
            "batch": self._batch,
            "seed": self._seed,
        }

    def _plan_epoch(self) -> NDArray[np.int64]:
        """Return the spans of all windows of the current epoch, (windows, 3), in random order."""
        rng = numpy_stream(self._seed, f"data/epoch {self.epoch}")
        parts = []
        for number, segment in enumerate(self._reader.segments):
            first = _first_targets(segment.length, self._reader.targets, rng)
            parts.append(_spans(number, segment.length, self._reader.targets, first))
        plan = np.concatenate(parts)
        rng.shuffle(plan, axis=0)
        return plan


def every_window(
    corpus: Corpus, split: str, *, targets: int, context: int, batch: int, quantizer: Quantizer
) -> Iterator[WindowBatch]:
    """Yield windows in which each sample of a split is a target exactly once, in order.

    Args:
        corpus: a prepared corpus.
        split: name of the split.
        targets: targets per window, samples.
        context: samples before the first target; before the start of the segment they are the zero class.
        batch: windows per batch; the last batch may have fewer.
        quantizer: waveform -> classes.

    Yields:
        Batches of windows.

    Raises:
        PartitaError: the split is empty, or a number is out of range.

    >>> import tempfile
    >>> from pathlib import Path
    >>> from partita.data.from_classes import corpus_from_classes
    >>> clips, quantizer = {"train": np.full((1, 5), 130)}, Quantizer()
    >>> folder = Path(tempfile.mkdtemp()) / "corpus"
    >>> corpus = corpus_from_classes(folder, clips, sample_rate=8000, quantizer=quantizer)
    >>> windows = every_window(corpus, "train", targets=3, context=1, batch=2, quantizer=quantizer)
    >>> next(windows).classes.tolist()
    [[128, 130, 130, 130], [130, 130, 130, 128]]
    """
    reader = _reader(corpus, split, targets=targets, context=context, batch=batch, quantizer=quantizer)
    plan = np.concatenate(
        [_spans(number, segment.length, targets, targets) for number, segment in enumerate(reader.segments)]
    )
    for start in range(0, len(plan), batch):
        yield reader.read(plan[start : start + batch])


def _reader(
    corpus: Corpus, split: str, *, targets: int, context: int, batch: int, quantizer: Quantizer
) -> _WindowReader:
    for name, value, least in (("targets", targets, 1), ("context", context, 0), ("batch", batch, 1)):
        if value < least:
            raise PartitaError(f"`{name}` is {value}, must be at least {least}")
    segments = corpus.segments(split)
    if not segments:
        raise PartitaError(f"the corpus {corpus.path} has no sound in its split {split!r}: prepare it again")
    return _WindowReader(
        corpus=corpus, segments=segments, targets=targets, context=context, quantizer=quantizer
    )


def _first_targets(length: int, targets: int, rng: np.random.Generator) -> int:
    """Draw the number of targets in the first window of a segment, which shifts all later windows.

    A segment of q * targets + r samples (0 < r <= targets) takes q + 1 windows if the first has at least r
    targets, and q + 2 windows if it has fewer. The number is drawn from the larger of these two ranges, so
    every epoch has the same number of windows.
    """
    if length <= targets:
        return length
    rest = (length - 1) % targets + 1
    if targets - rest + 1 >= rest - 1:
        return int(rng.integers(rest, targets, endpoint=True))
    return int(rng.integers(1, rest - 1, endpoint=True))


def _spans(number: int, length: int, targets: int, first: int) -> NDArray[np.int64]:
    """Return (windows, 3) of segment, first target and one past the last target, for one segment."""
    edges = np.concatenate([[0], np.arange(min(first, length), length, targets), [length]])
    return np.stack([np.full(len(edges) - 1, number), edges[:-1], edges[1:]], axis=1).astype(np.int64)
