"""The biases of blocks of samples on a device: the products of frames, made once a frame, and interpolated.

It contains the numbers of `sampling/conditions.py`, up to rounding. They are made on the device, since those
of many clips would take longer to copy than to draw with. This file does not know the kernel.
"""

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from partita.audio.features.layout import HOLD
from partita.models.conditioning.conditioner import MARGIN, Conditioner
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

MOST_BYTES = 256 << 20
"""Bytes of biases that are made at once, except that there are at least two blocks."""

TOGETHER = 16
"""Clips whose products are made at once: always as many, so that rounding does not depend on other clips."""


class Biases(NamedTuple):
    """The biases of consecutive samples."""

    table: Tensor
    """(blocks, rows, columns) float32."""
    block_size: int
    """Numbers from one block to the next; 0 without a condition."""
    periods: Tensor
    """(blocks, rows, 2) float32: the periods and periodicities of a network with `period_taps`."""
    phase: int
    """Samples of the first block that are before the first of these samples."""

    @property
    def period_size(self) -> int:
        """Numbers of `periods` from one block to the next; 0 without a condition."""
        return self.periods[0].numel() if self.block_size else 0


class BiasTable:
    """The biases of the gated units and of the skip connections' sum, with or without a condition.

    Args:
        model: the model; its conditioner is copied.
        source: the frames; a model without a condition ignores them.
        clips: clips that are drawn together.
        bias: (columns,) float32 on the device: what does not depend on the condition.
        columns: for each column, the conditioner's product that is added to it, or -1 for none.

    Raises:
        PartitaError: the frames are missing, or do not fit the model or the number of clips.

    >>> from partita.models.sizes import SIZES
    >>> bias = torch.zeros(384)
    >>> found = BiasTable(WaveNet(SIZES["tiny"]), None, clips=3, bias=bias, columns=np.arange(384)).at(5, 99)
    >>> found.block_size, found.phase
    (0, 0)
    """

    def __init__(
        self,
        model: WaveNet,
        source: FrameSource | None,
        *,
        clips: int,
        bias: Tensor,
        columns: NDArray[np.int64],
    ) -> None:
        self._bias, self._given = bias, 1
        self._products: _FrameProducts | None = None
        if model.conditioner is not None:
            frames = required_source(source)
            self._given = rows_given(model, frames, clips)
            conditioner = ordered_conditioner(model, columns).to(bias.device)
            self._products = _FrameProducts(conditioner, frames, bias, model.config.period_taps)
        self.rows = np.arange(clips) // (clips // self._given)
        """(clips,) int64: the row of each clip."""

    @property
    def own(self) -> bool:
        """Whether clips have different rows; otherwise there is a single row."""
        return self._given > 1

    @property
    def most(self) -> int:
        """The most samples whose biases fit into `MOST_BYTES`."""
        blocks = MOST_BYTES // (4 * self._given * len(self._bias))
        return HOLD * max(1, blocks - 1)  # the first and the last block may be incomplete

    @torch.inference_mode()
    def at(self, start: int, stop: int) -> Biases:
        """Return the biases of the samples from `start` to `stop` - 1, of which there is at least one.

        Raises:
            PartitaError: the frames contain values that are not finite, or of the wrong shape.
        """
        if self._products is None:
            return Biases(self._bias, 0, self._bias[:2], 0)
        blocks = np.arange(start // HOLD, (stop - 1) // HOLD + 1)
        frame, weight = places_of(blocks, self._products.hop_length)
        first = int(frame[0])
        products, known = self._products.of(first, int(frame[-1]) + 2)
        nearest = nearest_frames(torch.from_numpy(blocks), self._products.hop_length) - first
        index = torch.from_numpy(frame - first).to(self._bias.device)
        before, step = products[index], products[index + 1]
        # written so that equal frames give equal biases, to the last bit
        step -= before
        step *= torch.from_numpy(weight).to(self._bias.device)[:, None, None]
        step += before
        return Biases(step, step[0].numel(), known[nearest.to(known.device)], start % HOLD)


class _FrameProducts:
    """The products of frames plus the bias, and their periods, on the device of the bias."""

    def __init__(self, conditioner: Conditioner, source: FrameSource, bias: Tensor, taps: int) -> None:
        self.hop_length = conditioner.layout.hop_length
        self._conditioner, self._source, self._bias, self._taps = conditioner, source, bias, taps
        self._chunks: dict[int, tuple[Tensor, Tensor]] = {}

    def of(self, first: int, stop: int) -> tuple[Tensor, Tensor]:
        """Return (frames, rows, columns) products and (frames, rows, 2) periods; forget earlier frames."""
        needed = range(first // CHUNK, (stop - 1) // CHUNK + 1)
        self._chunks = {
            chunk: self._chunks[chunk] if chunk in self._chunks else self._chunk(chunk) for chunk in needed
        }
        here = slice(first - CHUNK * needed.start, stop - CHUNK * needed.start)
        products, periods = (torch.cat(parts)[here] for parts in zip(*self._chunks.values(), strict=True))
        return products, periods

    def _chunk(self, chunk: int) -> tuple[Tensor, Tensor]:
        """Return the products and the periods of `CHUNK` frames."""
        first, stop = CHUNK * chunk - MARGIN, CHUNK * (chunk + 1) + MARGIN
        frames = torch.from_numpy(requested_frames(self._source, self._conditioner.layout, first, stop))
        parts = []
        for rows in torch.split(frames.to(self._bias.device), TOGETHER):
            filled = functional.pad(rows, (0, 0, 0, 0, 0, TOGETHER - len(rows)))
            parts.append(self._conditioner(filled)[: len(rows), MARGIN:-MARGIN])
        products = torch.cat(parts).transpose(0, 1) + self._bias
        check_products(bool(products.isfinite().all()), CHUNK * chunk)
        periods = frame_periods(frames[:, MARGIN:-MARGIN], self._conditioner.layout, self._taps)
        return products, torch.from_numpy(periods).to(self._bias.device)
