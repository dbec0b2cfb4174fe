"""A barrier for threads inside compiled loops, where a sleeping lock would cost more than the work between
two waits.

Threads count up one number in memory and watch it until all have, giving way to other programs now and then;
a second number, not 0, sends them on at once, so that none waits for a thread that failed. This file does not
know what the threads do.
"""

import ctypes
import sys
from typing import Any

import llvmlite.binding
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from partita.ops.numba_cache import compiled

LOOKS = 2000  # before giving way: some microseconds, longer than threads differ when each has a core

_COUNT = ir.IntType(64)
_system = ctypes.CDLL(None).sched_yield if sys.platform != "win32" else ctypes.CDLL("kernel32").SwitchToThread
llvmlite.binding.add_symbol("partita_give_way", ctypes.cast(_system, ctypes.c_void_p).value)


@intrinsic
def _arrive(typingctx: Any, address: Any) -> Any:
    """Add 1 to the number at an address, and return what it was; earlier writes are visible to who sees the
    sum.
    """

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


@intrinsic
def _give_way(typingctx: Any) -> Any:
    """Let the operating system run something else on this core, if there is anything."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = ir.FunctionType(ir.IntType(32), [])
        builder.call(cgutils.get_or_insert_function(builder.module, kind, "partita_give_way"), [])
        return context.get_dummy_value()

    return types.void(), generate


@compiled()
def wait_for_all(address: int, threads: int) -> None:
    """Return when all threads have called this as often as this one, or when one has given up.

    Args:
        address: of two int64 that began at 0: the count, which nothing else writes, and whether one has given
            up.
        threads: how many call.
    """
    before = _arrive(address)
    wanted = (before // threads + 1) * threads
    looks = 0
    while _count(address) < wanted and _count(address + 8) == 0:
        looks += 1
        if looks >= LOOKS:
            _give_way()
