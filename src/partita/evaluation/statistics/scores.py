"""A score with its interval, and the block bootstrap that computes intervals.

An interval describes other stretches of the same recordings. It does not describe other recordings, nor a
model trained with another seed (see `seed_interval.py`).
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from partita.errors import DivergedError, PartitaError
from partita.seeds import numpy_stream

TAIL = 2.5  # per cent outside each end of an interval
RESAMPLES = 2000
_CHUNK = 100  # resamples computed at once: limits the memory for hours of sound


@dataclass(frozen=True)
class Score:
    """A value with its 95% interval: low <= value <= high, all finite.

    Args:
        value: the score.
        low: lower end of the interval.
        high: upper end of the interval.

    Raises:
        DivergedError: a number is not finite.

    >>> Score(4.5, 4.25, 4.75).as_json()
    {'value': 4.5, 'low': 4.25, 'high': 4.75}
    """

    value: float
    low: float
    high: float

    def __post_init__(self) -> None:
        if not all(math.isfinite(number) for number in (self.value, self.low, self.high)):
            raise DivergedError(
                f"the score {self.value} [{self.low}, {self.high}] is not finite: the model diverged, choose"
                " another checkpoint"
            )
        assert self.low <= self.value <= self.high

    def within(self, least: float, greatest: float) -> "Score":
        """Return the score with its interval cut at the ends of a range; it still contains the value.

        Args:
            least: the least value that the quantity can have.
            greatest: the greatest value that it can have.

        >>> Score(0.9, 0.75, 1.05).within(0.0, 1.0)
        Score(value=0.9, low=0.75, high=1.0)
        """
        return Score(
            self.value, min(self.value, max(least, self.low)), max(self.value, min(greatest, self.high))
        )

    def as_json(self) -> dict[str, Any]:
        """Return the three numbers by name, as they are written to JSON."""
        return {"value": self.value, "low": self.low, "high": self.high}


def percentile_interval(value: float, replicates: NDArray[np.float64]) -> Score:
    """Return a value with the central 95% of its replicates as interval.

    The interval is extended to the value if the value lies outside.

    Args:
        value: the score.
        replicates: (resamples,) the score of each resample.

    >>> percentile_interval(20.0, np.arange(41.0))
    Score(value=20.0, low=1.0, high=39.0)
    """
    low, high = (float(np.percentile(replicates, q)) for q in (TAIL, 100 - TAIL))
    return Score(float(value), min(low, float(value)), max(high, float(value)))


def block_mean(
    sums: NDArray[np.floating], counts: NDArray[np.integer] | NDArray[np.floating], *, seed: int
) -> Score:
    """Return the mean over all samples of all blocks, with a 95% block-bootstrap interval.

        value = sum_b sums_b / sum_b counts_b

    Neighbouring samples are correlated, so the bootstrap draws whole blocks with replacement (Kuensch 1989,
    with blocks that do not overlap). With one block the interval has no width and carries no information.

    Args:
        sums: (blocks,) sum over the samples of each block.
        counts: (blocks,) number of samples of each block, positive.
        seed: of the bootstrap.

    Raises:
        PartitaError: there is no block, or the result is not finite.

    >>> block_mean(np.array([4.0, 12.0]), np.array([2, 2]), seed=0)
    Score(value=4.0, low=2.0, high=6.0)
    """
    total, count = np.asarray(sums, np.float64), np.asarray(counts, np.float64)
    if not total.size:
        raise PartitaError("there is no sound to score: choose a split that contains sound")
    rng = numpy_stream(seed, "evaluation/bootstrap")
    even = np.full(total.size, 1 / total.size)
    replicates = []
    for start in range(0, RESAMPLES, _CHUNK):
        weights = rng.multinomial(total.size, even, size=min(_CHUNK, RESAMPLES - start))
        replicates.append((weights @ total) / (weights @ count))
    return percentile_interval(total.sum() / count.sum(), np.concatenate(replicates))
