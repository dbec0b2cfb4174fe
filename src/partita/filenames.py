"""File names that are not valid UTF-8: in TOML files, in messages and for C libraries.

On Linux a file name can hold any bytes. Python represents each byte that is not valid UTF-8 as a lone
surrogate, which TOML can't store. `escape_surrogates` writes each such byte as NUL and two hexadecimal
digits. A file name never contains NUL, so `restore_surrogates` can undo this. JSON does not need it: JSON
has an escape for surrogates. This file does not read or write files.
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
    """Return a path in the form that C libraries take: bytes, or a string on Windows.

    >>> c_library_path(Path("a.wav")) in (b"a.wav", "a.wav")
    True
    """
    return str(path) if sys.platform == "win32" else os.fsencode(path)


@contextmanager
def utf8_path(path: Path) -> Iterator[str]:
    """Yield a valid UTF-8 name of a file or folder, for libraries that accept no other.

    If the path is not valid UTF-8, the name is `/dev/fd/NUMBER` of an open file descriptor. It is valid only
    inside the block.

    Args:
        path: an existing file or folder.

    Raises:
        OSError: the path is not valid UTF-8, and it can't be opened.

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
    r"""Return a file name as text that a user can read and type: invalid UTF-8 becomes escapes.

    Valid names are returned unchanged.

    >>> print(readable_filename(os.fsdecode(b"m\xe9lodies/1.wav")))
    m\xe9lodies/1.wav
    """
    return os.fsencode(name).decode(errors="backslashreplace") if _UNDECODED.search(name) else name


def escape_surrogates(value: Any) -> Any:
    r"""Return a value with all its strings escaped so that TOML can store them.

    Args:
        value: a table, a list, a string or another value; other values are returned unchanged.

    >>> name = b"m\xe9lodies".decode(errors="surrogateescape")
    >>> escape_surrogates({"corpus": {"path": name}})
    {'corpus': {'path': 'm\x00e9lodies'}}
    >>> restore_surrogates(escape_surrogates([name])) == [name]
    True
    """
    return _mapped(value, lambda text: _UNDECODED.sub(lambda found: f"\0{ord(found[0]) - _FIRST:02x}", text))


def restore_surrogates(value: Any) -> Any:
    """Undo `escape_surrogates`.

    >>> restore_surrogates({"seed": 3, "path": "corpus"})
    {'seed': 3, 'path': 'corpus'}
    """
    return _mapped(value, lambda text: _WRITTEN.sub(lambda found: chr(_FIRST + int(found[1], 16)), text))


def _mapped(value: Any, change: Callable[[str], str]) -> Any:
    """Apply a function to all strings in a value, but not to the keys of tables."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {name: _mapped(inner, change) for name, inner in value.items()}
    return [_mapped(inner, change) for inner in value] if isinstance(value, list) else value
