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
    >>> watch.start_seconds, watch.rate()
    (20.0, 48000.0)
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._begun = clock()
        self._first: int | None = None
        self._ready, self._samples, self._waited = self._begun, 0, 0.0

    def block(self, samples: int) -> None:
        """Note that a block has just been drawn.

        Args:
            samples: its samples, of each clip.
        """
        if self._first is None:
            self._ready, self._first = self._clock(), samples
        self._samples += samples

    def wait(self, seconds: float) -> None:
        """Leave out time in which nothing was drawn.

        Args:
            seconds: time that was spent on waiting for a reader.
        """
        self._waited += seconds

    @property
    def start_seconds(self) -> float:
        """Seconds until the first block; 0 before it."""
        return self._ready - self._begun

    def rate(self) -> float:
        """Return the samples per second of each clip after the first block; of all if there is only one."""
        now = self._clock()
        after = self._samples - (self._first or 0)
        if after:
            return after / max(now - self._ready - self._waited, 1e-9)
        return self._samples / max(now - self._begun - self._waited, 1e-9)
