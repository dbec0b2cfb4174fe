"""What a condition adds while clips are drawn: frames from a source, their products, biases of blocks.

Time t = 0 is the first drawn sample, and frame i is centred at sample i * hop_length. Negative times belong
to the prompt. All samples of block t // HOLD share the biases that are interpolated at the block's centre, so
they depend neither on how many samples are drawn at once, nor on how many clips. This file does not know how
an engine uses the biases.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from partita.audio.features.layout import HOLD
from partita.device import thread_limit
from partita.models.conditioning.conditioner import MARGIN
from partita.models.conditioning.period import nearest_frames
from partita.models.wavenet import WaveNet
from partita.sampling.frame_products import (
    CHUNK,
    check_products,
    frame_periods,
    ordered_conditioner,
    places_of,
    requested_frames,
    required_source,
    rows_given,
)
from partita.sampling.frame_sources import FrameSource
from partita.sampling.weights import aligned_zeros

MOST_BLOCKS = 100
"""Blocks whose biases are made at once: 0.1 s at 16 kHz."""

MOST_BYTES = 64 << 20
"""Bytes of biases that are made at once, except that there is at least one block."""


class Span(NamedTuple):
    """Consecutive samples and the biases of their blocks."""

    start: int
    """The time of the first sample; it is in the first block."""
    stop: int
    """The time after the last sample."""
    biases: NDArray[np.float32]
    """(blocks, rows, columns), with one row per clip, or a single row for all clips. The next span overwrites
    them."""
    periods: NDArray[np.float32]
    """(blocks, rows, 2): the period in samples, and the periodicity. A network without `period_taps` has one
    block of one row, of zeros."""


class _FrameChunk(NamedTuple):
    """What is kept of some frames: (frames, given rows, ...)."""

    products: NDArray[np.float32]
    periods: NDArray[np.float32]


class ConditionTable:
    """The biases of the gated units and of the skip connections' sum, block by block of samples.

    Args:
        model: a model with a condition; its conditioner is copied.
        source: the frames; one row of frames for all clips, or one for each, or one for each of equally many
            neighbouring clips.
        clips: clips that are drawn together.
        bias: (columns,) what does not depend on the condition, and is added; by default 0.
        columns: (columns,) for each column of the biases, the conditioner's product that it contains, or -1
            for none; by default the products in their own order: layers * 2 * units of the gated units (the
            filter, then the gate), then the skip channels.

    Raises:
        PartitaError: the frames do not fit the model or the number of clips.

    >>> from dataclasses import replace
    >>> from partita.audio.features.layout import FrameLayout
    >>> from partita.models.sizes import SIZES
    >>> from partita.sampling.frame_sources import GivenFrames
    >>> model = WaveNet(replace(SIZES["tiny"], condition=FrameLayout(hop_length=160, bands=3)))
    >>> table = ConditionTable(model, GivenFrames(np.zeros((1, 9, 5), np.float32)), clips=4)
    >>> [(span.start, span.stop, span.biases.shape) for span in table.spans(-3, 1610)]
    [(-3, 1584, (100, 1, 384)), (1584, 1610, (2, 1, 384))]
    """

    def __init__(
        self,
        model: WaveNet,
        source: FrameSource,
        *,
        clips: int,
        bias: NDArray[np.floating[Any]] | None = None,
        columns: NDArray[np.int64] | None = None,
    ) -> None:
        assert model.conditioner is not None
        self.layout = model.conditioner.layout
        self._source, self._clips = source, clips
        self._conditioner = ordered_conditioner(model, columns)
        self.columns = self._conditioner.gates.shape[1]
        self._bias = np.zeros(self.columns, np.float32) if bias is None else bias.astype(np.float32)
        self._taps = model.config.period_taps
        self._chunks: dict[int, _FrameChunk] = {}
        self._buffer: NDArray[np.float32] | None = None
        self._given = rows_given(model, source, clips)

    @property
    def rows(self) -> int:
        """Rows of the biases of a block: 1 if all clips share their frames, else the number of clips."""
        return 1 if self._given == 1 else self._clips

    def spans(self, start: int, stop: int) -> Iterator[Span]:
        """Yield the biases of consecutive samples, for few samples at a time, so that memory is bounded.

        Args:
            start: the time of the first sample.
            stop: the time after the last one.

        Raises:
            PartitaError: the frames contain values that are not finite, or of the wrong shape.
        """
        most = max(1, min(MOST_BLOCKS, MOST_BYTES // (4 * self.rows * self.columns)))
        if self._buffer is None:
            self._buffer = aligned_zeros(most * self.rows * self.columns).reshape(most, self.rows, -1)
        while start < stop:
            end = min(stop, (start // HOLD + most) * HOLD)
            yield Span(start, end, self.biases(start, end, self._buffer), self.periods(start, end))
            start = end

    def biases(self, start: int, stop: int, buffer: NDArray[np.float32] | None = None) -> NDArray[np.float32]:
        """Return the biases of the blocks that samples from `start` to `stop` - 1 are in.

        Args:
            start: the time of the first sample.
            stop: the time after the last one.
            buffer: at least as many blocks as needed, overwritten; by default a new array.

        Returns:
            (blocks, rows, columns): sample t is in block t // HOLD - start // HOLD of these.
        """
        blocks = np.arange(start // HOLD, (stop - 1) // HOLD + 1)
        frame, weight = places_of(blocks, self.layout.hop_length)
        first = int(frame[0])
        products = self._frames(first, int(frame[-1]) + 2).products
        if buffer is None:
            buffer = np.empty((len(blocks), self.rows, self.columns), np.float32)
        biases = buffer[: len(blocks)]
        sharing = biases.reshape(len(blocks), self._given, -1, self.columns)
        for at in range(len(products) - 1):
            here = slice(*np.searchsorted(frame, [first + at, first + at + 1]))
            # written so that equal frames give equal biases, to the last bit
            step = (products[at + 1] - products[at])[:, None]
            np.multiply(weight[here, None, None, None], step, out=sharing[here])
            sharing[here] += products[at][:, None]
        return biases

    def periods(self, start: int, stop: int) -> NDArray[np.float32]:
        """Return the periods and periodicities of the blocks that samples from `start` to `stop` - 1 are in.

        Args:
            start: the time of the first sample.
            stop: the time after the last one.

        Returns:
            (blocks, rows, 2); one block of one row, of zeros, for a network without `period_taps`.
        """
        if not self._taps:
            return np.zeros((1, 1, 2), np.float32)
        blocks = np.arange(start // HOLD, (stop - 1) // HOLD + 1)
        frame, _ = places_of(blocks, self.layout.hop_length)
        nearest = nearest_frames(torch.from_numpy(blocks), self.layout.hop_length).numpy()
        # the frames that `biases` asks for, so that no chunk is made twice
        known = self._frames(int(frame[0]), int(frame[-1]) + 2).periods[nearest - frame[0]]
        return np.repeat(known, self.rows // self._given, 1)

    def constant_samples(self, start: int, stop: int) -> int:
        """Return how many samples from `start` on have the same biases, for every clip; at most all."""
        ends = np.array([start // HOLD, (stop - 1) // HOLD])
        frames, _ = places_of(ends, self.layout.hop_length)
        first, last = int(frames[0]), int(frames[1]) + 1
        value = self._frames(first, first + 1).products
        for chunk in range(first // CHUNK, last // CHUNK + 1):
            begin, end = max(first, CHUNK * chunk), min(last + 1, CHUNK * (chunk + 1))
            changed = (self._frames(begin, end).products != value).any((1, 2))
            if changed.any():
                same = (begin + int(changed.argmax()) - 1) * self.layout.hop_length
                block = (start // HOLD + 1) * HOLD
                return min(stop, max(same, block)) - start
        return stop - start

    def _frames(self, first: int, stop: int) -> _FrameChunk:
        """Return what is kept of some frames, and forget earlier ones."""
        needed = range(first // CHUNK, (stop - 1) // CHUNK + 1)
        self._chunks = {
            chunk: self._chunks[chunk] if chunk in self._chunks else self._chunk(chunk) for chunk in needed
        }
        here = slice(first - CHUNK * needed.start, stop - CHUNK * needed.start)
        return _FrameChunk(
            *(np.concatenate(parts)[here] for parts in zip(*self._chunks.values(), strict=True))
        )

    def _chunk(self, chunk: int) -> _FrameChunk:
        """Return the products of `CHUNK` frames plus the bias, and their periods."""
        first, stop = CHUNK * chunk - MARGIN, CHUNK * (chunk + 1) + MARGIN
        frames = torch.from_numpy(requested_frames(self._source, self.layout, first, stop))
        # clip by clip and on one thread, so that rounding does not depend on the other clips
        with thread_limit(1), torch.inference_mode():
            each = [self._conditioner(row[None])[0, MARGIN:-MARGIN].numpy() for row in frames]
        products = np.stack(each, 1) + self._bias
        check_products(bool(np.isfinite(products).all()), CHUNK * chunk)
        return _FrameChunk(products, frame_periods(frames[:, MARGIN:-MARGIN], self.layout, self._taps))


def condition_table(
    model: WaveNet,
    source: FrameSource | None,
    *,
    clips: int,
    bias: NDArray[np.floating[Any]],
    columns: NDArray[np.int64],
) -> ConditionTable | None:
    """Return the table that an engine reads, or None for a model without a condition.

    Args:
        model: the model.
        source: the frames; a model without a condition ignores them.
        clips: as for `ConditionTable`.
        bias: as for `ConditionTable`.
        columns: as for `ConditionTable`.

    Raises:
        PartitaError: the model has a condition and there are no frames, or as for `ConditionTable`.

    >>> from partita.models.sizes import SIZES
    >>> nothing = np.zeros(0, np.int64)
    >>> condition_table(WaveNet(SIZES["tiny"]), None, clips=1, bias=nothing, columns=nothing) is None
    True
    """
    if model.conditioner is None:
        return None
    return ConditionTable(model, required_source(source), clips=clips, bias=bias, columns=columns)
