"""Windows of classes for training and for scoring, drawn so that no window leaves its segment.

A window is `context` samples, then `targets` samples. What lies before a segment's start, and after its end
in a last window, is the zero class and no target. Knows nothing of models: `context` is whatever the caller's
model can see.
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
        classes: (batch, context + targets) int64; the first `context` are context, the last `targets`
            targets.
        valid: (batch, targets) bool; which targets count.
        names: "source @ 12.34 s" for each row, the time of its first valid target.
    """

    classes: NDArray[np.int64]
    valid: NDArray[np.bool_]
    names: list[str]


@dataclass(frozen=True, kw_only=True)
class _Cutter:
    corpus: Corpus
    segments: list[Segment]
    targets: int
    context: int
    quantizer: Quantizer

    def cut(self, places: NDArray[np.int64]) -> WindowBatch:
        """Cut windows at `places`: (batch, 3) of segment, first target, past the last target in it."""
        width = self.context + self.targets
        classes = np.full((len(places), width), self.quantizer.zero_class, dtype=np.int64)
        valid = np.zeros((len(places), self.targets), dtype=bool)
        names = []
        for row, (number, start, stop) in enumerate(places.tolist()):
            segment = self.segments[number]
            past = min(start, self.context)
            first = segment.offset + start
            sound = self.corpus.samples[first - past : segment.offset + stop]
            place = slice(self.context - past, self.context + stop - start)
            classes[row, place] = self.quantizer.encode_int16(sound)
            valid[row, : stop - start] = True
            seconds = segment.source_start_s + start / self.corpus.sample_rate
            names.append(f"{self.corpus.source(segment)} @ {seconds:.2f} s")
        return WindowBatch(classes, valid, names)


class TrainingWindows:
    """An endless, seeded, resumable stream of training windows.

    In every epoch every sample of the split is a target exactly once. Each epoch shifts where windows begin
    by a random phase in each segment and shuffles their order; both depend on the seed and the epoch's number
    alone, so the state is two whole numbers. The last batch of an epoch may have fewer rows.

    Args:
        corpus: a prepared corpus.
        split: whose samples.
        targets: targets a window, samples.
        context: samples before the first target.
        batch: windows a batch.
        seed: the run's seed.
        quantizer: waveform -> classes.

    Raises:
        PartitaError: the split is empty, or a number is out of range.
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
        self._cutter = _cutter(
            corpus, split, targets=targets, context=context, batch=batch, quantizer=quantizer
        )
        self._batch, self._seed, self._split = batch, seed, split
        self.epoch = 0
        self._position = 0
        self._plan = self._plan_epoch()

    @property
    def batches_per_epoch(self) -> int:
        """Return the batches of one epoch, the same for every epoch."""
        return -(-len(self._plan) // self._batch)

    def next(self) -> WindowBatch:
        """Return the next batch."""
        if self._position >= self.batches_per_epoch:
            self.epoch, self._position = self.epoch + 1, 0
            self._plan = self._plan_epoch()
        start = self._position * self._batch
        self._position += 1
        return self._cutter.cut(self._plan[start : start + self._batch])

    def state(self) -> dict[str, Any]:
        """Return all that `restore` needs to go on bitwise as if nothing had happened; fit for JSON."""
        return {"epoch": self.epoch, "position": self._position, "of": self._identity()}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a state.

        Raises:
            PartitaError: the state comes from another corpus, split, seed or shape of windows, or is damaged.
        """
        remedy = "go on from an earlier checkpoint, or begin a new run"
        table = Table(state, "the state of the windows", remedy, "windows.")
        was = table.table("of").values
        for name, value in self._identity().items():
            if was.get(name) != value:
                raise PartitaError(
                    f"`{name}` of the windows is {value!r}, was {was.get(name)!r} when they were"
                    " saved: go on with the same corpus and settings, or begin a new run"
                )
        epoch = table.integer("epoch", least=0)
        position = table.integer("position", least=0, most=self.batches_per_epoch)
        self.epoch, self._position = epoch, position
        self._plan = self._plan_epoch()

    def _identity(self) -> dict[str, Any]:
        cutter = self._cutter
        return {
            "fingerprint": cutter.corpus.fingerprint,
            "split": self._split,
            "targets": cutter.targets,
            "context": cutter.context,
            "batch": self._batch,
            "seed": self._seed,
        }

    def _plan_epoch(self) -> NDArray[np.int64]:
        random = numpy_stream(self._seed, f"data/epoch {self.epoch}")
        parts = []
        for number, segment in enumerate(self._cutter.segments):
            first = _first_window(segment.length, self._cutter.targets, random)
            parts.append(_places(number, segment.length, self._cutter.targets, first))
        plan = np.concatenate(parts)
        random.shuffle(plan, axis=0)
        return plan


def every_window(
    corpus: Corpus, split: str, *, targets: int, context: int, batch: int, quantizer: Quantizer
) -> Iterator[WindowBatch]:
    """Yield every sample of a split as a target once, in order, with its true past inside its segment.

    Args:
        corpus: a prepared corpus.
        split: whose samples.
        targets: targets a window, samples.
        context: samples before the first target; what a segment lacks is the zero class.
        batch: windows a batch; the last batch may have fewer.
        quantizer: waveform -> classes.

    Raises:
        PartitaError: the split is empty, or a number is out of range.
    """
    cutter = _cutter(corpus, split, targets=targets, context=context, batch=batch, quantizer=quantizer)
    plan = np.concatenate(
        [_places(number, segment.length, targets, targets) for number, segment in enumerate(cutter.segments)]
    )
    for start in range(0, len(plan), batch):
        yield cutter.cut(plan[start : start + batch])


def _cutter(
    corpus: Corpus, split: str, *, targets: int, context: int, batch: int, quantizer: Quantizer
) -> _Cutter:
    for name, value, least in (("targets", targets, 1), ("context", context, 0), ("batch", batch, 1)):
        if value < least:
            raise PartitaError(f"`{name}` is {value}, must be at least {least}")
    segments = corpus.segments(split)
    if not segments:
        raise PartitaError(f"the corpus {corpus.path} has no sound in its split {split!r}: prepare it again")
    return _Cutter(corpus=corpus, segments=segments, targets=targets, context=context, quantizer=quantizer)


def _first_window(length: int, targets: int, random: np.random.Generator) -> int:
    """Return how many samples the first window of a segment takes: the epoch's phase.

    A segment of q * targets + r samples (0 < r <= targets) takes q + 1 windows when the first has at least r
    of them, and q + 2 when it has fewer. The wider of these two ranges is drawn from, so every epoch has the
    same number of windows.
    """
    if length <= targets:
        return length
    rest = (length - 1) % targets + 1
    if targets - rest + 1 >= rest - 1:
        return int(random.integers(rest, targets, endpoint=True))
    return int(random.integers(1, rest - 1, endpoint=True))


def _places(number: int, length: int, targets: int, first: int) -> NDArray[np.int64]:
    edges = np.concatenate([[0], np.arange(min(first, length), length, targets), [length]])
    return np.stack([np.full(len(edges) - 1, number), edges[:-1], edges[1:]], axis=1).astype(np.int64)
