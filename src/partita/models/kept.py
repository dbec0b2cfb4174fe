"""Machine code kept on disk must go when what it was made of changes.

Numba looks for changes in the one file of the function that it keeps; but what that function closes over is
part of its code's address there, so closing over a number made of the other sources keeps apart what they
made. This file compiles nothing.
"""

import zlib
from pathlib import Path
from types import ModuleType


def number_of(*modules: ModuleType) -> int:
    """Return a number, never 0, that changes with the sources of some modules.

    >>> import json, math
    >>> number_of(json) == number_of(json) != 0
    True
    """
    return zlib.crc32(b"".join(Path(str(module.__file__)).read_bytes() for module in modules)) | 1
