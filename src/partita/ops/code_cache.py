"""The files of the compile cache: the machine code of one function, for each combination of argument types.

The folder is the one Numba would use: NUMBA_CACHE_DIR, beside the source, or the user's cache folder. Numba's
own cache ends the program when a file in it is damaged, unreadable, or can't be written. Here each of these
is a miss: the code is compiled again, one line on standard error says why, and a damaged file is replaced. A
file holds a digest of its content, then the content in Numba's own form, which is a pickle: as with Numba's
cache, anyone who can write to the folder can run code. This file does not know what is compiled;
`numba_cache` decides what is cached.
"""

import hashlib
import pickle
import platform
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import llvmlite
import numba
from numba.core import config
from numba.core.caching import CompileResultCacheImpl, NullCache
from numba.core.serialize import dumps

from partita.storage import atomic_file, remove_leftovers

PREFIX = "partita-"
DIGEST_BYTES = 32


class CodeCache(NullCache):  # type: ignore[misc]
    """The machine code of one function on disk, a file for each combination of argument types.

    Args:
        function: the Python function, whose qualified name must be unique.
        sources: digest of all sources; files made of other sources are removed when a file is written.

    >>> def double(x): return 2 * x
    >>> CodeCache(double, "0" * 12).load_overload((), None) is None  # it has no source file
    True
    """

    def __init__(self, function: Callable[..., Any], sources: str) -> None:
        self._function = function
        self._sources = sources

    @cached_property
    def _form(self) -> Any:
        """Numba's rules of where to store code and how to write it; None where there is no folder.

        Computed on first use, since it writes to the disk.
        """
        try:
            form = CompileResultCacheImpl(self._function)
        except (RuntimeError, OSError):  # OSError: the source file no longer exists
            return None
        place = form.locator.get_cache_path()
        if config.CACHE_DIR and not Path(place).is_relative_to(config.CACHE_DIR):
            wanted = f"NUMBA_CACHE_DIR is {config.CACHE_DIR}, which can't be written to"
            first_warning().show(f"partita: {wanted}: {place} is used")
        return form

    @property
    def cache_path(self) -> str | None:
        """The folder, or None where no folder can be written to."""
        return None if self._form is None else str(self._form.locator.get_cache_path())

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Return the compiled function for a signature; None where there is none or it is damaged."""
        if self._form is None:
            return None
        target_context.refresh()
        try:
            path = self._path(sig, target_context.codegen())
            written = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            return _warn(f"{self.cache_path} can't be read ({error.strerror or error})")
        content = written[DIGEST_BYTES:]
        if hashlib.sha256(content).digest() != written[:DIGEST_BYTES]:
            return _warn(f"{self.cache_path} is damaged ({path.name} is not what was written)")
        try:
            return self._form.rebuild(target_context, pickle.loads(content))
        except Exception as error:  # a whole file, but of another program or another version of a library
            return _warn(f"{self.cache_path} is damaged ({path.name}: {type(error).__name__})")

    def save_overload(self, sig: Any, data: Any) -> None:
        """Write the compiled function for a signature, if the folder can be written to."""
        if self._form is None:
            return _warn("has no folder that can be written to; NUMBA_CACHE_DIR names one")
        if not self._form.check_cachable(data):
            return None
        content = dumps(self._form.reduce(data))
        try:
            path = self._path(sig, data.codegen)
            path.parent.mkdir(parents=True, exist_ok=True)
            remove_leftovers(path.parent)
            with atomic_file(path) as part:
                part.write_bytes(hashlib.sha256(content).digest() + content)
            self._remove_stale(path.parent)
        except OSError as error:
            return _warn(f"{self.cache_path} can't be written ({error.strerror or error})")
        return None

    def _path(self, sig: Any, codegen: Any) -> Path:
        """Return the path of the code for a signature; its name depends on all that the code depends on."""
        function, versions = self._function, (numba.__version__, llvmlite.__version__)
        python = (platform.python_implementation(), sys.version_info[:2], getattr(sys, "abiflags", ""))
        names = (function.__module__, function.__qualname__, str(sig))
        key = (*names, codegen.magic_tuple(), versions, python, self._form.locator.get_source_stamp())
        name = function.__name__ if function.__name__.isidentifier() else "function"
        digits = hashlib.sha256(repr(key).encode()).hexdigest()[:24]
        return Path(self._form.locator.get_cache_path(), f"{PREFIX}{self._sources}-{name}-{digits}.nbc")

    def _remove_stale(self, folder: Path) -> None:
        """Remove the code made of other sources, which will not be read again."""
        for path in folder.glob(f"{PREFIX}*.nbc"):
            if not path.name.startswith(f"{PREFIX}{self._sources}-"):
                path.unlink(missing_ok=True)


class FirstWarning:
    """Shows the first warning on standard error and drops later ones."""

    def __init__(self) -> None:
        self._shown = False

    def show(self, line: str) -> None:
        """Print a line, unless one was printed before."""
        if not self._shown and sys.stderr is not None:
            self._shown = True
            with suppress(OSError, ValueError):
                print(line, file=sys.stderr, flush=True)


@cache
def first_warning() -> FirstWarning:
    """Return this process's warning; `first_warning.cache_clear()` allows another one."""
    return FirstWarning()


def _warn(what: str) -> None:
    """Print once a process what is wrong with the cache; the caller treats it as a miss."""
    first_warning().show(f"partita: the compile cache {what}: compiling anew")
