"""The decoded sound of a file, or of a part of it, as blocks of one sample rate. Decodes nothing itself."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BLOCK_VALUES = 1 << 18
"""The float32 values of a block, all channels together: 1 MiB."""


@dataclass
class Track:
    """Sound of one rate.

    Args:
        rate: Hz.
        channels: how many.
        floats: whether the file holds floats, whose full scale may be anywhere.
        blocks: (samples, channels) float32; one buffer may serve all of them.
        samples: how many to expect; 0 when that is unknown.
        shares: where the track begins and ends in the file, each 0 to 1.

    >>> Track(rate=8000, channels=1, floats=False, blocks=iter([])).samples
    0
    """

    rate: int
    channels: int
    floats: bool
    blocks: Iterator[NDArray[np.float32]]
    samples: int = 0
    shares: tuple[float, float] = (0.0, 1.0)
