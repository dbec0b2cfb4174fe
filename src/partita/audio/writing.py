"""Write bytes to unbuffered files and pipes, and turn operating system errors into one line for the user."""

import select
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from partita import storage
from partita.errors import PartitaError


@contextmanager
def write_errors(path: Path | str, *, kept: str = "") -> Iterator[None]:
    """Raise a `PartitaError` that names the file in place of an OSError.

    The errors of a pipe whose reader has closed it, BrokenPipeError and ConnectionResetError, pass unchanged.

    Args:
        path: the file, or the name of a stream.
        kept: appended to the message: what is left of the sound.

    >>> with write_errors(Path("a.wav")): raise OSError(28, "No space left on device")
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
        full = error.errno in storage.DISK_FULL_ERRORS
        remedy = "make room on the disk, or write elsewhere" if full else "write elsewhere"
        raise PartitaError(f"{path} can't be written: {error.strerror or error}: {remedy}{kept}") from None


def write_all(file: Any, data: bytes) -> None:
    """Write all bytes to an unbuffered file or pipe, in several calls if it takes fewer at a time.

    A non-blocking pipe that is full is waited for.

    >>> import io
    >>> write_all(file := io.BytesIO(), b"abc"); file.getvalue()
    b'abc'
    """
    left = memoryview(data)
    while left:
        taken = file.write(left)
        if taken is None:  # a non-blocking pipe that is full
            select.select([], [file], [])
        else:
            left = left[taken:]
