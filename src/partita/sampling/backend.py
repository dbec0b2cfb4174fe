"""Which engine draws: the compiled kernel on the CPU, or the persistent one on a GPU, by `device`.

Both draw the same clips from the same addresses; on a GPU within rounding. This file does not know how.
"""

import os
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from partita.errors import PartitaError
from partita.models.wavenet import WaveNet
from partita.sampling.config import SamplingConfig
from partita.sampling.cpu.engine import CPUEngine
from partita.sampling.gpu.engine import GPUEngine


class Engine(Protocol):
    """Clips that grow together."""

    position: int
    """Samples drawn so far of each clip."""

    def take(self, steps: int, seen: NDArray[np.float32] | None = None) -> NDArray[np.int16]:
        """Draw the next samples, (clips, steps); see `CPUEngine.take`."""

    def copy(self, targets: NDArray[np.int64], sources: NDArray[np.int64]) -> None:
        """Let clips go on as others would; see `CPUEngine.copy`."""


def engine_for(
    model: WaveNet,
    history: NDArray[np.int64],
    config: SamplingConfig,
    *,
    numbers: NDArray[np.int64] | None = None,
) -> Engine:
    """Return what draws the clips.

    Args:
        model: the weights, copied.
        history: (clips, receptive_field) classes before the first sample.
        config: how to draw, and where; `auto` is the CPU.
        numbers: (clips,) the clips' numbers behind the draws; None is 0, 1, 2 and so on.

    Raises:
        PartitaError: a GPU is asked for that is not there, or can't do what is asked; or the clips' past does
            not fit this machine's memory (see `demand_room`).

    >>> from partita.models.sizes import SIZES
    >>> model = WaveNet(SIZES["tiny"])
    >>> engine_for(model, np.full((1, model.receptive_field), 128), SamplingConfig()).take(3).shape
    (1, 3)
    """
    if config.device == "cuda":
        return GPUEngine(model, history, config, numbers=numbers)
    return CPUEngine(model, history, config, numbers=numbers)


def demand_room(model: WaveNet, clips: int) -> None:
    """Refuse more clips at once than this machine can remember the past of.

    Args:
        model: who draws.
        clips: at once; when steering, all clips' particles.

    Raises:
        PartitaError: their past would take more than the machine's memory.

    >>> from partita.models.sizes import SIZES
    >>> demand_room(WaveNet(SIZES["tiny"]), 16)
    """
    each = model.receptive_field * (4 * model.config.residual_channels + 16)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") if hasattr(os, "sysconf") else None
    if memory is not None and clips * each > memory:
        raise PartitaError(
            f"{clips} clips or particles at once need {clips * each / 2**30:.0f} GiB for their past, this"
            f" machine has {memory / 2**30:.0f}: ask for at most {memory // each}"
        )
