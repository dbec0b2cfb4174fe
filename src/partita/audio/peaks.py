"""Peak, clipping, spikes and non-finite values of a recording, measured block by block.

A spike is a sample far beyond all others, as a damaged file of floats may hold. This file changes no samples.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from partita.audio.errors import UnreadableError

FULL_SCALE = 0.99  # 8-bit sound ends at 127/128
ABOVE_FULL_SCALE = 1.25  # a file of floats with a higher peak does not have its full scale at 1
QUANTILE = 0.999
SPIKE_BITS = 7  # a spike is at least 2^7 times the quantile
MAX_VALUE = 1e15  # no recording has greater values; the sum of their squares would overflow
EXPONENT_BIAS = 126  # of float32: values with these exponent bits are below 2^(exponent - 126)


class PeakMeter:
    """Measures peak and clipping while a recording is decoded.

    Attributes:
        peak: the greatest absolute value so far.

    >>> meter = PeakMeter()
    >>> meter.add(np.ones((4, 1), dtype=np.float32), floats=False), meter.clipped
    (1.0, 1.0)
    """

    def __init__(self) -> None:
        self.peak = 0.0
        self._values = self._at_full_scale = 0
        self._full_scale = 1.0

    @property
    def clipped(self) -> float:
        """Return the share of values at full scale, 0 to 1."""
        return self._at_full_scale / max(1, self._values)

    def add(self, block: NDArray[np.float32], *, floats: bool) -> float:
        """Count a block and return its peak, which may be NaN or infinite.

        In a file of floats with values far above 1, the full scale is the greatest value so far.

        Args:
            block: (samples, channels) float32.
            floats: whether the file stores floats.
        """
        sizes = np.abs(block)
        peak = float(sizes.max())
        self.peak = max(self.peak, peak)
        full_scale = self._full_scale
        if floats and peak > ABOVE_FULL_SCALE:
            full_scale = max(full_scale, peak)
        if FULL_SCALE * full_scale > self._full_scale:
            self._at_full_scale = 0
        self._full_scale = full_scale
        self._values += block.size
        if not peak < FULL_SCALE * full_scale:
            self._at_full_scale += int(np.count_nonzero(sizes >= FULL_SCALE * full_scale))
        return peak


def find_spikes(blocks: Iterable[tuple[NDArray[np.float32], float]]) -> tuple[float, str] | None:
    """Find spikes: a few samples far beyond all others.

    A spike is above full scale and at least 2^7 times the quantile 0.999 of all samples except zeros.

    Args:
        blocks: all blocks of a recording, (samples, channels) float32, each with the seconds per sample.

    Returns:
        A limit that only spikes exceed, and a note on them; None when there are no spikes.

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
    limit = 2.0 ** min(127, below - EXPONENT_BIAS + SPIKE_BITS)
    beyond = int(counts[below + SPIKE_BITS + 1 :].sum())
    if not beyond or peak <= max(limit, ABOVE_FULL_SCALE):
        return None
    many = "1 sample" if beyond == 1 else f"{beyond} samples"
    verb = "is" if beyond == 1 else "are"
    return limit, f"{many} far beyond all others ({peak:.4g} at {peak_s:.3f} s) {verb} taken as 0"


def check_finite(block: NDArray[np.float32], seconds: float, rate: int) -> None:
    """Raise an error if a block holds NaN or infinity.

    Args:
        block: (samples, channels) float32.
        seconds: the time at which the block begins.
        rate: sample rate in Hz.

    Raises:
        UnreadableError: a value is not finite; the message gives the time of the first one.

    >>> check_finite(np.array([[0], [np.nan]], dtype=np.float32), 3.0, 10)
    Traceback (most recent call last):
    ...
    partita.audio.errors.UnreadableError: holds values that are not finite (NaN or infinity) at 3.100 s: \
export it again
    """
    finite = np.isfinite(block)
    if not finite.all():
        place = seconds + int((~finite).any(axis=1).argmax()) / rate
        raise UnreadableError(
            f"holds values that are not finite (NaN or infinity) at {place:.3f} s: export it again"
        )
