"""Clips as a stream: any number of clips, each of which continues its prompt, drawn block by block.

A clip depends only on the model, the prompt, the settings, the seed and the clip's number. This file does not
know waveforms, files or runs: it yields classes.
"""

from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from partita.errors import PartitaError
from partita.models.heads.choice import CATEGORICAL
from partita.models.wavenet import WaveNet
from partita.sampling.backend import check_memory, engine_for
from partita.sampling.config import SamplingConfig
from partita.sampling.frame_sources import FrameSource

Classes = NDArray[Any]


def history_of(prompt: Classes | None, *, clips: int, length: int, classes: int, zero_class: int) -> Classes:
    """Return the `length` samples before the first drawn one: the end of the prompt, preceded by silence.

    Args:
        prompt: (clips, n) classes, or (n,) or (1, n) for all clips, with any n; None is silence.
        clips: the number of clips.
        length: samples to return.
        classes: the number of classes.
        zero_class: the class of silence.

    Returns:
        (clips, length) int64.

    Raises:
        PartitaError: the prompt has another number of clips, or values that are not classes.

    >>> history_of(np.array([1, 2, 3]), clips=2, length=4, classes=8, zero_class=0).tolist()
    [[0, 1, 2, 3], [0, 1, 2, 3]]
    """
    history = np.full((clips, length), zero_class, np.int64)
    if prompt is None:
        return history
    given = np.atleast_2d(np.asarray(prompt))
    if given.ndim != 2 or given.shape[0] not in {1, clips}:
        raise PartitaError(f"the prompt has shape {given.shape}: give one row, or {clips}, one per clip")
    if given.size and (given.dtype.kind not in "iu" or given.min() < 0 or given.max() >= classes):
        raise PartitaError(
            f"the prompt has values that are not classes: give whole numbers from 0 to {classes - 1}"
        )
    taken = min(length, given.shape[1])
    if taken:
        history[:, length - taken :] = given[:, given.shape[1] - taken :]
    return history


class Source(Protocol):
    """What `blocks_of` draws from: a `Stream` or a `SteeredStream`."""

    config: SamplingConfig

    @property
    def position(self) -> int:
        """Samples drawn so far, per clip."""

    def take(self, steps: int) -> Classes:
        """Draw the next samples of every clip, (clips, steps)."""


class Stream:
    """Clips that are drawn together; `take` draws their next samples.

    Args:
        model: the model; its weights are copied here, so later changes to them have no effect.
        prompt: (clips, n) classes that the clips continue, or (n,) for all clips; None is silence.
        clips: the number of clips.
        config: how to draw.
        zero_class: the class of silence, which precedes the prompt.
        conditions: the frames that the clips follow: one row for all clips, or one for each. Needed if the
            model has a condition, otherwise ignored.

    Raises:
        PartitaError: the prompt, the frames or the settings do not fit the model, or the clips do not fit in
            memory.

    >>> import torch
    >>> from partita.models.sizes import SIZES
    >>> model = WaveNet(SIZES["tiny"], generator=torch.Generator().manual_seed(0))
    >>> Stream(model, clips=2, zero_class=128).take(3).shape
    (2, 3)
    """

    def __init__(
        self,
        model: WaveNet,
        *,
        prompt: Classes | None = None,
        clips: int = 1,
        config: SamplingConfig | None = None,
        zero_class: int,
        conditions: FrameSource | None = None,
    ) -> None:
        self.config = config or SamplingConfig()
        if clips < 1:
            raise PartitaError(f"`clips` is {clips}: give at least 1")
        check_memory(model, clips)
        count = model.config.classes
        history = history_of(
            prompt, clips=clips, length=model.receptive_field, classes=count, zero_class=zero_class
        )
        self.clips = clips
        self._dtype = np.uint8 if count <= 256 else np.uint16
        self._has_probabilities = model.config.head == CATEGORICAL
        self._engine = engine_for(model, history, self.config, conditions=conditions)

    @property
    def position(self) -> int:
        """Samples drawn so far, per clip."""
        return self._engine.position

    def take(self, steps: int, *, probabilities: NDArray[np.float32] | None = None) -> Classes:
        """Draw the next samples of every clip.

        Args:
            steps: samples per clip.
            probabilities: (clips, steps, classes), filled with the probabilities that were drawn from. Only a
                categorical head has them.

        Returns:
            (clips, steps), uint8 (uint16 for more than 256 classes).
        """
        assert probabilities is None or self._has_probabilities
        return self._engine.take(steps, probabilities).astype(self._dtype)


