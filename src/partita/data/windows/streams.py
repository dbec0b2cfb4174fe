"""Cut a corpus into windows of classes for training and for scoring; no window crosses the end of a segment.

A window is `context` samples followed by `targets` samples. Where a window extends beyond its segment, it is
filled with the zero class, which is never a target. With a layout, each window has the frames around it. This
module does not know models: the caller gives the length of the context, usually its model's receptive field.
"""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import numpy as np

from partita.audio.features.layout import FrameLayout
from partita.audio.quantizer import Quantizer
from partita.data.augmentation import Augmentation
from partita.data.corpus import Corpus
from partita.data.frames import FrameReader
from partita.data.windows.epochs import EpochStream, spans
from partita.data.windows.reader import WindowBatch, WindowReader
from partita.errors import PartitaError


class TrainingWindows(EpochStream):
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
        layout: the columns of the frames that each window gets; None for no frames.
        augmentation: how much the windows may differ from the recordings; None for not at all. Where the
            speed changes, a few samples of an epoch are a target twice or never.

    Raises:
        PartitaError: the split is empty, a number is out of range, or the corpus lacks what the layout needs.

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
        layout: FrameLayout | None = None,
        augmentation: Augmentation | None = None,
    ) -> None:
        self._reader = _reader(
            corpus, split, targets=targets, context=context, batch=batch, quantizer=quantizer, layout=layout
        )
        self._split = split
        super().__init__(
            [segment.length for segment in self._reader.segments],
            targets=targets,
            batch=batch,
            seed=seed,
            augmentation=augmentation,
            whole_semitones=layout is not None and layout.notes,
        )

    def next(self) -> WindowBatch:
        """Return the next batch."""
        return self._reader.read(*self.next_spans())

    @property
    def identity(self) -> dict[str, Any]:
        """What must be the same for a state to be restored."""
        reader, augmentation = self._reader, self._augmentation
        return {
            "fingerprint": reader.corpus.fingerprint,
            "split": self._split,
            "targets": reader.targets,
            "context": reader.context,
            "batch": self._batch,
            "seed": self._seed,
            **({"augmentation": asdict(augmentation)} if augmentation is not None else {}),
        }


def every_window(
    corpus: Corpus,
    split: str,
    *,
    targets: int,
    context: int,
    batch: int,
    quantizer: Quantizer,
    layout: FrameLayout | None = None,
) -> Iterator[WindowBatch]:
    """Yield windows in which each sample of a split is a target exactly once, in order.

    Args:
        corpus: a prepared corpus.
        split: name of the split.
        targets: targets per window, samples.
        context: samples before the first target; before the start of the segment they are the zero class.
        batch: windows per batch; the last batch may have fewer.
        quantizer: waveform -> classes.
        layout: the columns of the frames that each window gets; None for no frames.

    Yields:
        Batches of windows.

    Raises:
        PartitaError: the split is empty, a number is out of range, or the corpus lacks what the layout needs.

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
    reader = _reader(
        corpus, split, targets=targets, context=context, batch=batch, quantizer=quantizer, layout=layout
    )
    plan = np.concatenate(
        [spans(number, segment.length, targets, targets) for number, segment in enumerate(reader.segments)]
    )
    for start in range(0, len(plan), batch):
        yield reader.read(plan[start : start + batch])


def _reader(
    corpus: Corpus,
    split: str,
    *,
    targets: int,
    context: int,
    batch: int,
    quantizer: Quantizer,
    layout: FrameLayout | None,
) -> WindowReader:
    for name, value, least in (("targets", targets, 1), ("context", context, 0), ("batch", batch, 1)):
        if value < least:
            raise PartitaError(f"`{name}` is {value}, must be at least {least}")
    segments = corpus.segments(split)
    if not segments:
        raise PartitaError(f"the corpus {corpus.path} has no sound in its split {split!r}: prepare it again")
    return WindowReader(
        corpus=corpus,
        segments=segments,
        targets=targets,
        context=context,
        quantizer=quantizer,
        frames=None if layout is None else FrameReader(corpus, layout),
    )
