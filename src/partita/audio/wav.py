"""A WAV file that can be played at any moment while it grows: 16-bit mono PCM.

The header's lengths are brought up to date after every block, so a player, or whoever finds the file after a
power cut, sees all blocks but perhaps the last. The file is open only while a block is written, so thousands
can grow at once. This file does not know where the sound comes from.
"""

import os
import select
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from partita import storage
from partita.audio.output_formats import LARGEST
from partita.audio.pcm import fade_out, to_int16
from partita.errors import PartitaError

KEPT = "; what is written so far is kept"
UNKNOWN = (1 << 32) - 1
"""Where a header is written before anyone knows how much follows: players read on until the sound ends."""


def wav_header(sample_rate: int, samples: int | None, note: str = "") -> bytes:
    """Return the bytes before the samples of a mono, 16-bit PCM file: 44, and more for a note.

    Args:
        sample_rate: in Hz.
        samples: how many follow; None, or more than the format can count (its 32 bits are of bytes), says
            that the length is not known.
        note: the file's comment, in ASCII: an ICMT entry in a LIST chunk.

    >>> len(wav_header(16000, 0)), wav_header(16000, 2)[-4:], wav_header(16000, None)[-4:]
    (44, b'\\x04\\x00\\x00\\x00', b'\\xff\\xff\\xff\\xff')
    >>> len(wav_header(16000, 0, "abc"))
    68
    """
    known = samples is not None and 2 * samples <= LARGEST
    size = 2 * samples if samples is not None and known else UNKNOWN
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, sample_rate, 2 * sample_rate, 2, 16)
    info = _info(note) if note else b""
    riff = 4 + len(form) + len(info) + 8 + size if known else UNKNOWN
    return struct.pack("<4sI4s", b"RIFF", riff, b"WAVE") + form + info + struct.pack("<4sI", b"data", size)


def _info(note: str) -> bytes:
    """Return a LIST chunk with a comment, whose text ends in one or two zero bytes: its length is even."""
    text = note.encode("ascii") + b"\0"
    text += b"\0" * (len(text) % 2)
    return struct.pack("<4sI4s4sI", b"LIST", 12 + len(text), b"INFO", b"ICMT", len(text)) + text


@contextmanager
def writing(path: Path | str, *, kept: str = "") -> Iterator[None]:
    """Turn what the operating system refuses while a file is written into one line that names the file.

    That the reader of a pipe leaves is passed on.

    Args:
        path: the file, or the name of a stream.
        kept: what the line says at its end of the sound that is there.

    >>> with writing(Path("a.wav")): raise OSError(28, "No space left on device")
    Traceback (most recent call last):
    ...
    partita.errors.PartitaError: a.wav can't be written: No space left on device: make room on the disk, or \
write elsewhere
    """
    try:
        yield
    except (BrokenPipeError, ConnectionResetError):
        raise
    except OSError as error:
        full = error.errno in storage.FULL
        remedy = "make room on the disk, or write elsewhere" if full else "write elsewhere"
        raise PartitaError(f"{path} can't be written: {error.strerror or error}: {remedy}{kept}") from None


