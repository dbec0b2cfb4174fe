"""A range of a file that is read like a file of its own. This file knows no audio formats."""

from pathlib import Path
from types import TracebackType
from typing import Self

END_TAG = 128  # bytes at the end of a file in which an MP3 decoder looks for a tag
FAR = 1 << 40


class FileSlice:
    """A read-only file object for a range of bytes, with other bytes in front of it where wanted.

    Args:
        path: the file.
        start: first byte of the range.
        stop: end of the range, in bytes from the start of the file.
        header: bytes to read before the range, such as a corrected header.
        unknown_length: report a size far beyond the true one. An MP3 decoder estimates the number of samples
            from the file's size and stops there; with this it reads to the last byte.

    Attributes:
        error: the first error in reading, or None. libsndfile calls `read` from C, so an exception would be
            lost.

    >>> with FileSlice(Path(__file__), 3, 10, header=b"This is ") as file: file.read(20)
    b'This is A range'
    """

    def __init__(
        self, path: Path, start: int, stop: int, *, header: bytes = b"", unknown_length: bool = False
    ) -> None:
        self._file = path.open("rb")
        self._start, self._header = start, header
        self._size = len(header) + stop - start
        self._reported_size = self._size + FAR if unknown_length else self._size
        self._position = 0
        self.error: OSError | None = None

    def __enter__(self) -> Self:
        """Return the file object; the end of the block closes the file."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        self._file.close()

    def seek(self, offset: int, whence: int = 0) -> int:
        """Set the position, as the method of a file does, and return it."""
        base = (0, self._position, self._reported_size)[whence]
        self._position = max(0, base + offset)
        return self._position

    def tell(self) -> int:
        """Return the position, in bytes."""
        return self._position

    def read(self, size: int = -1) -> bytes:
        """Return up to `size` bytes from the position on; all that are left if `size` is negative."""
        if self._position >= self._size:
            return self._read_beyond(size)
        left = self._size - self._position
        size = left if size < 0 else min(size, left)
        data = self._header[self._position : self._position + size]
        if len(data) < size:
            data += self._read_file(self._position + len(data) - len(self._header), size - len(data))
        self._position += len(data)
        return data

    def _read_file(self, offset: int, size: int) -> bytes:
        try:
            self._file.seek(self._start + offset)
            return self._file.read(size)
        except OSError as error:
            self.error = error
            return b""

    def _read_beyond(self, size: int) -> bytes:
        """Return zeros at the end of the reported size, where a decoder looks for a tag; else no bytes."""
        if self._reported_size == self._size or self._position < self._reported_size - END_TAG:
            return b""
        size = min(self._reported_size - self._position, size if size >= 0 else END_TAG)
        self._position += size
        return bytes(size)
