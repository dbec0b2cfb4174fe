"""How far a learned judge agrees with the truth, where it is known: is the reward worth following?

The exact log-ratio of data and student, log p - log q, is what the best discriminator's logit would be, and
what an oracle would reward. A judge that is blind has a correlation of 0 with it along the student's own
clips. Both are summed over the same blocks, since a judge gives no number a sample. This file does not know
arms.
"""

import numpy as np
from numpy.typing import NDArray

from partita.evaluation.divergence import Clips
from partita.evaluation.scores import RESAMPLES, Score, from_replicates
from partita.sampling.judges import DiscriminatorJudge
from partita.sampling.steering import Judge
from partita.sampling.stream import history_of
from partita.seeds import numpy_stream

BLOCK = 256  # samples whose judgements are summed


def agreement(
    judge: Judge, exact: Judge, clips: Clips, *, classes: int, zero_class: int, seed: int
) -> Score | None:
    """Return the correlation of two judges' sums over blocks of 256 samples (a discriminator's window may
    allow fewer), with a 95% interval from drawing clips with replacement; None where either says the same of
    all blocks.

    Args:
        judge: the one in question.
        exact: the one that knows, for example `RatioJudge(teacher, student)`.
        clips: what they hear, and its past.
        classes: values a sample may take.
        zero_class: of silence, where a judge hears more than the past.
        seed: of the resampling.

    >>> import torch
    >>> from partita.models.sizes import SIZES
    >>> from partita.models.wavenet import WaveNet
    >>> from partita.sampling.judges import RatioJudge
    >>> p, q = (WaveNet(SIZES["tiny"], generator=torch.Generator().manual_seed(n)) for n in (0, 1))
    >>> sound = np.random.default_rng(0).integers(256, size=(4, 600))
    >>> judge = RatioJudge(p, q)
    >>> round(agreement(judge, judge, Clips(sound, sound), classes=256, zero_class=128, seed=0).value, 3)
    1.0
    """
    block = _block_of(judge)
    ours, theirs = (_sums(one, clips, block, classes, zero_class) for one in (judge, exact))
    if np.ptp(ours) == 0.0 or np.ptp(theirs) == 0.0:
        return None
    picks = numpy_stream(seed, "evaluation/bootstrap").integers(len(ours), size=(RESAMPLES, len(ours)))
    replicates = np.array([_correlation(ours[rows], theirs[rows]) for rows in picks])
    return from_replicates(_correlation(ours, theirs), replicates)


def _block_of(judge: Judge) -> int:
    if not isinstance(judge, DiscriminatorJudge):
        return BLOCK
    most = judge.window - 5 * judge.hop  # the longest block whose patches it hears whole
    return max(1, min(BLOCK, most) // judge.hop) * judge.hop


def _sums(judge: Judge, clips: Clips, block: int, classes: int, zero_class: int) -> NDArray[np.float64]:
    """Return what a judge says of every whole block, (clips, blocks)."""
    count, length = len(clips.past), judge.context
    heard = history_of(clips.past, clips=count, length=length, classes=classes, zero_class=zero_class)
    listener, whole = judge.listen(heard, block), clips.sound.shape[1] // block
    parts = clips.sound[:, : whole * block].astype(np.int64).reshape(count, whole, block)
    return np.stack([listener.weigh(parts[:, number]) for number in range(whole)], 1)


def _correlation(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    ours, theirs = a - a.mean(), b - b.mean()
    scale = np.sqrt((ours**2).sum() * (theirs**2).sum())
    return float((ours * theirs).sum() / scale) if scale > 0.0 else 0.0
