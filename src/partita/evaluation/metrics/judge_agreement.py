"""How far a learned judge agrees with the truth, where it is known: is the reward worth following?

The exact log-ratio of data and student, log p - log q, is what the best discriminator's logit would be, and
what an oracle would reward. A judge that is blind has a correlation of 0 with it along the student's own
clips. Both are summed over the same blocks: what one sample is worth is mostly its own surprise. This file
does not know arms, nor who judges.
"""

import numpy as np
from numpy.typing import NDArray

from partita.evaluation.statistics.scores import RESAMPLES, Score, from_replicates
from partita.seeds import numpy_stream

BLOCK = 256  # samples whose judgements are summed

Floats = NDArray[np.float64]


def agreement(judged: Floats, exact: Floats, *, seed: int) -> Score | None:
    """Return the correlation of two judges' sums over blocks of 256 samples, with a 95% interval from drawing
    clips with replacement; None where either says the same of all blocks.

    Args:
        judged: (clips, samples), what the one in question says of every sample.
        exact: (clips, samples), the exact log-ratio.
        seed: of the resampling.

    >>> exact = np.random.default_rng(0).normal(size=(4, 600))
    >>> agreement(-2.0 * exact, exact, seed=0).value
    -1.0
    """
    ours, theirs = _blocks(judged), _blocks(exact)
    if np.ptp(ours) == 0.0 or np.ptp(theirs) == 0.0:
        return None
    picks = numpy_stream(seed, "evaluation/bootstrap").integers(len(ours), size=(RESAMPLES, len(ours)))
    replicates = np.array([_correlation(ours[rows], theirs[rows]) for rows in picks])
    return from_replicates(_correlation(ours, theirs), replicates)


def _blocks(said: Floats) -> Floats:
    """Return the sums over whole blocks; of clips that are shorter than one, over each clip."""
    block = min(BLOCK, said.shape[1])
    whole = said.shape[1] // block
    sums: Floats = said[:, : whole * block].reshape(len(said), whole, block).sum(2)
    return sums


def _correlation(a: Floats, b: Floats) -> float:
    ours, theirs = a - a.mean(), b - b.mean()
    scale = np.sqrt((ours**2).sum() * (theirs**2).sum())
    return float((ours * theirs).sum() / scale) if scale > 0.0 else 0.0
