"""Which engine draws: the compiled kernel on the CPU, or the persistent one on a GPU, chosen by `device`.

Both draw the same clips from the same addresses; on a GPU within rounding. This file does not know how.
"""

from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from partita.models.wavenet import WaveNet
from partita.sampling.config import SamplingConfig
from partita.sampling.cpu import CompiledClips
from partita.sampling.gpu import CudaClips, refusal

FEWEST_CLIPS = 64
"""Clips for which `auto` takes a GPU: a step takes it as long for one clip as for hundreds, and, by its
machine code, about as long as a CPU core takes for ten."""


class Engine(Protocol):
    """Clips that grow together."""

    position: int
    """Samples drawn so far of each clip."""

    def take(self, steps: int, seen: NDArray[np.float32] | None = None) -> NDArray[np.int16]:
        """Draw the next samples, (clips, steps); see `CompiledClips.take`."""

    def copy(self, targets: NDArray[np.int64], sources: NDArray[np.int64]) -> None:
        """Let clips go on as others would; see `CompiledClips.copy`."""


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
        config: how to draw, and where.
        numbers: (clips,) the clips' numbers behind the draws; None is 0, 1, 2 and so on.

    Raises:
        PartitaError: a GPU is asked for that is not there, or can't do what is asked.

    >>> from partita.models.sizes import SIZES
    >>> model = WaveNet(SIZES["tiny"], generator=torch.Generator().manual_seed(0))
    >>> engine_for(model, np.full((1, model.receptive_field), 128), SamplingConfig()).take(3).shape
    (1, 3)
    """
    if config.device == "cuda" or (config.device == "auto" and _worth_a_gpu(len(history), config.precision)):
        return CudaClips(model, history, config, numbers=numbers)
    return CompiledClips(model, history, config, numbers=numbers)


def _worth_a_gpu(clips: int, precision: str) -> bool:
    return clips >= FEWEST_CLIPS and refusal(torch.device("cuda"), precision) is None
