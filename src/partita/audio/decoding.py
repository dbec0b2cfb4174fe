"""A recording is decoded once, in blocks: any format libsndfile reads -> mono float32 at one rate.

Memory does not grow with the recording. This file does not know levels, silence or corpora.
"""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from partita.names import for_c

BLOCK_VALUES = 1 << 18  # float32 values a block over all channels: 1 MiB
FULL_SCALE = 0.99  # 8-bit sound ends at 127/128
FAR_BEYOND = 1.25  # a peak above it shows that a file of floats has no ceiling at 1
LEAST_RATE, MOST_RATE = 1000, 768_000  # Hz; a false rate would make a short file hours long
HEADERLESS = {".raw", ".pcm", ".sam"}


class UnreadableError(Exception):
    """The file holds no sound that can be used; the message is the reason, for `skipped` in the index."""


class _StraightReading(soundfile.SoundFile):  # type: ignore[misc]
    """A sound file that is read from start to end without a jump.

    soundfile seeks to where it stands after every read, which makes an Opus decoder begin anew in the middle
    of the sound; it does not when the file calls itself unseekable. The one jump, to the start, drops what an
    Opus encoder put before it (RFC 7845, section 4.2), which libsndfile forgets in files of some encoders.
    Files are opened one at a time: why one can't be opened is a single note that libsndfile keeps for all
    threads.
    """

    _opening: ClassVar = threading.Lock()

    def __init__(self, path: Path) -> None:
        with self._opening:
            super().__init__(for_c(path))
        if super().seekable():
            self.seek(0)

    def seekable(self) -> bool:
        return False


class Decoding:
    """One pass over one recording.

    Iterate once: the blocks are mono, float32, at `sample_rate`, the average of the channels, and together
    the whole recording; the resampler's delay is made up for, so sample n lies at n / sample_rate seconds of
    the source.

    Args:
        path: an audio file.
        sample_rate: Hz, of the result.

    Attributes:
        done: the share of the file that has been read, 0 to 1.
        clipped: the share of the values read so far that stand at full scale; in a file of floats that go
            beyond 1, at the greatest of them.

    Raises:
        UnreadableError: when iterated: not audio, no header, damaged.

    >>> list(Decoding(Path(__file__), 16000))
    Traceback (most recent call last):
    ...
    partita.audio.decoding.UnreadableError: not an audio file that can be read (Format not recognised)
    """

    def __init__(self, path: Path, sample_rate: int) -> None:
        self.path, self.sample_rate = path, sample_rate
        self.done = 0.0
        self._values = self._full = 0
        self._ceiling = 1.0

    @property
    def clipped(self) -> float:
        """Return the share of values at full scale, 0 to 1."""
        return self._full / max(1, self._values)

    def __iter__(self) -> Iterator[NDArray[np.float32]]:
        """Decode; see the class."""
        if self.path.suffix.lower() in HEADERLESS:
            raise UnreadableError(
                "headerless (raw) samples: save it as WAV or FLAC, which say what they hold"
            )
        try:
            with _StraightReading(self.path) as file:
                yield from self._blocks(file)
        except (soundfile.LibsndfileError, TypeError) as error:
            reason = getattr(error, "error_string", str(error)).strip().rstrip(".")
            raise UnreadableError(f"not an audio file that can be read ({reason})") from None

    def _blocks(self, file: soundfile.SoundFile) -> Iterator[NDArray[np.float32]]:
        if not LEAST_RATE <= file.samplerate <= MOST_RATE:
            raise UnreadableError(
                f"its header says {file.samplerate} Hz, which no recording has: mend the header"
            )
        resampler = None
        if file.samplerate != self.sample_rate:
            resampler = soxr.ResampleStream(
                file.samplerate, self.sample_rate, 1, dtype="float32", quality="HQ"
            )
        buffer = np.empty((max(1024, BLOCK_VALUES // file.channels), file.channels), dtype=np.float32)
        read = 0
        while len(block := file.read(out=buffer)):
            read += len(block)
            self._count_full_scale(block, floats=file.subtype in ("FLOAT", "DOUBLE"))
            mono = average_channels(block)
            yield mono if resampler is None else resampler.resample_chunk(mono)
            self.done = min(1.0, read / max(1, file.frames))
        if resampler is not None and read:
            yield resampler.resample_chunk(np.empty(0, dtype=np.float32), last=True)

    def _count_full_scale(self, block: NDArray[np.float32], *, floats: bool) -> None:
        """Count on; in a file of floats far beyond 1 what stood below the greatest so far was no ceiling."""
        sizes = np.abs(block)
        ceiling = self._ceiling
        if floats and (peak := float(sizes.max())) > FAR_BEYOND:
            ceiling = max(ceiling, peak)
        if FULL_SCALE * ceiling > self._ceiling:
            self._full = 0
        self._ceiling = ceiling
        self._values += block.size
        self._full += int(np.count_nonzero(sizes >= FULL_SCALE * ceiling))


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
