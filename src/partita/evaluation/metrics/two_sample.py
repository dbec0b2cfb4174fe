"""Can a fresh classifier tell generated clips from real ones? One of limited strength, that took no part.

A strong classifier tells any small model's clips from recordings without fail, and then can't grade them. So
this one is linear, and hears of each clip only what its log-mel bands are on average, how much they vary, and
how fast. Each clip is judged by a classifier that was trained on others. This file does not draw, and knows
no models.

Source: Lopez-Paz and Oquab 2017 (classifier two-sample tests).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.stats import rankdata

from partita.errors import PartitaError
from partita.evaluation.statistics.scores import RESAMPLES, Score, percentile_interval
from partita.seeds import numpy_stream

FOLDS = 8
DECAY = 1.0  # on each weight, beside the summed loss of all clips: features have variance 1

Floats = NDArray[np.float64]


def two_sample_auc(
    fake: Sequence[NDArray[np.floating]], real: Sequence[NDArray[np.floating]], *, seed: int
) -> Score:
    """Return how often, of a real and a fake clip, the real one is taken for more real: the area under the
    ROC curve. 0.5 is chance, and what no classifier could pass if both came from one distribution; 1 is
    without fail.

    Pairs that belong together, of one prompt, are never on both sides of training and judging. The 95%
    interval comes from drawing pairs with replacement; the classifiers stay as they are.

    Args:
        fake: log-mel frames of each generated clip, (frames, bands).
        real: the same of real clips, as many.
        seed: of the folds and the resampling.

    Raises:
        PartitaError: fewer than 8 pairs, or not as many real clips as fake ones.

    >>> rng = np.random.default_rng(0)
    >>> low, high = ([rng.normal(mean, 1.0, (20, 3)) for _ in range(40)] for mean in (0.0, 1.0))
    >>> two_sample_auc(low, high, seed=0).value
    1.0
    """
    count = len(real)
    if len(fake) != count or count < FOLDS:
        raise PartitaError(
            f"there are {len(fake)} fake, {count} real clips: give as many of each, at least {FOLDS}"
        )
    sounds = np.stack([[_summary(frames) for frames in clips] for clips in (fake, real)])
    folds = numpy_stream(seed, "evaluation/folds").permutation(count) % FOLDS
    scores = np.zeros((2, count))
    for fold in range(FOLDS):
        scores[:, folds == fold] = _judged(sounds[:, folds != fold], sounds[:, folds == fold])
    picks = numpy_stream(seed, "evaluation/bootstrap").integers(count, size=(RESAMPLES, count))
    return percentile_interval(
        float(area_under_roc(*scores)), area_under_roc(scores[0][picks], scores[1][picks])
    )


def _summary(frames: NDArray[np.floating]) -> Floats:
    """Return of each band its mean, its deviation and its mean step from frame to frame."""
    steps = np.abs(np.diff(frames, axis=0)).sum(0) / max(1, len(frames) - 1)
    return np.concatenate([frames.mean(0), frames.std(0), steps]).astype(np.float64)


def _judged(known: Floats, new: Floats) -> Floats:
    """Return the logits of being real of new clips, by a logistic regression on known ones.

    Both are (2, clips, features), fake and real.
    """
    flat = known.reshape(-1, known.shape[2])
    middle, scale = flat.mean(0), flat.std(0) + 1e-9
    x = (flat - middle) / scale
    sign = np.repeat([-1.0, 1.0], known.shape[1])

    def loss(weights: Floats) -> tuple[float, Floats]:
        margin = sign * (x @ weights)
        slope = -sign / (1.0 + np.exp(np.clip(margin, -500.0, 500.0)))
        value = np.logaddexp(0.0, -margin).sum() + DECAY / 2 * weights @ weights
        return float(value), x.T @ slope + DECAY * weights

    weights = minimize(loss, np.zeros(x.shape[1]), jac=True, method="L-BFGS-B").x
    found: Floats = ((new - middle) / scale) @ weights
    return found


def area_under_roc(fake: Floats, real: Floats) -> Floats:
    """Return the share of pairs of a fake and a real clip whose real one has the higher score, ties half.

    Args:
        fake: (..., clips).
        real: (..., clips).
    """
    ranks = rankdata(np.concatenate([fake, real], -1), axis=-1)[..., fake.shape[-1] :]
    count = real.shape[-1]
    found: Floats = (ranks.sum(-1) - count * (count + 1) / 2) / (fake.shape[-1] * count)
    return found
