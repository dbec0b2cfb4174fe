"""Clips of a masked autoregressive flow: window by window, each from its noise and the sound before it.

Sample t of the noise is addressed by the seed, the clip and t, so a clip does not depend on the others. Time
0 is the first drawn sample. The prompt's classes become values in their bins by addressed numbers as well.
All is computed in float64, so that the inverse is exact. This file does not know runs or files.
"""

from copy import deepcopy

import numpy as np
import torch
from numpy.typing import NDArray

from partita.device import thread_limit
from partita.models.conditioning.conditions import Conditions
from partita.models.flows.maf import MAF, dequantised
from partita.sampling.blocks.frames import conditions_at, needed_source
from partita.sampling.blocks.inverse import inverted
from partita.sampling.blocks.stream import BlockStream
from partita.sampling.config import SamplingConfig
from partita.sampling.frame_sources import FrameSource
from partita.sampling.stream import Classes, history_of
from partita.sampling.uniforms import uniforms


class MAFStream(BlockStream):
    """Clips of a masked autoregressive flow.

    Args:
        model: the model, on the CPU; its weights are copied.
        prompt: (clips, n) classes that the clips continue, or (n,) for all clips; None is silence.
        clips: the number of clips.
        config: how to draw; `temperature` multiplies the noise.
        zero_class: the class of silence, which precedes the prompt.
        conditions: the frames that the clips follow: one row for all clips, or one for each. Needed if the
            model has a condition, otherwise ignored.

    Raises:
        PartitaError: the prompt, the frames or the settings do not fit the model.

    >>> from dataclasses import replace
    >>> from partita.models.flows.maf import MAFConfig
    >>> from partita.models.sizes import SIZES
    >>> network, shape = replace(SIZES["tiny"], layers=3), MAFConfig(flows=2, window=5)
    >>> model = MAF(network, shape, generator=torch.Generator().manual_seed(0))
    >>> MAFStream(model, clips=2, zero_class=128).take(7).shape
    (2, 7)
    """

    def __init__(
        self,
        model: MAF,
        *,
        prompt: Classes | None = None,
        clips: int = 1,
        config: SamplingConfig | None = None,
        zero_class: int,
        conditions: FrameSource | None = None,
    ) -> None:
        classes = model.config.classes
        super().__init__(clips=clips, classes=classes, config=config or SamplingConfig())
        self._source = needed_source(conditions, model.config.condition)
        self._model = deepcopy(model).double().eval()
        field = self._model.receptive_field
        history = history_of(prompt, clips=clips, length=field, classes=classes, zero_class=zero_class)
        within = uniforms(self.config.seed, clips, 0, field)
        self._past = dequantised(torch.from_numpy(history), torch.from_numpy(within), classes)
        self._start = 0

    @torch.no_grad()
    def _next_values(self) -> NDArray[np.float32]:
        from scipy.special import ndtri

        field, samples = self._model.receptive_field, self._model.window
        # the numbers of the prompt come first
        within = uniforms(self.config.seed, self.clips, field + self._start, samples)
        noise = torch.from_numpy(self.config.temperature * ndtri(within))
        with thread_limit(1):
            known = self._conditions(field, samples)
            values = inverted(self._model, self._past, noise, known, threads=self.config.thread_count)
        self._past = torch.cat([self._past, values], 1)[:, -field:]
        self._start += samples
        return values.numpy().astype(np.float32)

    def _conditions(self, field: int, samples: int) -> Conditions | None:
        """Return the frames around the past and the window, in float64, a row for each clip."""
        layout = self._model.config.condition
        found = conditions_at(self._source, layout, first=self._start - field, samples=field + samples)
        if found is None:
            return None
        rows = [clip % len(found.frames) for clip in range(self.clips)]
        return Conditions(found.frames.double(), found.start).rows(rows)
