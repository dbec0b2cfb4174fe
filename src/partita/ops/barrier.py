"""A spinning barrier for threads inside compiled functions.

A lock that sleeps would cost more than the work between two waits. Each thread adds 1 to a count in memory
and reads it until all threads have done so, and yields its core now and then. A second number, when it is not
0, releases all threads at once, so none waits for a thread that failed. This file does not know what the
threads do.
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

SPINS = 2000  # before yielding the core: some microseconds, longer than threads differ when each has a core

_COUNT = ir.IntType(64)
_system = ctypes.CDLL(None).sched_yield if sys.platform != "win32" else ctypes.CDLL("kernel32").SwitchToThread
llvmlite.binding.add_symbol("partita_yield_core", ctypes.cast(_system, ctypes.c_void_p).value)


@intrinsic
def _arrive(typingctx: Any, address: Any) -> Any:
    """Add 1 to the number at an address and return what it was.

    A thread that reads the sum also sees everything written before.
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
def _yield_core(typingctx: Any) -> Any:
    """Let the operating system run another thread on this core, if one is ready."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = ir.FunctionType(ir.IntType(32), [])
        builder.call(cgutils.get_or_insert_function(builder.module, kind, "partita_yield_core"), [])
        return context.get_dummy_value()

    return types.void(), generate


@compiled()
def wait_for_all(address: int, threads: int) -> None:
    """Return when every thread has called this as often as the calling one, or when one has failed.

    Args:
        address: of two int64, 0 at first: the count, which nothing else writes, and whether a thread failed.
        threads: number of threads that call.
    """
    before = _arrive(address)
    wanted = (before // threads + 1) * threads
    spins = 0
    while _count(address) < wanted and _count(address + 8) == 0:
        spins += 1
        if spins >= SPINS:
            _yield_core()
