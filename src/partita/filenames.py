"""File names whose bytes are no text, in files that hold only text, and for libraries in C.

A file name on Linux is any bytes. Python holds those that are no UTF-8 as lone surrogates, which TOML can't
hold. Here each such byte is written as NUL and two hexadecimal digits: no file name holds a NUL, so this can
be undone, and all other names stay as they are. JSON needs none of this: it has escapes for surrogates. This
file reads and writes no files.
"""

import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_FIRST = 0xDC00  # Python's surrogate for byte b is this + b
_UNDECODED = re.compile("[\udc80-\udcff]")
_WRITTEN = re.compile("\0([89a-f][0-9a-f])")


def c_library_path(path: str | Path) -> str | bytes:
    """Return a path as libraries in C take it: as the bytes that it is, but for Windows, where it is text.

    >>> c_library_path(Path("a.wav")) in (b"a.wav", "a.wav")
    True
    """
    return str(path) if sys.platform == "win32" else os.fsencode(path)


@contextmanager
def utf8_path(path: Path) -> Iterator[str]:
    """Yield a name of a file or folder for libraries that take only UTF-8; it holds while the block runs.

    Where the path's own name is no UTF-8 it is that of an open file descriptor.

    Raises:
        OSError: a path that is no UTF-8 can't be opened.

    >>> with utf8_path(Path("a.wav")) as name: name
    'a.wav'
    """
    if not _UNDECODED.search(str(path)):
        yield str(path)
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        yield f"/dev/fd/{descriptor}"
    finally:
        os.close(descriptor)


def readable_filename(name: str) -> str:
    r"""Return a file name as text that a person can read and type: bytes that are no UTF-8 as escapes.

    Other names stay as they are.

    >>> print(readable_filename(os.fsdecode(b"m\xe9lodies/1.wav")))
    m\xe9lodies/1.wav
    """
    return os.fsencode(name).decode(errors="backslashreplace") if _UNDECODED.search(name) else name


def escape_surrogates(value: Any) -> Any:
    """Return a table, a list or a string in which strings are text, fit for TOML; other values stay.

    >>> name = b"m\\xe9lodies".decode(errors="surrogateescape")
    >>> escape_surrogates({"corpus": {"path": name}})
    {'corpus': {'path': 'm\\x00e9lodies'}}
    >>> restore_surrogates(escape_surrogates([name])) == [name]
    True
    """
    return _mapped(value, lambda text: _UNDECODED.sub(lambda found: f"\0{ord(found[0]) - _FIRST:02x}", text))


def restore_surrogates(value: Any) -> Any:
    """Return what `escape_surrogates` was given.

    >>> restore_surrogates({"seed": 3, "path": "corpus"})
    {'seed': 3, 'path': 'corpus'}
    """
    return _mapped(value, lambda text: _WRITTEN.sub(lambda found: chr(_FIRST + int(found[1], 16)), text))


def _mapped(value: Any, change: Callable[[str], str]) -> Any:
    """Return a value with all strings in it changed, the names of a table left out."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {name: _mapped(inner, change) for name, inner in value.items()}
    return [_mapped(inner, change) for inner in value] if isinstance(value, list) else value
