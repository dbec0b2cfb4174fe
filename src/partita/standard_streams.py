"""Prepare the standard streams of the process, so that closed or full ones do no harm.

A shell can start a program with a closed standard stream (`2>&-`). The next file that the program opens then
gets the descriptor of that stream, and messages for standard error are written into the file. Standard error
can also be a full disk or a pipe that no process reads; no command fails because of that. This file does not
know what is written to the streams.
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
    """A replacement for a standard stream that is closed when the process starts; it discards all output.

    >>> with NullStream() as stream: stream.write("lost")
    4
    """

    def __init__(self) -> None:
        null_device = io.BufferedWriter(io.FileIO(os.devnull, "w"))
        super().__init__(null_device, encoding="utf-8", errors="replace", write_through=True)


class _BestEffortOutput(io.RawIOBase):
    """A stream that writes to a file descriptor and discards what can't be written."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._redirecting = threading.Lock()

    @contextmanager
    def discard_others(self) -> Iterator[None]:
        """Discard what libraries write to the descriptor while the block runs.

        The stream itself writes to a private copy of the descriptor. If several blocks run at the same time,
        only the first has an effect.
        """
        if not self._redirecting.acquire(blocking=False):
            yield
            return
        shared = self._descriptor
        try:
            with suppress(OSError):  # too many open files: nothing is discarded
                self._redirect()
            yield
        finally:
            if (own := self._descriptor) != shared:
                os.dup2(own, shared)
                self._descriptor = shared
                os.close(own)
            self._redirecting.release()

    def _redirect(self) -> None:
        null_device = os.open(os.devnull, os.O_WRONLY)
        try:
            shared, self._descriptor = self._descriptor, os.dup(self._descriptor)
            os.dup2(null_device, shared)
        finally:
            os.close(null_device)

    def write(self, data: "ReadableBuffer") -> int:
        """Write the data, discard what can't be written, and return the length of the data in bytes."""
        left = memoryview(data).cast("B")
        whole = len(left)
        with suppress(OSError):
            while left:
                left = left[os.write(self._descriptor, left) :]
        return whole

    def writable(self) -> bool:
        """Return True."""
        return True

    def isatty(self) -> bool:
        """Return whether the descriptor is a terminal."""
        return os.isatty(self._descriptor)

    def fileno(self) -> int:
        """Return the file descriptor."""
        return self._descriptor


def prepare_standard_streams() -> None:
    """Prepare the standard streams of this process; call it before any file is opened.

    Closed descriptors from 0 to 2 are opened on the null device. If `sys.stdout` or `sys.stderr` is None, it
    becomes a `NullStream`. Writing to standard error never raises an error afterwards.

    >>> prepare_standard_streams(); os.fstat(2).st_mode > 0
    True
    """
    for number in STANDARD:
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # gets the lowest free number
    if sys.stdout is None:
        sys.stdout = NullStream()
    if sys.stderr is None:
        sys.stderr = NullStream()
    elif isinstance(sys.stderr, io.TextIOWrapper) and sys.stderr is sys.__stderr__:
        sys.stderr = _best_effort(sys.stderr)


@contextmanager
def suppress_library_messages() -> Iterator[None]:
    """Discard what C libraries write to standard error while the block runs; `sys.stderr` still works.

    This has an effect only after `prepare_standard_streams`, as in a process of the command line. What child
    processes write to an inherited standard error is discarded too.

    >>> with suppress_library_messages(): print("shown")
    shown
    """
    raw = getattr(getattr(sys.stderr, "buffer", None), "raw", None)
    with raw.discard_others() if isinstance(raw, _BestEffortOutput) else nullcontext():
        yield


def discard_unwritable_output() -> None:
    """Flush standard output.

    If that fails, redirect it to the null device, so that Python prints no error at exit.

    >>> discard_unwritable_output()
    """
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except (OSError, ValueError):
        with suppress(OSError, ValueError):  # without a descriptor it is not a stream of the process
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _best_effort(stream: io.TextIOWrapper) -> io.TextIOWrapper:
    return io.TextIOWrapper(
        io.BufferedWriter(_BestEffortOutput(stream.fileno())),
        encoding=stream.encoding,
        errors="backslashreplace",
        line_buffering=True,
        write_through=True,
    )
