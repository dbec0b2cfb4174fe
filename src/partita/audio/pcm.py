"""16-bit samples: how floats become int16, and the ramp that fades them out."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

INT16_SCALE = 32767.0
"""The 16-bit sample that stands for full scale, 1.0."""


def to_int16(block: NDArray[Any]) -> NDArray[np.int16]:
    """Return 16-bit samples: int16 as they are, floats in [-1, 1] clipped and times 32,767.

    >>> to_int16(np.array([-2.0, 0.0, 1.0])).tolist()
    [-32767, 0, 32767]
    """
    if block.dtype == np.int16:
        return block
    return np.asarray(np.rint(np.clip(block, -1.0, 1.0) * INT16_SCALE), dtype=np.int16)


def fade_out(samples: int) -> NDArray[np.float64]:
    """Return factors that lead to silence, half a cosine: the last one is 0.

    >>> fade_out(2).tolist()
    [0.5, 0.0]
    """
    ramp: NDArray[np.float64] = 0.5 + 0.5 * np.cos(np.pi * np.arange(1, samples + 1) / samples)
    return ramp
