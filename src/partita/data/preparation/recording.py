"""Prepare one recording: decode it, set its level, cut its silence, track its pitch, write 16-bit samples.

The level is known only at the end of the recording. The decoded sound therefore waits in a scratch file (in
memory while it is short), and the memory used does not grow with the recording. This module knows neither
splits nor other recordings.
"""

import hashlib
import math
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from partita.audio.decoding import Decoder
from partita.audio.errors import UnreadableError
from partita.audio.features.layout import hop_length_for
from partita.audio.features.pitch import PitchTracker
from partita.audio.pcm import INT16_SCALE
from partita.audio.silence import FRAME_S, quiet_frames, sound_segments
from partita.digests import new_samples_hash

VERSION = 5  # of how recordings are prepared; after a change of this number every recording is prepared again
IN_MEMORY = 4 << 20  # bytes of decoded sound that stay in memory
SILENT = 10 ** (-90 / 20)  # a peak below this is the last bit of 16-bit sound: nothing was recorded
MAX_CLIPPED = 0.2  # share of samples at full scale; a full-scale sine has 0.09
SHORTEST_S = 0.05
BLOCK = 1 << 18
DECODING = 0.4  # of the time; the rest is tracking the pitch


@dataclass(frozen=True, kw_only=True)
class SoundSettings:
    """How every recording is prepared.

    Args:
        sample_rate: Hz.
        peak_dbfs: level of the largest sample, decibels relative to full scale.
        trim: whether silence is cut.
    """

    sample_rate: int
    peak_dbfs: float
    trim: bool

    def as_json(self) -> dict[str, Any]:
        """Return the settings as the index holds them, with the version of the method.

        >>> SoundSettings(sample_rate=8000, peak_dbfs=-1.0, trim=True).as_json()
        {'version': 5, 'sample_rate': 8000, 'peak_dbfs': -1.0, 'trim': True}
        """
        return {"version": VERSION, **asdict(self)}


@dataclass(frozen=True, kw_only=True)
class PreparedSound:
    """What was written of a recording.

    Args:
        stretches: the parts that were not cut, as (start, length) in samples at the corpus's rate, counted
            from the start of the source.
        digest: digest of the samples.
        pitch_digest: digest of the pitch; empty if it was not tracked.
        note: what the user should know about the recording, None for nothing.
    """

    stretches: list[tuple[int, int]]
    digest: str
    pitch_digest: str
    note: str | None = None


@dataclass
class _Levels:
    """Mean and peak of the sound, updated block by block."""

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
    settings: SoundSettings,
    output: IO[bytes],
    scratch_folder: Path,
    report: Callable[[float], None] = lambda share: None,
    pitch_output: IO[bytes] | None = None,
) -> PreparedSound:
    """Prepare one recording and append it to `output` as 16-bit little-endian samples.

        y = round(32767 * 10^(peak_dbfs / 20) * (x - mean(x)) / max |x - mean(x)|)

    Args:
        source: an audio file.
        settings: rate, level, trimming.
        output: an open file; nothing is written to it if the recording can't be used.
        scratch_folder: folder of the scratch file of a long recording, 4 bytes a sample.
        report: called with the share of the work that is done, 0 to 1.
        pitch_output: an open file to which the pitch of each stretch is appended, as `track_pitch` returns
            it, little-endian; None if the pitch is not needed.

    Returns:
        Where the samples come from, and the digests.

    Raises:
        UnreadableError: the recording can't be used; the message is the reason.
        OSError: the disk is full.
    """
    with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY, dir=str(scratch_folder)) as scratch:
        levels, note = _decode(source, settings, scratch, lambda share: report(DECODING * share))
        stretches = [(0, levels.samples)]
        if settings.trim:
            stretches = _sounding(scratch, levels, settings.sample_rate)
        gain = INT16_SCALE * 10 ** (settings.peak_dbfs / 20) / levels.peak
        digest, pitch_digest = new_samples_hash(), new_samples_hash()
        for start, stop in stretches:
            tracker = PitchTracker(settings.sample_rate, hop_length_for(settings.sample_rate))
            for number, block in enumerate(_blocks(scratch, start, stop, levels.mean)):
                report(DECODING + (1 - DECODING) * (start + number * BLOCK) / levels.samples)
                samples = np.rint(block * np.float32(gain)).astype("<i2")
                digest.update(samples)
                output.write(samples)
                if pitch_output is not None:
                    frames = tracker.add(samples / np.float32(INT16_SCALE))
                    _write(frames, pitch_output, pitch_digest)
            if pitch_output is not None:
                _write(tracker.finish(), pitch_output, pitch_digest)
    lengths = [(start, stop - start) for start, stop in stretches]
    return PreparedSound(
        stretches=lengths,
        digest=digest.hexdigest(),
        pitch_digest=pitch_digest.hexdigest() if pitch_output is not None else "",
        note=note,
    )


def _write(frames: NDArray[np.float32], output: IO[bytes], digest: hashlib.blake2b) -> None:
    data = frames.astype("<f4").tobytes()
    digest.update(data)
    output.write(data)


def _decode(
    source: Path, settings: SoundSettings, scratch: IO[bytes], report: Callable[[float], None]
) -> tuple[_Levels, str | None]:
    """Decode the source into the scratch file; return its levels and a note for the user.

    Raises:
        UnreadableError: the recording can't be used.
    """
    next_pass: Decoder | None = Decoder(source, settings.sample_rate)
    furthest = 0.0
    while next_pass:
        decoder, levels = next_pass, _Levels()
        scratch.seek(0)
        scratch.truncate()
        for block in decoder:
            levels.add(block)
            scratch.write(block.data)
            furthest = max(furthest, decoder.done)
            report(furthest)
        next_pass = decoder.second_pass()
    if not levels.samples:
        raise UnreadableError("empty: the file has a header but no sound")
    if levels.peak < SILENT:
        raise UnreadableError("silent from start to end")
    if decoder.clipped > MAX_CLIPPED:
        raise UnreadableError(
            f"clipped through: {decoder.clipped:.0%} of its samples are at full scale; record it softer"
        )
    if levels.samples < SHORTEST_S * settings.sample_rate:
        raise UnreadableError(
            f"too short: {levels.samples / settings.sample_rate:.3f} s, must be at least {SHORTEST_S} s"
        )
    return levels, decoder.note


def _sounding(scratch: Any, levels: _Levels, sample_rate: int) -> list[tuple[int, int]]:
    """Return the stretches that are not silent, as (start, stop) in samples."""
    frame = max(1, round(FRAME_S * sample_rate))
    blocks = _blocks(scratch, 0, levels.samples, levels.mean, frame * max(1, BLOCK // frame))
    quiet = np.concatenate([quiet_frames(block, levels.peak, frame) for block in blocks])
    return sound_segments(quiet, frame=frame, samples=levels.samples, sample_rate=sample_rate)


def _blocks(
    scratch: IO[bytes], start: int, stop: int, mean: float, size: int = BLOCK
) -> Iterator[NDArray[np.float32]]:
    """Yield the decoded samples from `start` to `stop` with the mean subtracted."""
    scratch.seek(4 * start)
    for first in range(start, stop, size):
        block = np.frombuffer(scratch.read(4 * min(size, stop - first)), dtype=np.float32)
        yield block - np.float32(mean)
