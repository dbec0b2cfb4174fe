"""A stretch of a file, read as if it were a file of its own. It knows no audio formats."""

from pathlib import Path
from types import TracebackType
from typing import Self

END_TAG = 128  # bytes that decoders of MP3 look at, at the end, for a tag
FAR = 1 << 40


class FileSlice:
    """A stretch of a file as a read-only file, with other bytes in front of it where wanted.

    Args:
        path: the file.
        start: bytes from its start to the stretch.
        stop: bytes from its start to the end of the stretch.
        front: bytes that are read before the stretch, such as a header that fits it.
        endless: tell a length far beyond the true one. A decoder of MP3 estimates how many samples there are
            from the length, and stops there; with this it goes on to the last byte.

    Attributes:
        error: what went wrong in reading; a decoder in C calls `read`, and no exception passes through it.

    >>> with FileSlice(Path(__file__), 3, 11, front=b"It is ") as view: view.read(20)
    b'It is A stretc'
    """

    def __init__(
        self, path: Path, start: int, stop: int, *, front: bytes = b"", endless: bool = False
    ) -> None:
        self._file = path.open("rb")
        self._start, self._front = start, front
        self._size = len(front) + stop - start
        self._told = self._size + FAR if endless else self._size
        self._place = 0
        self.error: OSError | None = None

    def __enter__(self) -> Self:
        """Return the view; the end of the block closes the file."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        self._file.close()

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go to a place, as a file does."""
        base = (0, self._place, self._told)[whence]
        self._place = max(0, base + offset)
        return self._place

    def tell(self) -> int:
        """Return the place in bytes from the start."""
        return self._place

    def read(self, size: int = -1) -> bytes:
        """Return up to `size` bytes from here on, all that is left when it is negative."""
        if self._place >= self._size:
            return self._beyond(size)
        left = self._size - self._place
        size = left if size < 0 else min(size, left)
        data = self._front[self._place : self._place + size]
        if len(data) < size:
            data += self._read_file(self._place + len(data) - len(self._front), size - len(data))
        self._place += len(data)
        return data

    def _read_file(self, offset: int, size: int) -> bytes:
        try:
            self._file.seek(self._start + offset)
            return self._file.read(size)
        except OSError as error:
            self.error = error
            return b""

    def _beyond(self, size: int) -> bytes:
        """Return the zeros of the told length's last bytes, where a decoder looks for a tag; else nothing."""
        if self._told == self._size or self._place < self._told - END_TAG:
            return b""
        size = min(self._told - self._place, size if size >= 0 else END_TAG)
        self._place += size
        return bytes(size)
