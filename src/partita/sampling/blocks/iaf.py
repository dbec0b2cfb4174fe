"""Clips of an inverse autoregressive flow: rows of noise become rows of sound, in parallel.

Sample t of the noise is addressed by the seed, the clip and t, so a clip does not depend on the others. Time
0 is the first drawn sample; the noise begins a receptive field before it. Each row of `ROW` samples is made
from its own noise and the receptive field before it, by the compiled pass `cpu/flows/kernel.py`; rows are
shared among threads.

A prompt has an effect by its features alone. This file does not know runs or files.
"""

from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from partita.audio.features.layout import HOLD
from partita.device import thread_limit
from partita.models.flows.harmonics import HIGHEST
from partita.models.flows.iaf import IAF
from partita.models.flows.level import levels as sound_levels
from partita.sampling.blocks.frames import conditions_at, needed_source
from partita.sampling.blocks.stream import BlockStream
from partita.sampling.config import SamplingConfig
from partita.sampling.cpu.flows.kernel import FlowRow, fill_noise, run_row
from partita.sampling.cpu.flows.packing import make_scratch, pack_products, pack_weights
from partita.sampling.frame_sources import FrameSource

ROW = 8192
"""Samples of a row."""
ROWS = 4
"""Rows of a clip that are made at once."""


class _Given(NamedTuple):
    """What the frames give a block and the receptive field before it; one row may stand for all clips."""

    products: NDArray[np.float32]
    """(rows, frames, flows, columns)"""
    turns: NDArray[np.float64]
    """(3, rows, samples): of the pitch; no samples if the flows do not use it"""
    levels: NDArray[np.float32]
    """(rows, samples of the block); empty without features"""
    start: int
    """Samples from the first frame to the first sample."""
    hop_length: int


class IAFStream(BlockStream):
    """Clips of an inverse autoregressive flow.

    Args:
        model: the model, on the CPU.
        clips: the number of clips.
        config: how to draw; `temperature` multiplies the noise.
        conditions: the frames that the clips follow: one row for all clips, or one for each. Needed if the
            model has a condition, otherwise ignored.

    Raises:
        PartitaError: the frames are missing, or the settings do not fit the model.

    >>> from partita.models.flows.iaf import IAFConfig
    >>> from partita.models.sizes import SIZES
    >>> model = IAF(SIZES["tiny"], IAFConfig(flows=2, layers=3), generator=torch.Generator().manual_seed(0))
    >>> IAFStream(model, clips=2).take(3).shape
    (2, 3)
    """

    def __init__(
        self,
        model: IAF,
        *,
        clips: int = 1,
        config: SamplingConfig | None = None,
        conditions: FrameSource | None = None,
    ) -> None:
        super().__init__(clips=clips, classes=model.config.classes, config=config or SamplingConfig())
        self._model, self._source = model, needed_source(conditions, model.config.condition)
        self._weights = pack_weights(model)
        self._start = 0
        self._following: list[Future[NDArray[np.float32]]] | None = None
        """The rows of the next block, if they are begun."""
        self._pool: ThreadPoolExecutor | None = None
        self._turns = torch.zeros(1, dtype=torch.float64)
        self._shift = -(-model.receptive_field // ROW) * ROW
        """Added to times, so that the addresses of the noise before time 0 are not negative."""

    def _next_values(self) -> NDArray[np.float32]:
        current, self._following = self._following or self._begin(), None
        if self._missing > ROW * ROWS:  # the next block begins before this one is waited for
            self._following = self._begin()
        values = np.stack([sound.result() for sound in current])
        if self._following is None and self._pool is not None:
            self._pool.shutdown()
            self._pool = None
        return values.reshape(self.clips, ROW * ROWS)

    def _begin(self) -> list[Future[NDArray[np.float32]]]:
        """Begin to draw the next block: the rows of each clip, in order."""
        field, block = self._model.receptive_field, ROW * ROWS
        with thread_limit(1):  # PyTorch's own threads would take the cores from the rows
            given = self._given(self._start - field, field + block)
        rows = [(clip, ROW * row) for clip in range(self.clips) for row in range(ROWS)]
        if self._pool is None:
            self._pool = ThreadPoolExecutor(min(self.config.thread_count, len(rows)))
        begun = [self._pool.submit(self._row, given, self._start, row) for row in rows]
        self._start += block
        return begun

    def _row(self, given: _Given, start: int, place: tuple[int, int]) -> NDArray[np.float32]:
        """Return the sound of a row: of which clip, and how many samples after the start of the block."""
        clip, first = place
        field, samples = self._model.receptive_field, self._model.receptive_field + ROW
        values = np.zeros((len(self._weights.skip) + 1, 1 + samples), np.float32)
        seed, own = self.config.seed, clip % len(given.products)
        fill_noise(
            values[0, 1:],
            np.uint64(seed & 0xFFFFFFFF),
            np.uint64(seed >> 32),
            np.int64(start - field + self._shift + first),
            np.int64(clip),
            self.config.temperature,
        )
        times = slice(first, first + samples)
        row = FlowRow(
            values=values,
            products=given.products[own],
            start=np.int64(given.start + first),
            hop_length=np.int64(given.hop_length),
            hold=np.int64(HOLD),
            turns=np.ascontiguousarray(given.turns[:, own, times]),
            highest=HIGHEST,
        )
        run_row(self._weights, row, make_scratch(self._weights, HOLD))
        sound: NDArray[np.float32] = values[-1, 1 + field :]
        return sound * given.levels[own, first : first + ROW] if given.levels.size else sound

    @torch.no_grad()
    def _given(self, first: int, samples: int) -> _Given:
        """Return what consecutive times are given by the frames around them."""
        model, layout = self._model, self._model.config.condition
        conditions = conditions_at(self._source, layout, first=first, samples=samples)
        if conditions is None or layout is None or model.conditioner is None:
            products = pack_products(model, np.zeros((1, 0), np.float32))[None]
            return _Given(products, np.zeros((3, 1, 0)), np.zeros((1, 0), np.float32), 0, HOLD)
        products = np.stack(
            [pack_products(model, one.numpy()) for one in model.conditioner(conditions.frames)]
        )
        turns, levels = np.zeros((3, len(products), 0)), np.zeros((1, 0), np.float32)
        before = self._turns.expand(len(products) if len(self._turns) == 1 else -1)
        found = model.turns(conditions, samples=samples, before=before)
        if found is not None:
            self._turns = found.done[:, ROW * ROWS - 1]
            turns = torch.stack(list(found)).double().numpy()
        if model.has_features:
            own = conditions.shifted(model.receptive_field)
            levels = sound_levels(own, layout, samples=ROW * ROWS).numpy()
        return _Given(products, turns, levels, int(conditions.start[0]), layout.hop_length)
