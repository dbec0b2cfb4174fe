"""Write a WAV file that is valid after every block: 16-bit mono PCM.

The lengths in the header are updated after each block. A player can open the file at any time, and after a
power failure the file holds all blocks except perhaps the last. The file is open only while a block is
written, so thousands of files can grow at once.
"""

import os
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from partita import storage
from partita.audio.output_formats import MAX_DATA_BYTES
from partita.audio.pcm import fade_out, to_int16
from partita.audio.writing import write_all, write_errors
from partita.errors import PartitaError

KEPT = "; what is written so far is kept"
UNKNOWN_SIZE = (1 << 32) - 1
"""The length in the header of a stream whose end is not known: players read until the stream ends."""


def wav_header(sample_rate: int, samples: int | None, note: str = "") -> bytes:
    r"""Return the bytes before the samples of a mono, 16-bit PCM file: 44, and more with a note.

    Args:
        sample_rate: in Hz.
        samples: how many samples follow; None when that is not known. A number whose bytes do not fit into 32
            bits is written as unknown too.
        note: the file's comment, in ASCII; stored as an ICMT entry in a LIST chunk.

    >>> len(wav_header(16000, 0)), wav_header(16000, 2)[-4:], wav_header(16000, None)[-4:]
    (44, b'\x04\x00\x00\x00', b'\xff\xff\xff\xff')
    >>> len(wav_header(16000, 0, "abc"))
    68
    """
    known = samples is not None and 2 * samples <= MAX_DATA_BYTES
    size = 2 * samples if samples is not None and known else UNKNOWN_SIZE
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, sample_rate, 2 * sample_rate, 2, 16)
    info = _info(note) if note else b""
    riff = 4 + len(form) + len(info) + 8 + size if known else UNKNOWN_SIZE
    return struct.pack("<4sI4s", b"RIFF", riff, b"WAVE") + form + info + struct.pack("<4sI", b"data", size)


def _info(note: str) -> bytes:
    """Return a LIST chunk with a comment; one or two zero bytes at its end make its length even."""
    text = note.encode("ascii") + b"\0"
    text += b"\0" * (len(text) % 2)
    return struct.pack("<4sI4s4sI", b"LIST", 12 + len(text), b"INFO", b"ICMT", len(text)) + text


class GrowingWav:
    """A WAV file that is valid after every `write`.

    A file that already has this name is replaced by the first block, so it is not lost when generation is
    stopped before that. Where the path is a link, the link stays and its target is written.

    Args:
        path: the file; its folder must exist.
        sample_rate: in Hz.
        note: the file's comment, in ASCII.
        redirect: called with the path (for a link, with its target) just before the first block is written;
            returns the path to write instead, in the same folder.

    Attributes:
        path: the file that is written; differs from the argument after `redirect`.
        samples: how many samples are written.

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
        self._header_bytes = len(wav_header(sample_rate, 0, note))
        self._file = self.path.resolve() if self.path.is_symlink() else self.path
        self._closed = False
        if not self._file.parent.is_dir():
            raise PartitaError(f"{self._file.parent} is not a folder: make it first, or write elsewhere")
        if self._file.is_dir():
            raise PartitaError(f"{self.path} is a folder: give a file in it")
        if not os.access(self._file.parent, os.W_OK):
            raise PartitaError(f"{self._file.parent} can't be written to: write elsewhere")

    def write(self, block: NDArray[Any]) -> None:
        """Append a block and update the header.

        Args:
            block: (samples,) float in [-1, 1], or int16.

        Raises:
            PartitaError: the disk is full, the file has the greatest length of a WAV file, or another program
                has moved or replaced it. Blocks written before stay.
        """
        data = to_int16(block).astype("<i2").tobytes()
        if self.samples * 2 + len(data) > MAX_DATA_BYTES:
            raise PartitaError(f"{self.path} has reached 4 GiB, the most a WAV file can hold: start another")
        samples = self.samples + len(data) // 2
        with write_errors(self.path, kept=KEPT if self.samples else ""):
            if self.samples:
                self._append(data, samples)
            else:
                self._begin(self._header(samples) + data)
        self.samples = samples

    def close(self, fade_seconds: float = 0.0) -> None:
        """End the file and fade its last `fade_seconds` to silence; a second call does nothing."""
        length = min(self.samples, round(fade_seconds * self.sample_rate))
        if not self._closed and length > 0:
            start = self._header_bytes + 2 * (self.samples - length)
            with write_errors(self.path, kept=KEPT), self._opened() as file:
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
        """Close the file without a fade."""
        self.close()

    def _header(self, samples: int) -> bytes:
        return wav_header(self.sample_rate, samples, self._note)

    def _begin(self, content: bytes) -> None:
        """Write the file with its first block, replacing a file of the same name at once."""
        with storage.atomic_file(self._file, durable=False, redirect=self._final_path) as part:
            part.write_bytes(content)

    def _final_path(self, path: Path) -> Path:
        """Ask `redirect` for the path to write, and store it."""
        found = path if self._redirect is None else self._redirect(path)
        if found != path:
            self.path = self._file = found
        return found

    def _append(self, data: bytes, samples: int) -> None:
        """Write the samples, then the header; on an error, remove samples that the header does not count."""
        end = self._header_bytes + 2 * self.samples
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
        """Open the file, and check by its header that no other program has replaced it.

        Inode numbers can't be used for this check: some file systems change them.
        """
        try:
            with self._file.open("r+b", buffering=0) as file:
                if file.read(self._header_bytes) != self._header(self.samples):
                    raise FileNotFoundError
                yield file
        except FileNotFoundError:
            raise PartitaError(
                f"{self.path} was moved, removed or replaced while it was written, so the rest of the clip is"
                " lost: draw it again under another name"
            ) from None
