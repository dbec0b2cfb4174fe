"""Machine code kept on disk must go when what it was made of changes.

Numba looks for changes in the one file of the function that it keeps; but what that function closes over is
part of its code's address there, so closing over a number made of the other sources keeps apart what they
made. This file does not know what is compiled.
"""

import zlib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from numba import njit


def number_of(*modules: ModuleType) -> int:
    """Return a number, never 0, that changes with the sources of some modules.

    >>> import json, math
    >>> number_of(json) == number_of(json) != 0
    True
    """
    return zlib.crc32(b"".join(Path(str(module.__file__)).read_bytes() for module in modules)) | 1


def kept(function: Callable[..., Any], **options: Any) -> Any:
    """Compile a function without Python's lock, its machine code kept on disk where that can be written to.

    Numba looks for a place beside the function's file and in the user's cache folder, and refuses to keep
    anything when neither can be written to; then it is compiled anew in each process.

    Args:
        function: what to compile.
        options: of `numba.njit`.
    """
    try:
        return njit(nogil=True, cache=True, **options)(function)
    except RuntimeError:
        return njit(nogil=True, **options)(function)
