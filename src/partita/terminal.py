"""Print lines on standard output and standard error, with control characters escaped on a terminal.

A file name can contain any byte except NUL and `/`: an escape sequence that clears the screen or changes the
title, a character that reverses the direction of the text, or bytes that are not valid UTF-8. This file does
not draw progress bars.
"""

import os
import sys

from partita.errors import PartitaError

_BIDI = (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
_BREAKS = (0x2028, 0x2029)
_UNDECODED = range(0xDC80, 0xDD00)  # how Python represents bytes of a file name that are not valid UTF-8
_ESCAPES = {
    **{code: f"\\x{code:02x}" for code in (*range(0x20), 0x7F)},
    **{code: f"\\u{code:04x}" for code in (*range(0x80, 0xA0), *_BIDI, *_BREAKS, *range(0xD800, 0xE000))},
    **{code: f"\\x{code - 0xDC00:02x}" for code in _UNDECODED},
}


def printable(text: object) -> str:
    r"""Return text with all characters escaped except visible characters and spaces.

    The function escapes control characters of ASCII and Latin-1, line and paragraph separators, characters
    that change the direction of writing, and lone surrogates. Bytes of a file name that are not valid UTF-8
    are shown as `\xNN`.

    Args:
        text: a string, or an object that `str` converts to one, such as a path.

    >>> print(printable("a\x1b[2Jb"), printable("\u202egnp.wav"), printable(os.fsdecode(b"m\xe9lodies")))
    a\x1b[2Jb \u202egnp.wav m\xe9lodies
    """
    return str(text).translate(_ESCAPES)


def print_line(text: object) -> None:
    """Print a line on standard output.

    On a terminal the text is `printable`. In a pipe or a file it has the exact bytes of file names, so that
    other programs can use them.

    Args:
        text: the line, without the line feed.

    Raises:
        PartitaError: standard output can't be written to, for example because its disk is full.
        BrokenPipeError: the process that reads standard output has ended.

    >>> print_line("runs/a")
    runs/a
    """
    out = sys.stdout
    if out is None:
        return
    try:
        if out.isatty():
            out.write(_encodable(printable(text), out.encoding) + "\n")
        elif hasattr(out, "buffer"):
            out.flush()
            out.buffer.write(os.fsencode(f"{text}\n"))
        else:
            out.write(f"{text}\n")
    except BrokenPipeError:
        raise
    except OSError as error:
        raise _unwritable(error) from error
    flush_output()


def flush_output() -> None:
    """Flush standard output.

    Raises:
        PartitaError: standard output can't be written to.
        BrokenPipeError: the process that reads standard output has ended.

    >>> flush_output()
    """
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise _unwritable(error) from error


def print_note(text: object) -> None:
    """Print a `printable` line on standard error.

    If standard error can't be written to, the line is dropped without an error, because a note is not
    essential.

    Args:
        text: the line, without the line feed.

    >>> print_note("skipped a.wav: too short")
    """
    try:
        if sys.stderr is not None:
            sys.stderr.write(_encodable(printable(text), sys.stderr.encoding) + "\n")
            sys.stderr.flush()
    except (OSError, ValueError):  # a full disk, a pipe without a reader, a closed stream
        pass


def _encodable(text: str, encoding: str | None) -> str:
    """Return the text with escapes for the characters that an encoding lacks."""
    encoding = encoding or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)


def _unwritable(error: OSError) -> PartitaError:
    return PartitaError(f"standard output can't be written to ({error.strerror}): send it elsewhere")
