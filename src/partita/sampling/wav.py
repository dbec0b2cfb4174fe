"""A WAV file that can be played at any moment while it grows: 16-bit mono PCM.

The header's lengths are brought up to date after every block, so a player, or whoever finds the file after a
power cut, sees all blocks but perhaps the last. This file does not know where the sound comes from.
"""

import os
import struct
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from partita.errors import PartitaError
from partita.storage import beside

HEADER = 44
LOUDEST = 32767.0
LARGEST = (1 << 32) - 1 - HEADER
UNKNOWN = (1 << 32) - 1
"""Where a header is written before anyone knows how much follows: players read on until the sound ends."""


def header(sample_rate: int, samples: int | None) -> bytes:
    """Return the 44 bytes before the samples of a mono, 16-bit PCM file.

    Args:
        sample_rate: in Hz.
        samples: how many follow; None, or more than the format can count (its 32 bits are of bytes), says
            that the length is not known.

    >>> len(header(16000, 0)), header(16000, 2)[-4:], header(16000, None)[-4:]
    (44, b'\\x04\\x00\\x00\\x00', b'\\xff\\xff\\xff\\xff')
    """
    known = samples is not None and 2 * samples <= LARGEST
    size = 2 * samples if samples is not None and known else UNKNOWN
    riff = struct.pack("<4sI4s", b"RIFF", HEADER - 8 + size if known else UNKNOWN, b"WAVE")
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, sample_rate, 2 * sample_rate, 2, 16)
    return riff + form + struct.pack("<4sI", b"data", size)


def to_int16(block: NDArray[Any]) -> NDArray[np.int16]:
    """Return 16-bit samples: int16 as they are, floats in [-1, 1] clipped and times 32,767.

    >>> to_int16(np.array([-2.0, 0.0, 1.0])).tolist()
    [-32767, 0, 32767]
    """
    if block.dtype == np.int16:
        return block
    return np.asarray(np.rint(np.clip(block, -1.0, 1.0) * LOUDEST), dtype=np.int16)


def fade_out(samples: int) -> NDArray[np.float64]:
    """Return factors that lead to silence, half a cosine: the last one is 0.

    >>> fade_out(2).tolist()
    [0.5, 0.0]
    """
    ramp: NDArray[np.float64] = 0.5 + 0.5 * np.cos(np.pi * np.arange(1, samples + 1) / samples)
    return ramp


class GrowingWav:
    """A WAV file that is valid after every `write`.

    The file that had the name before stays until the first block is there to take its place: starting to
    generate and thinking better of it loses nothing.

    Args:
        path: where to write; its folder must exist.
        sample_rate: in Hz.

    Raises:
        PartitaError: the path can't be written to.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "a.wav"
    >>> with GrowingWav(path, 16000) as wav: wav.write(np.zeros(100, np.float32))
    >>> path.stat().st_size
    244
    """

    def __init__(self, path: str | Path, sample_rate: int) -> None:
        self.path = Path(path)
        self.sample_rate = sample_rate
        self.samples = 0
        if not self.path.parent.is_dir():
            raise PartitaError(f"{self.path.parent} is not a folder: make it first, or write elsewhere")
        if self.path.is_dir():
            raise PartitaError(f"{self.path} is a folder: name a file in it")
        if not os.access(self.path.parent, os.W_OK):
            raise PartitaError(f"{self.path.parent} can't be written to: write elsewhere")
        self._file: Any = None

    def write(self, block: NDArray[Any]) -> None:
        """Append (samples,) of sound, float in [-1, 1] or int16, and bring the header up to date."""
        data = to_int16(block).astype("<i2").tobytes()
        if self.samples * 2 + len(data) > LARGEST:
            raise PartitaError(f"{self.path} has reached 4 GiB, the most a WAV file can hold: start another")
        if self._file is None:
            self._start(header(self.sample_rate, len(data) // 2) + data)
        else:
            self._file.seek(HEADER + 2 * self.samples)
            self._file.write(data)
            self._file.seek(0)
            self._file.write(header(self.sample_rate, self.samples + len(data) // 2))
            self._file.flush()
        self.samples += len(data) // 2

    def _start(self, content: bytes) -> None:
        """Put a first, complete file in the place of what had the name."""
        part = beside(self.path)
        self._file = part.open("w+b")
        try:
            self._file.write(content)
            self._file.flush()
            part.replace(self.path)
        except BaseException:
            self._file.close()
            self._file = None
            part.unlink(missing_ok=True)
            raise

    def close(self, fade_seconds: float = 0.0) -> None:
        """End the file, its last `fade_seconds` fading to silence; a second call does nothing."""
        if self._file is None:
            return
        length = min(self.samples, round(fade_seconds * self.sample_rate))
        if length > 0:
            start = HEADER + 2 * (self.samples - length)
            self._file.seek(start)
            tail = np.frombuffer(self._file.read(2 * length), "<i2")
            self._file.seek(start)
            self._file.write(np.rint(tail * fade_out(length)).astype("<i2").tobytes())
        self._file.close()
        self._file = None

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close without a fade."""
        self.close()
