"""16-bit samples: convert floats to int16, and fade the end of a sound out."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

INT16_SCALE = 32767.0
"""The int16 value of full scale, 1.0."""


def to_int16(block: NDArray[Any]) -> NDArray[np.int16]:
    """Convert samples to 16 bits: clip floats to [-1, 1] and multiply by 32,767; return int16 unchanged.

    >>> to_int16(np.array([-2.0, 0.0, 1.0])).tolist()
    [-32767, 0, 32767]
    """
    if block.dtype == np.int16:
        return block
    return np.asarray(np.rint(np.clip(block, -1.0, 1.0) * INT16_SCALE), dtype=np.int16)


def fade_out(samples: int) -> NDArray[np.float64]:
    """Return the factors of a fade-out, (samples,): half a cosine from 1 to 0, of which the last is 0.

    >>> fade_out(2).tolist()
    [0.5, 0.0]
    """
    ramp: NDArray[np.float64] = 0.5 + 0.5 * np.cos(np.pi * np.arange(1, samples + 1) / samples)
    return ramp
