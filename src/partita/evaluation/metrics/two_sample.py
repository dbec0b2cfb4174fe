"""Classifier two-sample test: how well a new, weak classifier separates drawn clips from real ones.

A strong classifier always recognises the clips of a small model, so its score can't rank models. This
classifier is linear. Its features are the mean, the standard deviation and the mean absolute change of each
log-mel band. Cross-validation scores each clip by a classifier that was not trained on it. This file draws no
clips and knows no models.

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
DECAY = 1.0  # weight decay relative to the loss summed over clips; the features have variance 1

Floats = NDArray[np.float64]


def two_sample_auc(
    fake: Sequence[NDArray[np.floating]], real: Sequence[NDArray[np.floating]], *, seed: int
) -> Score:
    """Return the area under the ROC curve of a cross-validated classifier, with a 95% interval.

    The area is the probability that the classifier scores a real clip above a fake one. It is 0.5 if both
    have the same distribution and 1 if the classifier separates them without error.

    The fake and the real clip of the same prompt are always in the same fold. The interval is a bootstrap
    over pairs; the classifiers are not trained again.

    Args:
        fake: log-mel frames of each drawn clip, (frames, bands).
        real: log-mel frames of each real clip; clip i has the same prompt as fake clip i.
        seed: of the folds and the bootstrap.

    Raises:
        PartitaError: there are fewer than 8 pairs, or the numbers of clips differ.

    >>> rng = np.random.default_rng(0)
    >>> low, high = ([rng.normal(mean, 1.0, (20, 3)) for _ in range(40)] for mean in (0.0, 1.0))
    >>> two_sample_auc(low, high, seed=0).value
    1.0
    """
    count = len(real)
    if len(fake) != count or count < FOLDS:
        raise PartitaError(
            f"there are {len(fake)} fake, {count} real clips: give the same number of each, at least {FOLDS}"
        )
    features = np.stack([[_features(frames) for frames in clips] for clips in (fake, real)])
    folds = numpy_stream(seed, "evaluation/folds").permutation(count) % FOLDS
    scores = np.zeros((2, count))
    for fold in range(FOLDS):
        scores[:, folds == fold] = held_out_logits(features[:, folds != fold], features[:, folds == fold])
    picks = numpy_stream(seed, "evaluation/bootstrap").integers(count, size=(RESAMPLES, count))
    return percentile_interval(
        float(area_under_roc(*scores)), area_under_roc(scores[0][picks], scores[1][picks])
    )


def _features(frames: NDArray[np.floating]) -> Floats:
    """Return the mean, the standard deviation and the mean absolute change of each band."""
    steps = np.abs(np.diff(frames, axis=0)).sum(0) / max(1, len(frames) - 1)
    return np.concatenate([frames.mean(0), frames.std(0), steps]).astype(np.float64)


def held_out_logits(training: Floats, new: Floats, *, decay: float = DECAY) -> Floats:
    """Fit a logistic regression to training examples and return the logits of new examples.

    The features are scaled by the mean and the standard deviation of the training examples.

    Args:
        training: (2, examples, features), fake and real.
        new: (2, examples, features), fake and real.
        decay: weight decay relative to the loss summed over the training examples, not negative.

    Returns:
        (2, examples) logits of the new examples; positive means real.

    >>> sides = np.array([[[0.0], [1.0]], [[2.0], [3.0]]])
    >>> (held_out_logits(sides, sides) > 0).tolist()
    [[False, False], [True, True]]
    """
    flat = training.reshape(-1, training.shape[2])
    mean, scale = flat.mean(0), flat.std(0) + 1e-9
    x = (flat - mean) / scale
    sign = np.repeat([-1.0, 1.0], training.shape[1])

    def loss(weights: Floats) -> tuple[float, Floats]:
        margin = sign * (x @ weights)
        slope = -sign / (1.0 + np.exp(np.clip(margin, -500.0, 500.0)))
        value = np.logaddexp(0.0, -margin).sum() + decay / 2 * weights @ weights
        return float(value), x.T @ slope + decay * weights

    weights = minimize(loss, np.zeros(x.shape[1]), jac=True, method="L-BFGS-B").x
    logits: Floats = ((new - mean) / scale) @ weights
    return logits


def area_under_roc(fake: Floats, real: Floats) -> Floats:
    """Return the share of (fake, real) pairs whose real score is higher; a tie counts one half.

    Args:
        fake: (..., clips) scores.
        real: (..., clips) scores.

    Returns:
        (...) areas under the ROC curve, 0 to 1.

    >>> float(area_under_roc(np.array([1.0, 3.0]), np.array([2.0, 3.0])))  # (1 + 1 + 0 + 0.5) / 4
    0.625
    """
    ranks = rankdata(np.concatenate([fake, real], -1), axis=-1)[..., fake.shape[-1] :]
    count = real.shape[-1]
    area: Floats = (ranks.sum(-1) - count * (count + 1) / 2) / (fake.shape[-1] * count)
    return area
