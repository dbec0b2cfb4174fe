"""Open outputs that are not regular files, to which sound is streamed: standard output, pipes and devices."""

import errno
import os
import re
import shutil
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from partita.errors import PartitaError
from partita.standard_streams import NullStream

DESCRIPTOR = re.compile(r"/(?:dev|proc/(?:self|thread-self|\d+))/fd/(\d+)")
STANDARD = {"/dev/stdin": 0, "/dev/stdout": 1, "/dev/stderr": 2}
PLAYERS = {
    "linux": ("aplay", "ffplay -nodisp -autoexit -", "play -t wav -"),
    "darwin": ("play -t wav -", "ffplay -nodisp -autoexit -"),
    "win32": ("ffplay -nodisp -autoexit -",),
}
"""Commands that play a WAV stream from standard input, by system, the usual one first."""
MOST_LINKS = 40  # the number that Linux follows


def is_stream(out: str) -> bool:
    """Return whether an output is a stream: `-`, a pipe, a device, or a name of an open file descriptor.

    Args:
        out: the output, as the user named it; links are followed.

    >>> is_stream("-"), is_stream(os.devnull), is_stream("a.wav")
    (True, True, False)
    """
    if out == "-" or _descriptor(out) is not None:
        return True
    try:
        mode = Path(out).stat().st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode) or stat.S_ISBLK(mode))


@contextmanager
def open_stream(out: str, *, waiting: Callable[[], None] | None = None) -> Iterator[int]:
    """Open a stream for writing and yield its file descriptor; the pipe or device is not replaced by a file.

    Args:
        out: an output for which `is_stream` is true.
        waiting: called if a pipe has no reader yet, before waiting for one.

    Raises:
        PartitaError: the output is closed, is a terminal, or can't be written to.

    >>> with open_stream(os.devnull) as descriptor: os.write(descriptor, b"abc")
    3
    """
    if out == "-":
        yield stdout_descriptor(sys.stdout)
        return
    try:
        descriptor = _open(out, waiting)
    except OSError as error:
        raise PartitaError(f"{out} can't be written to ({error.strerror}): give another output") from None
    try:
        if os.isatty(descriptor):
            raise PartitaError(
                f"{out} is a terminal, which can't play sound: give a file, or pipe to `{player()}`"
            )
        yield descriptor
    finally:
        with suppress(OSError):
            os.close(descriptor)


def player(system: str = sys.platform) -> str:
    """Return a command that plays a WAV stream from a pipe: one that is installed, or else the usual one.

    macOS has `afplay`, which does not read pipes. `play` belongs to SoX, `ffplay` to FFmpeg.

    Args:
        system: as in `sys.platform`.

    >>> player("win32")
    'ffplay -nodisp -autoexit -'
    """
    found = [command for command in PLAYERS.get(system, PLAYERS["linux"]) if shutil.which(command.split()[0])]
    return (found or PLAYERS.get(system, PLAYERS["linux"]))[0]


def stdout_descriptor(output: TextIO | None) -> int:
    """Return the file descriptor of standard output.

    Args:
        output: `sys.stdout`; None or a `NullStream` if the shell has closed it.

    Raises:
        PartitaError: it is closed, or is a terminal.

    >>> with open(os.devnull, "w") as nowhere: stdout_descriptor(nowhere) == nowhere.fileno()
    True
    """
    remedy = f"pipe it to a player, as in `| {player()}`, or give a file"
    if output is None or isinstance(output, NullStream):
        raise PartitaError(f"standard output is closed: {remedy}")
    if output.isatty():
        raise PartitaError(f"standard output is a terminal, which can't play sound: {remedy}")
    return output.fileno()


def _descriptor(out: str) -> int | None:
    """Return the descriptor of this process that a name such as /dev/fd/3 stands for; None for others."""
    path = os.path.abspath(out)  # noqa: PTH100 - `resolve` would return the file that is open
    for _ in range(MOST_LINKS):
        if path in STANDARD:
            return STANDARD[path]
        found = DESCRIPTOR.fullmatch(path)
        if found and path.split("/")[2] in ("fd", "self", "thread-self", str(os.getpid())):
            return int(found[1])
        try:
            target = os.readlink(path)  # noqa: PTH115 - a Path would have to be made for each step
        except OSError:
            return None
        path = os.path.normpath(os.path.join(os.path.dirname(path), target))  # noqa: PTH118, PTH120
    return None


def _open(out: str, waiting: Callable[[], None] | None) -> int:
    """Open an output for writing; a descriptor that is already open keeps its position."""
    number = _descriptor(out)
    if number is not None:
        descriptor = os.dup(number)
        if _read_only(descriptor):
            os.close(descriptor)
            raise OSError(errno.EBADF, "it is open for reading only")
        return descriptor
    flags = os.O_WRONLY | getattr(os, "O_NOCTTY", 0)
    if not stat.S_ISFIFO(Path(out).stat().st_mode):
        return os.open(out, flags)
    try:
        descriptor = os.open(out, flags | os.O_NONBLOCK)
    except OSError as error:
        if error.errno != errno.ENXIO:  # ENXIO: there is no reader yet
            raise
        if waiting is not None:
            waiting()
        return os.open(out, flags)
    os.set_blocking(descriptor, True)
    return descriptor


def _read_only(descriptor: int) -> bool:
    try:
        import fcntl
    except ImportError:  # Windows, which has no names of descriptors either
        return False
    return fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_ACCMODE == os.O_RDONLY


def is_open_as(path: Path, descriptor: int) -> bool:
    """Return whether a descriptor is open on the file of this name.

    Args:
        path: the name.
        descriptor: an open file descriptor.

    >>> with Path(__file__).open() as file: is_open_as(Path(__file__), file.fileno())
    True
    """
    try:
        return path.is_file() and os.path.samestat(path.stat(), os.fstat(descriptor))
    except OSError:
        return False
