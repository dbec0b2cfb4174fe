"""The choice of the engine that draws: the compiled kernel on the CPU, or the persistent kernel on a GPU.

Both engines draw the same clips from the same seed, up to rounding. This file does not know how they do it.
"""

import os
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from partita.errors import PartitaError
from partita.models.heads.choice import CATEGORICAL
from partita.models.wavenet import WaveNet
from partita.sampling.config import SamplingConfig
from partita.sampling.cpu.engine import CPUEngine
from partita.sampling.frame_sources import FrameSource
from partita.sampling.gpu.engine import GPUEngine


class Engine(Protocol):
    """Clips that are drawn together."""

    position: int
    """Samples drawn so far, per clip."""

    def take(self, steps: int, probabilities: NDArray[np.float32] | None = None) -> NDArray[np.uint16]:
        """Draw the next samples, (clips, steps); see `CPUEngine.take`."""

    def copy(self, targets: NDArray[np.int64], sources: NDArray[np.int64]) -> None:
        """Replace the past of some clips with that of others; see `CPUEngine.copy`."""


def engine_for(
    model: WaveNet,
    history: NDArray[np.int64],
    config: SamplingConfig,
    *,
    numbers: NDArray[np.int64] | None = None,
    conditions: FrameSource | None = None,
) -> Engine:
    """Create the engine that draws the clips.

    Args:
        model: the model; its weights are copied.
        history: (clips, receptive_field) classes before the first sample.
        config: how to draw, and on which device; `auto` is the CPU.
        numbers: (clips,) the clip numbers, by which the draws are addressed; by default 0, 1, 2, ...
        conditions: the frames of the clips: one row for all, one for each, or one for each of equally many
            neighbouring clips. A model without a condition ignores them.

    Raises:
        PartitaError: there is no GPU, or the GPU engine does not support the settings, or the frames are
            missing or do not fit.

    >>> from partita.models.sizes import SIZES
    >>> model = WaveNet(SIZES["tiny"])
    >>> engine_for(model, np.full((1, model.receptive_field), 128), SamplingConfig()).take(3).shape
    (1, 3)
    """
    check_settings(model, config)
    if config.device == "cuda":
        return GPUEngine(model, history, config, numbers=numbers, conditions=conditions)
    return CPUEngine(model, history, config, numbers=numbers, conditions=conditions)


def check_settings(model: WaveNet, config: SamplingConfig) -> None:
    """Raise an error if a model's head can't be drawn from with some settings.

    Args:
        model: the model that draws.
        config: how to draw.

    Raises:
        PartitaError: top-k, top-p or a GPU is wanted of a head with a density.

    >>> from partita.models.sizes import SIZES
    >>> check_settings(WaveNet(SIZES["tiny"]), SamplingConfig(top_k=3))
    """
    head = model.config.head
    if head == CATEGORICAL:
        return
    for name in ("top_k", "top_p"):
        if getattr(config, name) is not None:
            raise PartitaError(
                f"`{name}` keeps some of the classes' probabilities, but the model's head `{head}` has a"
                " density: leave it out, and lower the temperature"
            )
    if config.device == "cuda":
        raise PartitaError(
            f"`device` is 'cuda', but the head `{head}` is drawn from on the CPU: set it to `cpu`"
        )


def check_memory(model: WaveNet, clips: int) -> None:
    """Raise an error if the ring buffers of these clips need more memory than the machine has.

    Args:
        model: the model that draws.
        clips: clips at once; when steering, the particles of all clips.

    Raises:
        PartitaError: the ring buffers need more than the machine's memory.

    >>> from partita.models.sizes import SIZES
    >>> check_memory(WaveNet(SIZES["tiny"]), 16)
    """
    each = model.receptive_field * (4 * model.config.residual_channels + 16)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") if hasattr(os, "sysconf") else None
    if memory is not None and clips * each > memory:
        raise PartitaError(
            f"{clips} clips or particles at once need {clips * each / 2**30:.0f} GiB for their past states,"
            f" this machine has {memory / 2**30:.0f} GiB: use at most {memory // each}"
        )
