"""The standard streams of the process, made safe before anything else is opened.

A shell may start a program with a standard stream closed (`2>&-`). The next file that is opened then takes
its number, and all that is meant for standard error is written into that file. Standard error may also be a
full disk, or a pipe that nobody reads: no command fails for that. This file does not know what is written.
"""

import io
import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

STANDARD = (0, 1, 2)  # input, output, error


class ClosedStream(io.TextIOWrapper):
    """What stands for a standard stream that was closed when the process began: all that is written is lost.

    >>> with ClosedStream() as stream: stream.write("lost")
    4
    """

    def __init__(self) -> None:
        nowhere = io.BufferedWriter(io.FileIO(os.devnull, "w"))
        super().__init__(nowhere, encoding="utf-8", errors="replace", write_through=True)


class _Unfailing(io.RawIOBase):
    """Writes to a file descriptor as far as that goes; what can't be written is lost."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def write(self, data: "ReadableBuffer") -> int:
        """Write all of it, or lose what can't be written."""
        left = memoryview(data).cast("B")
        whole = len(left)
        with suppress(OSError):
            while left:
                left = left[os.write(self._descriptor, left) :]
        return whole

    def writable(self) -> bool:
        """Say that it can be written to."""
        return True

    def isatty(self) -> bool:
        """Say whether a person is at the other end."""
        return os.isatty(self._descriptor)

    def fileno(self) -> int:
        """Return the file descriptor."""
        return self._descriptor


def secure_streams() -> None:
    """Make the process's own standard streams safe; call it first, before any file is opened.

    Descriptors 0 to 2 that are closed are opened on the null device, `sys.stdout` and `sys.stderr` that are
    None become a `ClosedStream`, and no write to standard error fails.

    >>> secure_streams(); os.fstat(2).st_mode > 0
    True
    """
    for number in STANDARD:
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # takes the lowest number that is free
    if sys.stdout is None:
        sys.stdout = ClosedStream()
    if sys.stderr is None:
        sys.stderr = ClosedStream()
    elif isinstance(sys.stderr, io.TextIOWrapper) and sys.stderr is sys.__stderr__:
        sys.stderr = _unfailing(sys.stderr)


def silence_failed_output() -> None:
    """Have the interpreter not complain, when it ends, about output that can't be written to.

    >>> silence_failed_output()
    """
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except (OSError, ValueError):
        with suppress(OSError, ValueError):  # no descriptor: it is no stream of the process
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _unfailing(stream: io.TextIOWrapper) -> io.TextIOWrapper:
    return io.TextIOWrapper(
        io.BufferedWriter(_Unfailing(stream.fileno())),
        encoding=stream.encoding,
        errors="backslashreplace",
        line_buffering=True,
        write_through=True,
    )
