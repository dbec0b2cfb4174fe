"""Compile functions with Numba: `compiled`, and `compiled_on_disk`, which also caches the machine code.

Both give every function a unique name. All machine code in a process shares one table of names, and Numba
makes a name of the function's module, its qualified name, the types of its arguments and a count of what the
process has compiled. Two functions made by one factory and compiled in two processes can get the same name; a
third process that loads both from disk then runs one in place of the other. So each name here also holds the
factory's arguments and a digest of the sources. This file does not know what is compiled, nor the format of a
cache file (`code_cache`).
"""

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from numba import config, njit

from partita.errors import PartitaError
from partita.ops.code_cache import CodeCache

SOURCES = (
    "etudes/bowed_string.py",
    "etudes/acoustics.py",
    "ops/barrier.py",
    "ops/llvm/activation.py",
    "ops/llvm/bfloat16.py",
    "ops/gated_stack/bfloat16.py",
    "ops/gated_stack/backward.py",
    "ops/gated_stack/float32.py",
    "ops/gated_stack/forward.py",
    "ops/gated_stack/layout.py",
    "ops/llvm/matmul.py",
    "ops/gated_stack/schedule.py",
    "ops/llvm/narrow_matmul.py",
    "ops/llvm/rows.py",
    "sampling/cpu/categorical.py",
    "sampling/cpu/densities.py",
    "sampling/cpu/embedding.py",
    "sampling/cpu/flows/inverse.py",
    "sampling/cpu/flows/kernel.py",
    "sampling/cpu/frame_columns.py",
    "sampling/cpu/frame_holding.py",
    "sampling/cpu/frame_kernel.py",
    "sampling/cpu/kernel.py",
    "sampling/cpu/matmul.py",
    "ops/llvm/softmax.py",
    "ops/llvm/unpack.py",
    "ops/llvm/vector.py",
)
"""The files that machine code is made of, relative to the package.

A change of any file changes the names and cache files of all functions, since functions are compiled into
their callers.
"""

Decorator = Callable[[Callable[..., Any]], Any]


@cache
def sources_digest() -> str:
    """Return 12 hexadecimal digits that change with the sources of the compiled functions.

    >>> len(sources_digest())
    12
    """
    folder = Path(__file__).parents[1]
    total = hashlib.sha256()
    for name in SOURCES:
        text = (folder / name).read_bytes()
        total.update(f"{name} {len(text)}\n".encode() + text)
    return total.hexdigest()[:12]


def compiled(
    *, of: tuple[object, ...] = (), error_model: str = "python", fastmath: bool | set[str] = False
) -> Decorator:
    """Return a decorator that compiles a function with Numba, to run without Python's global lock.

    Args:
        of: for a function that another function makes: the arguments that make it different from others made
            there. A function stands for its qualified name, anything else for its `str`.
        error_model: see `numba.njit`; "numpy" leaves out the checks for a division by zero.
        fastmath: see `numba.njit`.

    Raises:
        PartitaError: NUMBA_DISABLE_JIT is set.

    >>> @compiled()
    ... def double(x): return 2 * x
    >>> double(4)
    8
    """
    if config.DISABLE_JIT:
        raise PartitaError("NUMBA_DISABLE_JIT is set, but Partita needs compiled functions: unset it")

    def decorate(function: Callable[..., Any]) -> Any:
        _name(function, of)
        return njit(nogil=True, error_model=error_model, fastmath=fastmath)(function)

    return decorate


def compiled_on_disk(*, of: tuple[object, ...] = (), error_model: str = "python") -> Decorator:
    """Return a decorator that compiles a function as `compiled` does and caches its machine code on disk.

    A process that finds the code on disk does not compile it. Where the disk can't be read or written every
    process compiles the function, and prints one line on standard error.

    Args:
        of: see `compiled`.
        error_model: see `compiled`.

    Raises:
        PartitaError: NUMBA_DISABLE_JIT is set.

    >>> @compiled_on_disk()
    ... def triple(x): return 3 * x
    >>> triple(4)
    12
    """
    compile_ = compiled(of=of, error_model=error_model)

    def decorate(function: Callable[..., Any]) -> Any:
        dispatcher = compile_(function)
        dispatcher._cache = CodeCache(function, sources_digest())
        return dispatcher

    return decorate


def _name(function: Callable[..., Any], of: tuple[object, ...]) -> None:
    """Give a function a unique qualified name; Numba makes the machine code's names of it."""
    if not of:
        _refuse_nameless(function.__qualname__)
    parts = [sources_digest(), *(_part(one) for one in of), function.__qualname__]
    function.__qualname__ = ".".join(parts)


def _part(one: object) -> str:
    """Return the part of a name that stands for one argument of a factory."""
    name = getattr(one, "__qualname__", None)
    if name is None:
        return str(one)
    if not name.startswith(sources_digest()):
        _refuse_nameless(name)
    return f"{getattr(one, '__module__', '')}.{name}"


def _refuse_nameless(name: str) -> None:
    """Raise ValueError if a name is that of every function made by one factory."""
    if "<locals>" in name:
        raise ValueError(
            f"{name} is made by another function: pass the arguments that make it different as `of`"
        )
