"""Mix the channels of a recording down to one.

The channels are averaged. In a recording whose channels have opposite phase they would cancel out, so one
channel is used instead. `PhaseMeter` finds this out, but only at the end of the recording, which is then
decoded a second time with another `Downmix`. This file knows no file formats.
"""

import math
from array import array
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from partita.audio.peaks import MAX_VALUE

PIECE_S = 0.125  # powers are measured over pieces of this length
CANCELLED = 0.01  # power of the average, relative to the channels' power; unrelated channels have 0.5
LOUD = 1e-3  # power of a piece, relative to the recording's; quieter pieces do not count
LEAST_S = 0.5  # cancelled sound of this length without a break is too much
MOST_SHARE = 0.05  # cancelled sound of this share of the recording is too much
SILENCE_DB = 90.0


@dataclass(frozen=True)
class Downmix:
    """How the channels of a recording become one.

    Args:
        channel: the channel that is used, from 0; None averages all channels.
        limit: samples whose absolute value exceeds it are set to 0; None keeps all samples.
        note: what the user should know about it; None for nothing.

    >>> Downmix(channel=1).mono(np.array([[1, -1], [0.5, -0.5]], dtype=np.float32)).tolist()
    [-1.0, -0.5]
    """

    channel: int | None = None
    limit: float | None = None
    note: str | None = None

    def mono(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return one channel, (samples,) float32, as a new array.

        Args:
            block: (samples, channels) float32.
        """
        if self.channel is not None and self.channel < block.shape[1]:
            return block[:, self.channel].copy()
        return average_channels(block)

    def without_spikes(self, block: NDArray[np.float32]) -> NDArray[np.float32]:
        """Set samples above `limit` to 0; without a limit, clip to `MAX_VALUE`, whose square is finite."""
        if self.limit is not None:
            return np.where(np.abs(block) > np.float32(self.limit), np.float32(0), block)
        return np.clip(block, np.float32(-MAX_VALUE), np.float32(MAX_VALUE))


def average_channels(block: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the mean over the channels, (samples,) float32, as a new array.

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


class PhaseMeter:
    """Measures the power of the channels and of their average, to find channels in opposite phase.

    Powers are stored for each short piece, since opposite phase in only a part of a recording hardly changes
    the power of the whole.

    >>> left = np.sin(np.arange(8000, dtype=np.float32))
    >>> meter = PhaseMeter()
    >>> meter.add(np.stack([left, -left], 1), 0 * left, 8000)
    >>> meter.cancelled()
    (0, 'its channels are in opposite phase, so that their average is silence: channel 1 alone is used')
    """

    def __init__(self) -> None:
        self._seconds, self._powers, self._mixed = array("d"), array("d"), array("d")
        self._channels: list[float] = []

    def add(self, block: NDArray[np.float32], mono: NDArray[np.float32], rate: int) -> None:
        """Measure a block.

        Args:
            block: (samples, channels) float32.
            mono: (samples,) float32, the average of the channels.
            rate: sample rate in Hz.
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
        """Return the strongest channel and a note if the channels cancel out, None if their average is good.

        Channels cancel out if they do so in the recording as a whole, for half a second without a break, or
        in a twentieth of the recording. Pieces much quieter than the recording do not count.
        """
        seconds, powers, mixed = (np.array(values) for values in (self._seconds, self._powers, self._mixed))
        if not powers.any():
            return None
        cancelled = np.ones(len(powers), dtype=bool)
        extent = ""
        if mixed.sum() >= CANCELLED * powers.sum():
            loud = powers > LOUD * powers.sum() / seconds.sum() * seconds
            cancelled = loud & (mixed < CANCELLED * powers)
            lost, whole = float(seconds[cancelled].sum()), float(seconds.sum())
            if _longest(cancelled, seconds) < LEAST_S - 1e-6 and lost < max(LEAST_S, MOST_SHARE * whole):
                return None
            extent = f" for {lost:.1f} of {whole:.1f} s"
        channel = int(np.argmax(self._channels))
        power, rest = float(powers[cancelled].sum()), float(mixed[cancelled].sum())
        lost_db = 10 * math.log10(power / rest) if rest else math.inf
        average = "silence" if lost_db > SILENCE_DB else f"{lost_db:.0f} dB weaker than they are"
        return channel, (
            f"its channels are in opposite phase{extent}, so that their average is {average}: "
            f"channel {channel + 1} alone is used"
        )


def _longest(chosen: NDArray[np.bool_], seconds: NDArray[np.float64]) -> float:
    """Return the length of the longest run of chosen pieces, in seconds."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], chosen, [False]]).astype(np.int8)))
    times = np.concatenate([[0.0], np.cumsum(seconds)])
    return float((times[edges[1::2]] - times[edges[::2]]).max(initial=0.0))


def _power(values: NDArray[np.float32]) -> float:
    """Return the sum of the squared differences from the mean."""
    centred = values - values.mean(dtype=np.float64).astype(np.float32)
    return float(np.einsum("i,i->", centred, centred))