class GrowingWav:
    """A WAV file that is valid after every `write`.

    The file that had the name before stays until the first block is there to take its place: starting to
    generate and thinking better of it loses nothing. A link stays: what it leads to is written.

    Args:
        path: where to write; its folder must exist.
        sample_rate: in Hz.
        note: the file's comment.
        redirect: called with the path (a link's target) just before the first block takes its place; returns
            the path in the same folder that is written instead.

    Raises:
        PartitaError: the path can't be written to.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "a.wav"
    >>> with GrowingWav(path, 16000) as wav: wav.write(np.zeros(100, np.float32))
    >>> path.stat().st_size
    244
    """

    def __init__(
        self,
        path: str | Path,
        sample_rate: int,
        note: str = "",
        *,
        redirect: Callable[[Path], Path] | None = None,
    ) -> None:
        self.path = Path(path)
        self._redirect = redirect
        self.sample_rate = sample_rate
        self.samples = 0
        self._note = note
        self._start_of_sound = len(wav_header(sample_rate, 0, note))
        self._file = self.path.resolve() if self.path.is_symlink() else self.path
        self._closed = False
        if not self._file.parent.is_dir():
            raise PartitaError(f"{self._file.parent} is not a folder: make it first, or write elsewhere")
        if self._file.is_dir():
            raise PartitaError(f"{self.path} is a folder: name a file in it")
        if not os.access(self._file.parent, os.W_OK):
            raise PartitaError(f"{self._file.parent} can't be written to: write elsewhere")

    def write(self, block: NDArray[Any]) -> None:
        """Append (samples,) of sound, float in [-1, 1] or int16, and bring the header up to date.

        Raises:
            PartitaError: the disk is full, the file is as long as a WAV file can be, or another program has
                put something else in its place. The sound written before stays.
        """
        data = to_int16(block).astype("<i2").tobytes()
        if self.samples * 2 + len(data) > LARGEST:
            raise PartitaError(f"{self.path} has reached 4 GiB, the most a WAV file can hold: start another")
        samples = self.samples + len(data) // 2
        with writing(self.path, kept=KEPT if self.samples else ""):
            if self.samples:
                self._append(data, samples)
            else:
                self._begin(self._header(samples) + data)
        self.samples = samples

    def _header(self, samples: int) -> bytes:
        return wav_header(self.sample_rate, samples, self._note)

    def _begin(self, content: bytes) -> None:
        """Put a first, complete file in the place of what had the name."""
        with storage.replacing(self._file, durable=False, redirect=self._last_look) as part:
            part.write_bytes(content)

    def _last_look(self, path: Path) -> Path:
        """Return where the file goes, and remember it."""
        found = path if self._redirect is None else self._redirect(path)
        if found != path:
            self.path = self._file = found
        return found

    def _append(self, data: bytes, samples: int) -> None:
        """Write the sound, then the header that counts it; where that fails, cut off what nobody counts."""
        end = self._start_of_sound + 2 * self.samples
        with self._opened() as file:
            try:
                file.seek(end)
                write_all(file, data)
                file.seek(0)
                write_all(file, self._header(samples))
            except OSError:
                with suppress(OSError):
                    file.truncate(end)
                raise

    @contextmanager
    def _opened(self) -> Iterator[Any]:
        """Open the file for a moment, if it still begins as it was left.

        Inodes would tell it too, but some file systems make up new ones.
        """
        try:
            with self._file.open("r+b", buffering=0) as file:
                if file.read(self._start_of_sound) != self._header(self.samples):
                    raise FileNotFoundError
                yield file
        except FileNotFoundError:
            raise PartitaError(
                f"{self.path} was moved, removed or replaced while it was written: the rest of its sound has"
                " no place to go; draw it again under another name"
            ) from None

    def close(self, fade_seconds: float = 0.0) -> None:
        """End the file, its last `fade_seconds` fading to silence; a second call does nothing."""
        length = min(self.samples, round(fade_seconds * self.sample_rate))
        if not self._closed and length > 0:
            start = self._start_of_sound + 2 * (self.samples - length)
            with writing(self.path, kept=KEPT), self._opened() as file:
                file.seek(start)
                tail = np.frombuffer(file.read(2 * length), "<i2")
                file.seek(start)
                write_all(file, np.rint(tail * fade_out(length)).astype("<i2").tobytes())
        self._closed = True

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close without a fade."""
        self.close()


def write_all(file: Any, data: bytes) -> None:
    """Write all of it to an unbuffered file or pipe, which may take less at a time; wait while it is full.

    >>> import io
    >>> write_all(file := io.BytesIO(), b"abc"); file.getvalue()
    b'abc'
    """
    left = memoryview(data)
    while left:
        taken = file.write(left)
        if taken is None:  # whoever made the pipe does not want to wait, but we have nothing else to do
            select.select([], [file], [])
        else:
            left = left[taken:]
