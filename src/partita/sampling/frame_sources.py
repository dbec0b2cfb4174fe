"""Where the frames of a condition come from while clips are drawn: given in advance, or drawn on the fly.

Frames are numbered: frame i is centred at sample i * hop_length, and sample 0 is the first drawn one. Frames
with negative numbers belong to the prompt. This file does not know networks.
"""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from partita.errors import PartitaError

Frames = NDArray[np.float32]

KEPT = 256
"""Frames before a requested one that `DrawnFrames` keeps for another request."""


class FrameSource(Protocol):
    """Frames by their numbers."""

    def frames(self, first: int, stop: int) -> Frames:
        """Return the frames from number `first` to `stop` - 1.

        Returns:
            (clips, stop - first, columns) float32; one row may stand for all clips.
        """


class DrawsFrames(Protocol):
    """Draws frames, one after the other."""

    def take(self, count: int) -> Frames:
        """Draw the next frames of every clip, (clips, count, feature columns)."""


class GivenFrames:
    """Frames that exist already; before the first and after the last one the nearest frame is repeated.

    Args:
        frames: (clips, frames, columns), at least one frame; one row may stand for all clips.
        first: the number of the first frame: 0 is centred at the first drawn sample.

    Raises:
        PartitaError: the array has another number of axes, or no frame.

    >>> source = GivenFrames(np.arange(3.0)[None, :, None], first=-1)
    >>> source.frames(-3, 4)[0, :, 0].tolist()
    [0.0, 0.0, 0.0, 1.0, 2.0, 2.0, 2.0]
    """

    def __init__(self, frames: NDArray[np.floating], first: int = 0) -> None:
        if frames.ndim != 3 or 0 in frames.shape[:2]:
            raise PartitaError(
                f"the frames have the shape {frames.shape}: give (clips, frames, columns), at least one frame"
            )
        self.first = first
        self._frames = frames.astype(np.float32, copy=False)

    def frames(self, first: int, stop: int) -> Frames:
        """Return the frames from number `first` to `stop` - 1; see `FrameSource`."""
        numbers = np.arange(first, stop) - self.first
        return self._frames[:, numbers.clip(0, self._frames.shape[1] - 1)]


class DrawnFrames:
    """Frames that are drawn when they are needed, after those of a prompt.

    Frames are requested in order: those that are more than `KEPT` frames older than a request are dropped.

    Args:
        sampler: draws frame 0 and all frames after it.
        prompt: (clips, frames, feature columns), which end with frame -1; before the first one it is
            repeated. By default the first drawn frame is.
        given: the columns after the features: notes and labels, if the model has them.

    >>> class Counting:
    ...     drawn = 0
    ...     def take(self, count):
    ...         self.drawn += count
    ...         return np.arange(self.drawn - count, self.drawn, dtype=np.float32)[None, :, None]
    >>> source = DrawnFrames(Counting(), prompt=np.array([[[7.0]]]), given=GivenFrames(np.ones((1, 1, 2))))
    >>> source.frames(-2, 2)[0].tolist()
    [[7.0, 1.0, 1.0], [7.0, 1.0, 1.0], [0.0, 1.0, 1.0], [1.0, 1.0, 1.0]]
    """

    def __init__(
        self,
        sampler: DrawsFrames,
        *,
        prompt: NDArray[np.floating] | None = None,
        given: FrameSource | None = None,
    ) -> None:
        self._sampler, self._given = sampler, given
        if prompt is None or prompt.shape[1] == 0:
            self._kept, self._first = sampler.take(1), 0
        else:
            self._kept, self._first = prompt.astype(np.float32, copy=False), -prompt.shape[1]
        self._oldest = self._first

    def frames(self, first: int, stop: int) -> Frames:
        """Return the frames from number `first` to `stop` - 1, drawing those that do not exist yet."""
        if first < self._first != self._oldest:
            raise PartitaError(f"frame {first} was dropped: ask for frames in order")
        missing = stop - (self._first + self._kept.shape[1])
        if missing > 0:
            self._kept = np.concatenate([self._kept, self._sampler.take(missing)], 1)
        dropped = max(0, min(first - KEPT - self._first, self._kept.shape[1] - 1))
        if dropped:
            self._kept, self._first = self._kept[:, dropped:].copy(), self._first + dropped
        features = GivenFrames(self._kept, self._first).frames(first, stop)
        if self._given is None:
            return features
        given = self._given.frames(first, stop)
        clips = max(len(features), len(given))
        return np.concatenate([np.repeat(rows, clips // len(rows), 0) for rows in (features, given)], 2)
