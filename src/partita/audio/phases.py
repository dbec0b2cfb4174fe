"""Whether channels cancel out in their average, in a whole recording or in a part of it.

It is judged by short pieces: in a recording whose second half alone is in opposite phase the average of all
is loud enough, and the second half is lost. This file changes no sound.
"""

import math
from array import array

import numpy as np
from numpy.typing import NDArray

PIECE_S = 0.125
CANCELLED = 0.01  # power of the average over that of the channels; 0.5 for two unrelated ones
LOUD = 1e-3  # power of a piece over that of the recording; quieter ones are background
LEAST_S = 0.5  # of cancelled sound without a break that are too much
MOST_SHARE = 0.05  # of cancelled sound in shorter stretches
SILENCE_DB = 90.0


class Phases:
    """Measures the power of channels and of their average while a recording is decoded.

    >>> left = np.sin(np.arange(8000, dtype=np.float32))
    >>> phases = Phases()
    >>> phases.add(np.stack([left, -left], 1), 0 * left, 8000)
    >>> phases.cancelled()
    (0, 'its channels are in opposite phase, so that their average is silence: channel 1 alone is used')
    """

    def __init__(self) -> None:
        self._seconds, self._powers, self._mixed = array("d"), array("d"), array("d")
        self._channels: list[float] = []

    def add(self, block: NDArray[np.float32], mono: NDArray[np.float32], rate: int) -> None:
        """Count a block.

        Args:
            block: (samples, channels) float32.
            mono: (samples,) float32, the average of the channels.
            rate: Hz.
        """
        channels = block.shape[1]
        if channels < 2:
            return
        self._channels += [0.0] * (channels - len(self._channels))
        length = max(1, round(PIECE_S * rate))
        for start in range(0, len(block), length):
            piece = block[start : start + length]
            powers = [_power(np.ascontiguousarray(piece[:, channel])) for channel in range(channels)]
            for channel, power in enumerate(powers):
                self._channels[channel] += power
            self._seconds.append(len(piece) / rate)
            self._powers.append(sum(powers) / channels)
            self._mixed.append(_power(mono[start : start + length]))

    def cancelled(self) -> tuple[int, str] | None:
        """Return the strongest channel and a note when channels cancel out, None when their average is good.

        They do when it is so of the whole, of half a second without a break, or of a twentieth of the
        pieces; pieces much quieter than the recording do not count.
        """
        seconds, powers, mixed = (np.array(given) for given in (self._seconds, self._powers, self._mixed))
        if not powers.any():
            return None
        where = np.ones(len(powers), dtype=bool)
        place = ""
        if mixed.sum() >= CANCELLED * powers.sum():
            loud = powers > LOUD * powers.sum() / seconds.sum() * seconds
            where = loud & (mixed < CANCELLED * powers)
            lost, whole = float(seconds[where].sum()), float(seconds.sum())
            if _longest(where, seconds) < LEAST_S - 1e-6 and lost < max(LEAST_S, MOST_SHARE * whole):
                return None
            place = f" for {lost:.1f} of {whole:.1f} s"
        channel = int(np.argmax(self._channels))
        power, rest = float(powers[where].sum()), float(mixed[where].sum())
        lost_db = 10 * math.log10(power / rest) if rest else math.inf
        told = "silence" if lost_db > SILENCE_DB else f"{lost_db:.0f} dB weaker than they are"
        return channel, (
            f"its channels are in opposite phase{place}, so that their average is {told}: "
            f"channel {channel + 1} alone is used"
        )


def _longest(where: NDArray[np.bool_], seconds: NDArray[np.float64]) -> float:
    """Return the seconds of the longest run of pieces."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], where, [False]]).astype(np.int8)))
    times = np.concatenate([[0.0], np.cumsum(seconds)])
    return float((times[edges[1::2]] - times[edges[::2]]).max(initial=0.0))


def _power(values: NDArray[np.float32]) -> float:
    """Return the sum of squares around the mean."""
    centred = values - values.mean(dtype=np.float64).astype(np.float32)
    return float(np.einsum("i,i->", centred, centred))
