"""The biases of consecutive samples in the form that the compiled kernel takes, for any group of clips.

This file does not know where the biases come from.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from partita.audio.features.layout import HOLD
from partita.sampling.conditions import ConditionTable
from partita.sampling.cpu.kernel import Biases

NO_PERIODS = np.zeros((1, 1, 2), np.float32)
"""The periods of a network that reads none."""


class BiasSpan:
    """Consecutive samples, and their biases if there is a condition.

    Args:
        start: the time of the first sample.
        stop: the time after the last one.
        table: (blocks, rows, columns), with one row per clip, or one row for all; None without a condition.
            It starts at a multiple of 64 bytes, because the kernel reads whole vectors.
        periods: (blocks, rows, 2) the periods and periodicities of a network with `period_taps`.

    >>> span = BiasSpan(-3, 40, np.zeros((4, 6, 32), np.float32))
    >>> biases = span.of(slice(2, 4))
    >>> int(biases.block_bytes), int(biases.clip_step), int(biases.phase)
    (768, 32, 13)
    """

    def __init__(
        self,
        start: int,
        stop: int,
        table: NDArray[np.float32] | None = None,
        periods: NDArray[np.float32] | None = None,
    ) -> None:
        self.start, self.stop = start, stop
        self._table, self._periods = table, NO_PERIODS if periods is None else periods

    def of(self, rows: slice) -> Biases | None:
        """Return the biases of some clips; they are valid while the table exists."""
        if self._table is None:
            return None
        _, clips, columns = self._table.shape
        place, step = (rows.start * columns, columns) if clips > 1 else (0, 0)
        address = self._table.ctypes.data + 4 * place
        periods = self._periods[:, rows] if self._periods.shape[1] > 1 else self._periods
        return Biases(
            address=np.int64(address),
            block_bytes=np.int64(4 * clips * columns),
            clip_step=np.int64(step),
            phase=np.int64(self.start % HOLD),
            hold=np.int64(HOLD),
            periods=np.ascontiguousarray(periods),
        )


def bias_spans(table: ConditionTable | None, start: int, stop: int) -> Iterator[BiasSpan]:
    """Cut consecutive samples into spans whose biases fit into memory; into one span without a condition."""
    if table is None or start >= stop:
        yield BiasSpan(start, stop)
    else:
        for span in table.spans(start, stop):
            yield BiasSpan(span.start, span.stop, span.biases, span.periods)
