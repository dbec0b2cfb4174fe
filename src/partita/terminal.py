"""Text for people and for programs: names from outside are made harmless before a terminal shows them.

A file name may hold any byte but NUL and `/`: an escape sequence that clears the screen or changes the
title, a character that reverses the text after it, or bytes that are no text. This file does not know what
is said, and it draws no progress.
"""

import os
import sys

from partita.errors import PartitaError

_BIDI = (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
_BREAKS = (0x2028, 0x2029)
_UNDECODED = range(0xDC80, 0xDD00)  # how Python holds bytes of a file name that are no text
_ESCAPES = {
    **{code: f"\\x{code:02x}" for code in (*range(0x20), 0x7F)},
    **{code: f"\\u{code:04x}" for code in (*range(0x80, 0xA0), *_BIDI, *_BREAKS, *range(0xD800, 0xE000))},
    **{code: f"\\x{code - 0xDC00:02x}" for code in _UNDECODED},
}


def printable(text: object) -> str:
    r"""Return text in which nothing but visible characters and spaces is left; all else is escaped.

    Escaped are the control characters of ASCII and of Latin-1, line and paragraph separators, the characters
    that change the direction of writing, and lone surrogates. Bytes of a file name that are no text are shown
    as bytes.

    Args:
        text: a string, or what `str` makes one of, such as a path.

    >>> print(printable("a\x1b[2Jb"), printable("\u202egnp.wav"), printable(os.fsdecode(b"m\xe9lodies")))
    a\x1b[2Jb \u202egnp.wav m\xe9lodies
    """
    return str(text).translate(_ESCAPES)


def print_line(text: object) -> None:
    """Print a line on standard output: the exact bytes of names for a program, `printable` on a terminal.

    Args:
        text: the line, without its end.

    Raises:
        PartitaError: standard output can't be written to, for example because its disk is full.
        BrokenPipeError: its reader has left.

    >>> print_line("runs/a")
    runs/a
    """
    out = sys.stdout
    if out is None:
        return
    try:
        if out.isatty():
            out.write(_within(printable(text), out.encoding) + "\n")
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
    """Write what standard output has not yet written.

    Raises:
        PartitaError: it can't be written to.
        BrokenPipeError: its reader has left.

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
    """Print a line on standard error, `printable`; where that can't be written to, the line is lost.

    A note tells how something goes: that nobody can read it is no reason to stop.

    >>> print_note("skipped a.wav: too short")
    """
    try:
        if sys.stderr is not None:
            sys.stderr.write(_within(printable(text), sys.stderr.encoding) + "\n")
            sys.stderr.flush()
    except (OSError, ValueError):  # a full disk, a reader that has left, a stream that was closed
        pass


def _within(text: str, encoding: str | None) -> str:
    """Return the text with escapes in place of the characters that an encoding lacks."""
    encoding = encoding or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)


def _unwritable(error: OSError) -> PartitaError:
    return PartitaError(f"standard output can't be written to ({error.strerror}): send it elsewhere")
