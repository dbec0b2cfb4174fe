"""The decoded sound of a file, or of a part of it, as blocks. This file does not decode."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BLOCK_VALUES = 1 << 18
"""The number of float32 values in a block, all channels together: 1 MiB."""


@dataclass
class Track:
    """Sound with one sample rate and one number of channels.

    Args:
        rate: sample rate in Hz.
        channels: number of channels.
        floats: whether the file stores floats, whose full scale may differ from 1.
        blocks: (samples, channels) float32; the next block may overwrite the one before.
        samples: how many samples to expect; 0 when that is not known.
        shares: where the track begins and ends in the file, as shares of its length, 0 to 1.

    >>> Track(rate=8000, channels=1, floats=False, blocks=iter([])).samples
    0
    """

    rate: int
    channels: int
    floats: bool
    blocks: Iterator[NDArray[np.float32]]
    samples: int = 0
    shares: tuple[float, float] = (0.0, 1.0)
