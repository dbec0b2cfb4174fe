"""Trimmed mean: a mean without the extreme values, for scores that a few clips can dominate."""

import numpy as np
from numpy.typing import NDArray

from partita.errors import PartitaError
from partita.evaluation.statistics.scores import RESAMPLES, Score, percentile_interval
from partita.seeds import numpy_stream

SHARE = 0.01  # trimmed at each end


def trimmed_mean(values: NDArray[np.float64], *, seed: int, share: float = SHARE) -> Score:
    """Return the trimmed mean with a 95% bootstrap interval.

    A share of the values is removed at each end before the mean is computed; with 3 or more values at least
    one at each end. Each resample of the bootstrap is trimmed in the same way.

    Args:
        values: (clips,) one score for each clip.
        seed: of the bootstrap.
        share: share of the values to remove at each end, below 0.5.

    Raises:
        PartitaError: there is no value.

    >>> trimmed_mean(np.array([1.0, 2.0, 3.0, 90.0]), seed=0).value
    2.5
    """
    if not len(values):
        raise PartitaError("there is no clip to average: draw at least one")
    cut = max(int(share * len(values)), 1) if len(values) > 2 else 0

    def mean(rows: NDArray[np.float64]) -> NDArray[np.float64]:
        means: NDArray[np.float64] = np.sort(rows, -1)[..., cut : rows.shape[-1] - cut].mean(-1)
        return means

    picks = numpy_stream(seed, "evaluation/bootstrap").integers(len(values), size=(RESAMPLES, len(values)))
    return percentile_interval(float(mean(values)), mean(values[picks]))
