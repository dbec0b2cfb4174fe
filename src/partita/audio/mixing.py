"""From the channels of a recording to one, and what must be known of all samples to do so rightly.

Channels are averaged. Two things break an average: channels in opposite phase, which cancel out (`phases.py`
finds them), and single samples far beyond all others, after which the rest is silence. Both show only at the
end of a recording, which is then decoded once more. This file knows no formats.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from partita.audio.errors import UnreadableError

FULL_SCALE = 0.99  # 8-bit sound ends at 127/128
FAR_BEYOND = 1.25  # a peak above it shows that a file of floats has no ceiling at 1
QUANTILE = 0.999
SPIKE_BITS = 7  # a spike is 2^7 times beyond that quantile
LARGEST = 1e15  # no recording has larger values; their squares, summed up, would overflow
BIAS = 126  # of float32: 2^(exponent - 126) is above a value with these exponent bits


@dataclass(frozen=True)
class Treatment:
    """How channels become one.

    Args:
        channel: the one that is taken; None takes the average of all.
        limit: samples beyond it are taken as 0; None takes all as they are.
        note: what a person should know about it.

    >>> Treatment(channel=1).mono(np.array([[1, -1], [0.5, -0.5]], dtype=np.float32)).tolist()
    [-1.0, -0.5]
    """

    channel: int | None = None
    limit: float | None = None
    note: str | None = None

    def mono(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return one channel as a new array, (samples,) float32.

        Args:
            block: (samples, channels) float32.
        """
        if self.channel is not None and self.channel < block.shape[1]:
            return block[:, self.channel].copy()
        return average_channels(block)

    def without_spikes(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the block with its spikes set to 0, or at least within what can be squared."""
        if self.limit is not None:
            return np.where(np.abs(block) > np.float32(self.limit), np.float32(0), block)
        return np.clip(block, np.float32(-LARGEST), np.float32(LARGEST))


class Levels:
    """Measures peak and clipping while a recording is decoded.

    Attributes:
        peak: the greatest absolute value.

    >>> levels = Levels()
    >>> levels.add(np.ones((4, 1), dtype=np.float32), floats=False), levels.clipped
    (1.0, 1.0)
    """

    def __init__(self) -> None:
        self.peak = 0.0
        self._values = self._full = 0
        self._ceiling = 1.0

    @property
    def clipped(self) -> float:
        """Return the share of values at full scale, 0 to 1."""
        return self._full / max(1, self._values)

    def add(self, block: NDArray[np.float32], *, floats: bool) -> float:
        """Count a block, (samples, channels), and return its peak, which may be NaN or infinite.

        In a file of floats far beyond 1 what stood below the greatest so far was no ceiling.
        """
        sizes = np.abs(block)
        peak = float(sizes.max())
        self.peak = max(self.peak, peak)
        ceiling = self._ceiling
        if floats and peak > FAR_BEYOND:
            ceiling = max(ceiling, peak)
        if FULL_SCALE * ceiling > self._ceiling:
            self._full = 0
        self._ceiling = ceiling
        self._values += block.size
        if not peak < FULL_SCALE * ceiling:
            self._full += int(np.count_nonzero(sizes >= FULL_SCALE * ceiling))
        return peak


def find_spikes(blocks: Iterable[tuple[NDArray[np.float32], float]]) -> tuple[float, str] | None:
    """Return the limit that a few samples stand far beyond, and a note on them; None without such samples.

    A spike is beyond full scale and 2^7 times or more beyond the quantile 0.999 of all samples but zeros.

    Args:
        blocks: all blocks of a recording, each with its time in seconds for every sample: (values, 1 / rate).

    >>> quiet = np.full((2000, 1), 0.1, dtype=np.float32); quiet[500] = 1e30
    >>> find_spikes([(quiet, 1 / 1000)])
    (16.0, '1 sample far beyond all others (1e+30 at 0.500 s) is taken as 0')
    """
    counts = np.zeros(256, dtype=np.int64)
    peak, peak_s, begin = 0.0, 0.0, 0.0
    for block, period in blocks:
        sizes = np.abs(np.ascontiguousarray(block))
        exponents = sizes.view(np.int32) >> 23
        counts += np.bincount(exponents.ravel(), minlength=256)
        if (greatest := float(sizes.max())) > peak:
            peak, peak_s = greatest, begin + int(sizes.max(axis=1).argmax()) * period
        begin += len(block) * period
    counts[0] = 0
    below = int(np.searchsorted(np.cumsum(counts), QUANTILE * counts.sum()))
    limit = 2.0 ** min(127, below - BIAS + SPIKE_BITS)
    beyond = int(counts[below + SPIKE_BITS + 1 :].sum())
    if not beyond or peak <= max(limit, FAR_BEYOND):
        return None
    many = "1 sample" if beyond == 1 else f"{beyond} samples"
    verb = "is" if beyond == 1 else "are"
    return limit, f"{many} far beyond all others ({peak:.4g} at {peak_s:.3f} s) {verb} taken as 0"


def check_finite(block: NDArray[np.float32], seconds: float, rate: int) -> None:
    """Refuse NaN and infinity.

    Args:
        block: (samples, channels).
        seconds: where the block begins.
        rate: Hz.

    Raises:
        UnreadableError: a value is not finite; the message says where.

    >>> check_finite(np.array([[0], [np.nan]], dtype=np.float32), 3.0, 10)
    Traceback (most recent call last):
    ...
    partita.audio.errors.UnreadableError: holds values that are not finite (NaN or infinity) at 3.100 s
    """
    finite = np.isfinite(block)
    if not finite.all():
        place = seconds + int((~finite).any(axis=1).argmax()) / rate
        raise UnreadableError(f"holds values that are not finite (NaN or infinity) at {place:.3f} s")


def average_channels(block: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the mean over the channels, as a new array.

    Args:
        block: (samples, channels) float32.

    >>> average_channels(np.array([[1, 0], [0.5, 0.5]], dtype=np.float32)).tolist()
    [0.5, 0.5]
    """
    mono = block[:, 0].copy()
    for channel in range(1, block.shape[1]):
        mono += block[:, channel]
    if block.shape[1] > 1:
        mono *= np.float32(1 / block.shape[1])
    return mono
