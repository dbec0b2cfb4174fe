"""How long drawing took to begin, and how fast it was from then on.

The first block waits for code that is compiled once for a machine, which can take half a minute and says
nothing about the speed. This file does not know where blocks go.
"""

import time
from collections.abc import Callable


class Stopwatch:
    """Measures the speed of drawing from the first block on.

    Args:
        clock: returns seconds.

    >>> times = iter([0.0, 20.0, 21.0])
    >>> watch = Stopwatch(lambda: next(times))
    >>> watch.block(16000)
    >>> watch.block(48000)
    >>> watch.start_seconds, watch.rate
    (20.0, 48000.0)
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._begun = self._ready = self._last = clock()
        self._first: int | None = None
        self._samples, self._waited, self._waited_before = 0, 0.0, 0.0

    def block(self, samples: int) -> None:
        """Note that a block has just been drawn.

        Args:
            samples: its samples, of each clip.
        """
        self._last, self._waited_before = self._clock(), self._waited
        if self._first is None:
            self._ready, self._first = self._last, samples
        self._samples += samples

    def wait(self, seconds: float) -> None:
        """Leave out time in which nothing was drawn.

        Args:
            seconds: time that was spent on writing, or on waiting for a reader.
        """
        self._waited += seconds

    @property
    def start_seconds(self) -> float:
        """Seconds until the first block; 0 before it."""
        return self._ready - self._begun

    @property
    def rate(self) -> float:
        """Samples per second of each clip after the first block, until the last one was drawn.

        Where less follows than the first block has, too little to measure, it is that of all.
        """
        first = self._first or 0
        after = self._samples - first
        if after and after >= first:
            return after / max(self._last - self._ready - self._waited_before, 1e-9)
        return self._samples / max(self._last - self._begun - self._waited_before, 1e-9)
