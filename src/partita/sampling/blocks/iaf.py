"""Clips of an inverse autoregressive flow: rows of noise become rows of sound, in parallel.

Sample t of the noise is addressed by the seed, the clip and t, so a clip does not depend on the others. Time
0 is the first drawn sample; the noise begins a receptive field before it. Each row of `ROW` samples is made
from its own noise and the receptive field before it. Rows run in threads of their own, with one thread of
PyTorch's, which is faster than one product in several threads.

A prompt has an effect by its features alone. This file does not know runs or files.
"""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import ndtri
from torch import Tensor

from partita.device import thread_limit
from partita.models.conditioning.conditions import Conditions
from partita.models.flows.iaf import IAF
from partita.sampling.blocks.frames import conditions_at, needed_source
from partita.sampling.blocks.stream import BlockStream
from partita.sampling.config import SamplingConfig
from partita.sampling.frame_sources import FrameSource
from partita.sampling.uniforms import uniforms

ROW = 8192
"""Samples of a row."""
ROWS = 2
"""Rows of a clip that are made at once."""


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
        self._start = 0
        self._phase = torch.zeros(1, dtype=torch.float64)
        self._shift = -(-model.receptive_field // ROW) * ROW
        """Added to times, so that the addresses of the noise before time 0 are not negative."""

    @torch.no_grad()
    def _next_values(self) -> NDArray[np.float32]:
        field, block = self._model.receptive_field, ROW * ROWS
        noise = self._noise(self._start - field, field + block)
        conditions = self._conditions(self._start - field, field + block)
        given = 1 if conditions is None else len(conditions.frames)
        phase = self._phase.expand(given) if len(self._phase) == 1 else self._phase
        sines, phases = self._model.sines(conditions, samples=field + block, phase=phase)
        if phases is not None:
            self._phase = phases[:, block - 1]
        threads = self.config.thread_count
        rows = [(clip, ROW * row) for clip in range(self.clips) for row in range(ROWS)]

        def sound(place: tuple[int, int]) -> Tensor:
            clip, first = place
            times = slice(first, first + field + ROW)
            own = None if conditions is None else conditions.rows([clip % len(conditions.frames)])
            part = None if sines is None else sines[clip % len(sines), times][None]
            with torch.no_grad():
                shifted = None if own is None else own.shifted(first)
                values: Tensor = self._model(noise[clip : clip + 1, times], shifted, part).values
            return values[0]

        with thread_limit(1), ThreadPoolExecutor(min(threads, len(rows))) as pool:
            values = torch.stack(list(pool.map(sound, rows))).view(self.clips, block)
        self._start += block
        return values.numpy()

    def _noise(self, first: int, samples: int) -> Tensor:
        """Return the noise of consecutive times of all clips, (clips, samples)."""
        found = ndtri(uniforms(self.config.seed, self.clips, first + self._shift, samples))
        return torch.from_numpy((self.config.temperature * found).astype(np.float32))

    def _conditions(self, first: int, samples: int) -> Conditions | None:
        return conditions_at(self._source, self._model.config.condition, first=first, samples=samples)
