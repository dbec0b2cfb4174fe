"""Order the windows of each epoch, and save and resume the place in it.

This module does not read the windows; it only knows how long the segments are.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from partita.data.augmentation import Augmentation
from partita.data.frames import Change
from partita.errors import PartitaError
from partita.seeds import numpy_stream
from partita.tables import Table


class EpochStream(ABC):
    """An endless stream of windows that can be saved and resumed.

    In every epoch each place of a segment is a target exactly once. Each epoch shifts the starts of the
    windows by a random phase in each segment, and shuffles their order. Both depend only on the seed and the
    number of the epoch, so the state is two integers. The last batch of an epoch may have fewer rows.

    Args:
        lengths: targets of each segment.
        targets: targets per window.
        batch: windows per batch.
        seed: seed of the run.
        augmentation: how much the windows may differ from the recordings; None for not at all.
        whole_semitones: change the speed by whole semitones only.
    """

    def __init__(
        self,
        lengths: Sequence[int],
        *,
        targets: int,
        batch: int,
        seed: int,
        augmentation: Augmentation | None,
        whole_semitones: bool,
    ) -> None:
        self._lengths, self._targets = lengths, targets
        self._batch, self._seed = batch, seed
        self._augmentation, self._whole_semitones = augmentation, whole_semitones
        self.epoch = 0
        self._position = 0
        self._plan = self._plan_epoch()

    @property
    def batches_per_epoch(self) -> int:
        """Number of batches per epoch, the same in every epoch."""
        return -(-len(self._plan) // self._batch)

    @property
    @abstractmethod
    def identity(self) -> dict[str, Any]:
        """What must be the same for a state to be restored."""

    def next_spans(self) -> tuple[NDArray[np.int64], list[Change] | None]:
        """Return the next batch: (batch, 3) of segment, first target, one past the last; and the changes."""
        if self._position >= self.batches_per_epoch:
            self.epoch, self._position = self.epoch + 1, 0
            self._plan = self._plan_epoch()
        start = self._position * self._batch
        spans, changes = self._plan[start : start + self._batch], None
        if self._augmentation is not None:
            rng = numpy_stream(self._seed, f"augmentation/epoch {self.epoch}/batch {self._position}")
            changes = self._augmentation.draw(rng, len(spans), whole_semitones=self._whole_semitones)
        self._position += 1
        return spans, changes

    def state(self) -> dict[str, Any]:
        """Return the state for `restore`, as values that JSON can hold."""
        return {"epoch": self.epoch, "position": self._position, "of": self.identity}

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
        for name, value in self.identity.items():
            if saved.get(name) != value:
                raise PartitaError(
                    f"`{name}` of the windows is {value!r}, was {saved.get(name)!r} when they were"
                    " saved: resume with the same corpus and settings, or start a new run"
                )
        epoch = table.integer("epoch", minimum=0)
        position = table.integer("position", minimum=0, maximum=self.batches_per_epoch)
        self.epoch, self._position = epoch, position
        self._plan = self._plan_epoch()

    def _plan_epoch(self) -> NDArray[np.int64]:
        """Return the spans of all windows of the current epoch, (windows, 3), in random order."""
        rng = numpy_stream(self._seed, f"data/epoch {self.epoch}")
        parts = []
        for number, length in enumerate(self._lengths):
            parts.append(spans(number, length, self._targets, _first_targets(length, self._targets, rng)))
        plan = np.concatenate(parts)
        rng.shuffle(plan, axis=0)
        return plan


def spans(number: int, length: int, targets: int, first: int) -> NDArray[np.int64]:
    """Return the spans of the windows of one segment.

    Args:
        number: the number of the segment.
        length: its targets.
        targets: targets per window.
        first: targets of the first window.

    Returns:
        (windows, 3): number of the segment, first target, one past the last target.

    >>> spans(0, 7, 3, 2).tolist()
    [[0, 0, 2], [0, 2, 5], [0, 5, 7]]
    """
    edges = np.concatenate([[0], np.arange(min(first, length), length, targets), [length]])
    return np.stack([np.full(len(edges) - 1, number), edges[:-1], edges[1:]], axis=1).astype(np.int64)


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
