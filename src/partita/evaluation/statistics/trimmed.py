"""A mean without its extremes, for scores that a clip or two can carry away. Does not know what is scored."""

import numpy as np
from numpy.typing import NDArray

from partita.errors import PartitaError
from partita.evaluation.statistics.scores import RESAMPLES, Score, percentile_interval
from partita.seeds import numpy_stream

SHARE = 0.01  # left out at either end


def trimmed_mean(values: NDArray[np.float64], *, seed: int, share: float = SHARE) -> Score:
    """Return the mean of what is left without a share of the values at either end, with a 95% interval from
    drawing values with replacement and trimming each resample.

    At least one value is left out at either end where there are three or more, or few clips would be never
    trimmed.

    Args:
        values: (clips,).
        seed: of the resampling.
        share: of the values, at either end, below a half.

    Raises:
        PartitaError: there is no value.

    >>> trimmed_mean(np.array([1.0, 2.0, 3.0, 90.0]), seed=0).value
    2.5
    """
    if not len(values):
        raise PartitaError("there is no clip to take a mean of: draw at least one")
    cut = max(int(share * len(values)), 1) if len(values) > 2 else 0

    def mean(rows: NDArray[np.float64]) -> NDArray[np.float64]:
        kept: NDArray[np.float64] = np.sort(rows, -1)[..., cut : rows.shape[-1] - cut].mean(-1)
        return kept

    picks = numpy_stream(seed, "evaluation/bootstrap").integers(len(values), size=(RESAMPLES, len(values)))
    return percentile_interval(float(mean(values)), mean(values[picks]))
