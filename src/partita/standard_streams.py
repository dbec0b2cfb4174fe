"""The standard streams of the process, made safe before anything else is opened.

A shell may start a program with a standard stream closed (`2>&-`). The next file that is opened then takes
its number, and all that is meant for standard error is written into that file. Standard error may also be a
full disk, or a pipe that nobody reads: no command fails for that. This file does not know what is written.
"""

import io
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

STANDARD = (0, 1, 2)  # input, output, error


class NullStream(io.TextIOWrapper):
    """What stands for a standard stream that was closed when the process began: all that is written is lost.

    >>> with NullStream() as stream: stream.write("lost")
    4
    """

    def __init__(self) -> None:
        nowhere = io.BufferedWriter(io.FileIO(os.devnull, "w"))
        super().__init__(nowhere, encoding="utf-8", errors="replace", write_through=True)


class _Unfailing(io.RawIOBase):
    """Writes to a file descriptor as far as that goes; what can't be written is lost."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._diverting = threading.Lock()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Write to a descriptor of our own while the block runs; what others write to this one is lost.

        Of several blocks at once the first does so, the others change nothing.
        """
        if not self._diverting.acquire(blocking=False):
            yield
            return
        shared = self._descriptor
        try:
            with suppress(OSError):  # too many open files: all is written, as before
                self._divert()
            yield
        finally:
            if (own := self._descriptor) != shared:
                os.dup2(own, shared)
                self._descriptor = shared
                os.close(own)
            self._diverting.release()

    def _divert(self) -> None:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        try:
            shared, self._descriptor = self._descriptor, os.dup(self._descriptor)
            os.dup2(nowhere, shared)
        finally:
            os.close(nowhere)

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


def prepare_standard_streams() -> None:
    """Make the process's own standard streams safe; call it first, before any file is opened.

    Descriptors 0 to 2 that are closed are opened on the null device, `sys.stdout` and `sys.stderr` that are
    None become a `NullStream`, and no write to standard error fails.

    >>> prepare_standard_streams(); os.fstat(2).st_mode > 0
    True
    """
    for number in STANDARD:
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # takes the lowest number that is free
    if sys.stdout is None:
        sys.stdout = NullStream()
    if sys.stderr is None:
        sys.stderr = NullStream()
    elif isinstance(sys.stderr, io.TextIOWrapper) and sys.stderr is sys.__stderr__:
        sys.stderr = _unfailing(sys.stderr)


@contextmanager
def suppress_library_messages() -> Iterator[None]:
    """Lose what libraries in C write on standard error in their own words; `sys.stderr` works as before.

    It does so in a process of the command line, after `prepare_standard_streams`; in others it changes nothing, since
    standard error is not ours. What a child process writes on an inherited standard error is lost too.

    >>> with suppress_library_messages(): print("heard")
    heard
    """
    raw = getattr(getattr(sys.stderr, "buffer", None), "raw", None)
    with raw.alone() if isinstance(raw, _Unfailing) else nullcontext():
        yield


def discard_unwritable_output() -> None:
    """Have the interpreter not complain, when it ends, about output that can't be written to.

    >>> discard_unwritable_output()
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
