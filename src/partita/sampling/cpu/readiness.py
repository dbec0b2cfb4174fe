"""Numba sets itself up when it is first called: dozens of modules, two fifths of a second.

Somebody who waits for the first sample should not wait for that too, so `make_ready` has it done before.
This file does not compile, or load, the sampler itself.
"""

from partita.ops.numba_cache import compiled_on_disk


@compiled_on_disk()
def _same(number: int) -> int:
    return number


def make_ready() -> None:
    """Have Numba set itself up, if it has not yet; a second call costs nothing.

    >>> make_ready()
    """
    _same(0)
