"""Which rows of which clips each thread computes.

This file does not know what is computed.
"""

from typing import NamedTuple

from partita.ops.numba_cache import compiled


class ThreadSlot(NamedTuple):
    """One of the threads that run the layers together."""

    number: int
    threads: int
    barrier: int
    """Address of a barrier's two int64, which are 0 at first."""


@compiled()
def rows_of_thread(batch: int, start: int, stop: int, thread: ThreadSlot) -> tuple[int, int, int, int]:
    """Return one thread's part of rows start..stop of every clip: first clip, last + 1, first row, last + 1.

    A thread gets whole clips where the batch divides evenly, so that threads need not wait for each other
    between layers; otherwise it gets a run of rows of every clip.
    """
    if batch % thread.threads == 0:
        each = batch // thread.threads
        return thread.number * each, (thread.number + 1) * each, start, stop
    low = start + (stop - start) * thread.number // thread.threads
    return 0, batch, low, start + (stop - start) * (thread.number + 1) // thread.threads
