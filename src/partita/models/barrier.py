"""A barrier for threads inside compiled loops, where a sleeping lock would cost more than the work between
two waits.

Threads count up one number in memory and watch it until all have. This file does not know what the threads
do.
"""

from typing import Any

from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

_COUNT = ir.IntType(64)


@intrinsic
def _arrive(typingctx: Any, address: Any) -> Any:
    """Add 1 to the number at an address, and return what it was; earlier writes are visible to who sees the
    sum."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        place = builder.inttoptr(arguments[0], _COUNT.as_pointer())
        return builder.atomic_rmw("add", place, _COUNT(1), "acq_rel")

    return types.int64(types.int64), generate


@intrinsic
def _count(typingctx: Any, address: Any) -> Any:
    """Return the number at an address as it is now."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        place = builder.inttoptr(arguments[0], _COUNT.as_pointer())
        return builder.load_atomic(place, "acquire", 8)

    return types.int64(types.int64), generate


@njit(nogil=True)
def wait_for_all(address: int, threads: int) -> None:
    """Return when all threads have called this as often as this one.

    Args:
        address: of an int64 that began at 0 and that nothing else writes.
        threads: how many call; all of them must be running, since waiting is done by looking.
    """
    before = _arrive(address)
    wanted = (before // threads + 1) * threads
    while _count(address) < wanted:
        pass
