"""One recording is prepared: decoded once, brought to its level, silence cut, written as 16-bit samples.

The decoded sound waits in a scratch file (in memory while it is short), because offset and peak are known
only at its end; so memory does not grow with the recording. Knows neither splits nor other recordings.
"""

import math
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from partita.audio.decoding import Decoder
from partita.audio.errors import UnreadableError
from partita.audio.pcm import INT16_SCALE
from partita.audio.silence import FRAME_S, quiet_frames, sound_segments
from partita.digests import samples_hash

IN_MEMORY = 4 << 20  # bytes of scratch kept in memory
SILENT = 10 ** (-90 / 20)  # a peak below this is the last bit of 16: nothing was recorded
CLIPPED_SHARE = 0.2  # a full-scale sine stands at full scale for 0.09 of the time
SHORTEST_S = 0.05
BLOCK = 1 << 18


@dataclass(frozen=True, kw_only=True)
class Sound:
    """How every recording is prepared.

    Args:
        sample_rate: Hz.
        peak_dbfs: level of the greatest sample, decibels of full scale.
        trim: whether silence is cut.
    """

    sample_rate: int
    peak_dbfs: float
    trim: bool


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A prepared recording.

    Args:
        stretches: what was kept, as (start, length) in samples at the corpus's rate from the start of the
            source.
        digest: of the samples.
        note: what a person should know about the recording, None for nothing.
    """

    stretches: list[tuple[int, int]]
    digest: str
    note: str | None = None


@dataclass
class _Levels:
    samples: int = 0
    total: float = 0.0
    low: float = math.inf
    high: float = -math.inf

    def add(self, block: NDArray[np.float32]) -> None:
        if block.size:
            self.samples += block.size
            self.total += float(block.sum(dtype=np.float64))
            self.low = min(self.low, float(block.min()))
            self.high = max(self.high, float(block.max()))

    @property
    def mean(self) -> float:
        return self.total / self.samples

    @property
    def peak(self) -> float:
        return max(self.high - self.mean, self.mean - self.low)


def prepare_recording(
    source: Path,
    sound: Sound,
    target: IO[bytes],
    scratch_folder: Path,
    heard: Callable[[float], None] = lambda share: None,
) -> Piece:
    """Prepare one recording and append what is kept of it to `target`, as 16-bit little-endian samples.

        y = round(32767 * 10^(peak_dbfs / 20) * (x - mean(x)) / max |x - mean(x)|)

    Args:
        source: an audio file.
        sound: rate, level, trimming.
        target: an open file; nothing is written to it when the recording can't be used.
        scratch_folder: where a long recording waits, at 4 bytes a sample, while it is measured.
        heard: called with the share of the source that has been decoded, 0 to 1.

    Raises:
        UnreadableError: the recording can't be used; the message is the reason.
        OSError: no room to write.
    """
    with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY, dir=str(scratch_folder)) as scratch:
        levels, note = _decode(source, sound, scratch, heard)
        stretches = [(0, levels.samples)]
        if sound.trim:
            stretches = _sounding(scratch, levels, sound.sample_rate)
        gain = INT16_SCALE * 10 ** (sound.peak_dbfs / 20) / levels.peak
        digest = samples_hash()
        for start, stop in stretches:
            for block in _blocks(scratch, start, stop, levels.mean):
                samples = np.rint(block * np.float32(gain)).astype("<i2")
                digest.update(samples)
                target.write(samples)
    kept = [(start, stop - start) for start, stop in stretches]
    return Piece(stretches=kept, digest=digest.hexdigest(), note=note)


def _decode(
    source: Path, sound: Sound, scratch: IO[bytes], heard: Callable[[float], None]
) -> tuple[_Levels, str | None]:
    """Fill the scratch file and measure; return what should be known, and raise for what can't be used."""
    again: Decoder | None = Decoder(source, sound.sample_rate)
    furthest = 0.0
    while again:
        decoding, levels = again, _Levels()
        scratch.seek(0)
        scratch.truncate()
        for block in decoding:
            levels.add(block)
            scratch.write(block.data)
            furthest = max(furthest, decoding.done)
            heard(furthest)
        again = decoding.second_pass()
    if not levels.samples:
        raise UnreadableError("empty: it has a header and no sound")
    if levels.peak < SILENT:
        raise UnreadableError("silent from start to end")
    if decoding.clipped > CLIPPED_SHARE:
        raise UnreadableError(f"clipped through: {decoding.clipped:.0%} of its samples stand at full scale")
    if levels.samples < SHORTEST_S * sound.sample_rate:
        raise UnreadableError(f"too short: {levels.samples / sound.sample_rate:.3f} s, under {SHORTEST_S} s")
    return levels, decoding.note


def _sounding(scratch: Any, levels: _Levels, sample_rate: int) -> list[tuple[int, int]]:
    frame = max(1, round(FRAME_S * sample_rate))
    blocks = _blocks(scratch, 0, levels.samples, levels.mean, frame * max(1, BLOCK // frame))
    quiet = np.concatenate([quiet_frames(block, levels.peak, frame) for block in blocks])
    return sound_segments(quiet, frame=frame, samples=levels.samples, sample_rate=sample_rate)


def _blocks(
    scratch: IO[bytes], start: int, stop: int, mean: float, size: int = BLOCK
) -> Iterator[NDArray[np.float32]]:
    """Yield the decoded samples from `start` to `stop`, the offset removed."""
    scratch.seek(4 * start)
    for first in range(start, stop, size):
        block = np.frombuffer(scratch.read(4 * min(size, stop - first)), dtype=np.float32)
        yield block - np.float32(mean)