def stream(
    model: WaveNet,
    *,
    prompt: Classes | None = None,
    clips: int = 1,
    steps: int | None = None,
    first: int | None = None,
    config: SamplingConfig | None = None,
    zero_class: int,
    conditions: FrameSource | None = None,
) -> Iterator[Classes]:
    """Yield blocks of (clips, config.block) classes.

    With `first`, the first block has that many samples, and each block is twice as long as the one before, up
    to `config.block`. Playback can then start at once, and does not stall if drawing is at least twice as
    fast as playing.

    Args:
        model: as for `Stream`.
        prompt: as for `Stream`.
        clips: as for `Stream`.
        steps: samples per clip; None is no end.
        first: samples of the first block; None makes all blocks equal.
        config: as for `Stream`, and the size of a block.
        zero_class: as for `Stream`.
        conditions: as for `Stream`.

    Returns:
        an iterator over (clips, block) classes.

    Raises:
        PartitaError: as for `Stream`, at once and not at the first block.

    >>> import torch
    >>> from partita.models.sizes import SIZES
    >>> model = WaveNet(SIZES["tiny"], generator=torch.Generator().manual_seed(0))
    >>> config = SamplingConfig(block=4)
    >>> [block.shape[1] for block in stream(model, steps=10, config=config, zero_class=128)]
    [4, 4, 2]
    >>> [block.shape[1] for block in stream(model, steps=10, first=1, config=config, zero_class=128)]
    [1, 2, 4, 3]
    """
    if steps is not None and steps < 0:
        raise PartitaError(f"`steps` is {steps}: give at least 0")
    source = Stream(
        model, prompt=prompt, clips=clips, config=config, zero_class=zero_class, conditions=conditions
    )
    return blocks_of(source, steps, first=first)


def blocks_of(source: Source, steps: int | None, *, first: int | None = None) -> Iterator[Classes]:
    """Yield what a source draws, block by block.

    Args:
        source: what draws.
        steps: samples per clip; None is no end.
        first: samples of the first block; None makes all blocks equal.

    Raises:
        PartitaError: `first` is below 1.
    """
    if first is not None and first < 1:
        raise PartitaError(f"`first` is {first}: give at least 1")
    return _blocks(source, steps, first or source.config.block)


def _blocks(source: Source, steps: int | None, length: int) -> Iterator[Classes]:
    while steps is None or source.position < steps:
        length = min(length, source.config.block)
        yield source.take(length if steps is None else min(length, steps - source.position))
        length *= 2


def draw(
    model: WaveNet,
    *,
    clips: int = 1,
    steps: int,
    prompt: Classes | None = None,
    config: SamplingConfig | None = None,
    zero_class: int,
    conditions: FrameSource | None = None,
) -> Classes:
    """Return (clips, steps) classes; the arguments are those of `stream`.

    >>> import torch
    >>> from partita.models.sizes import SIZES
    >>> model = WaveNet(SIZES["tiny"], generator=torch.Generator().manual_seed(0))
    >>> draw(model, steps=5, zero_class=128).shape
    (1, 5)
    """
    source = Stream(
        model, prompt=prompt, clips=clips, config=config, zero_class=zero_class, conditions=conditions
    )
    return source.take(steps)
