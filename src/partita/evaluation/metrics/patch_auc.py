"""Two-sample test on short patches: how well a limited classifier separates drawn sound from real sound.

A patch of 32 ms has no melody and no rhythm, so this score shows whether the sound itself is right: noise,
clicks, a missing overtone or a wrong level raise it. The classifier is linear and has the same features for
all models: the log-mel bands of a patch, with their level, and the size of their change to the next patch.
This file draws no clips and knows no models.

Source: Lopez-Paz and Oquab 2017 (classifier two-sample tests).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from partita.audio.spectrogram import log_mel
from partita.errors import DivergedError, PartitaError
from partita.evaluation.metrics.two_sample import DECAY, FOLDS, held_out_logits
from partita.evaluation.statistics.scores import RESAMPLES, Score, percentile_interval
from partita.seeds import numpy_stream

PATCH_SECONDS = 0.032
PATCHES = 64  # of a clip, at most
MEL_BANDS = 24
FEWEST_CLIPS = 4

Floats = NDArray[np.float64]
Clips = Sequence[NDArray[np.floating]] | NDArray[np.floating]


def patch_auc(clips: Clips, real: Clips, sample_rate: int, *, seed: int) -> Score:
    """Return the area under the ROC curve of a cross-validated classifier of patches, with a 95% interval.

    The area is the probability that the classifier scores a patch of a real clip above one of a drawn clip.
    It is about 0.5 if both have the same distribution and 1 if the classifier separates them without error.

    There are 8 folds, or one for each clip if there are fewer than 8. The drawn and the real clip of the same
    prompt are always in the same fold. A clip counts as one example in the training, however many patches it
    has. The interval is a bootstrap over pairs of clips; the classifiers are not trained again, so it is too
    narrow near 0.5: it misses 0.5 in about a quarter of the comparisons of real sound with real sound.

    Args:
        clips: each (samples,) float in [-1, 1], drawn, at least two patches of 32 ms.
        real: each (samples,); clip i has the same prompt as drawn clip i.
        sample_rate: Hz.
        seed: of the folds and the bootstrap.

    Raises:
        PartitaError: there are fewer than 4 pairs, the numbers of clips differ, or a clip is too short.
        DivergedError: a clip is not finite.

    >>> rng = np.random.default_rng(0)
    >>> noise, louder = (rng.normal(0, level, (8, 4000)) for level in (0.01, 0.1))
    >>> patch_auc(noise, louder, 8000, seed=0)
    Score(value=1.0, low=1.0, high=1.0)
    """
    count = len(real)
    if len(clips) != count or count < FEWEST_CLIPS:
        raise PartitaError(
            f"there are {len(clips)} drawn, {count} real clips: give the same number of each, at least"
            f" {FEWEST_CLIPS}"
        )
    features = _features_of_all(clips, real, sample_rate)
    folds = numpy_stream(seed, "evaluation/folds").permutation(count) % min(FOLDS, count)
    scores = np.zeros(features.shape[:3])
    for fold in range(min(FOLDS, count)):
        scores[:, folds == fold] = _held_out(features[:, folds != fold], features[:, folds == fold])
    shares = pair_shares(*scores)
    even = np.full(count, 1 / count)
    weights = numpy_stream(seed, "evaluation/bootstrap").multinomial(count, even, size=RESAMPLES) / count
    return percentile_interval(float(shares.mean()), ((weights @ shares) * weights).sum(axis=1))


def patch_features(waveform: NDArray[np.floating], sample_rate: int, *, count: int = PATCHES) -> Floats:
    """Return the log-mel bands of evenly spaced patches of a sound, and their change to the next patch.

    The change is without its sign: changes up and down cancel in a linear classifier.

    Args:
        waveform: (samples,) float in [-1, 1], at least two patches of 32 ms.
        sample_rate: Hz.
        count: patches, at most; a sound of n patches has n - 1 with a next one.

    Returns:
        (patches, 48) natural logarithms of power, then their absolute differences.

    >>> patch_features(np.zeros(24000), 8000).shape, patch_features(np.zeros(512), 8000).shape
    ((64, 48), (1, 48))
    """
    length = _patch_length(sample_rate)
    bands = log_mel(waveform, sample_rate, n_mels=MEL_BANDS, n_fft=length, hop_length=length)
    last = len(bands) - 2
    places = np.linspace(0, last, min(count, last + 1)).round().astype(int)
    changes = np.abs(bands[places + 1] - bands[places])
    return np.concatenate([bands[places], changes], axis=1).astype(np.float64)


def pair_shares(fake: Floats, real: Floats) -> Floats:
    """Return, for each pair of clips, the share of pairs of patches whose real score is higher.

    A tie counts one half. The mean of the shares is the area under the ROC curve over all patches.

    Args:
        fake: (clips, patches) scores.
        real: (clips, patches) scores.

    Returns:
        (fake clips, real clips), 0 to 1.

    >>> pair_shares(np.array([[1.0, 3.0]]), np.array([[2.0, 3.0], [4.0, 4.0]])).tolist()
    [[0.625, 1.0]]
    """
    flat = real.ravel()
    below = [
        np.searchsorted(row, flat, "left") + np.searchsorted(row, flat, "right")
        for row in np.sort(fake, axis=1)
    ]
    shares: Floats = np.reshape(below, (len(fake), *real.shape)).mean(axis=2) / (2 * fake.shape[1])
    return shares


def _features_of_all(clips: Clips, real: Clips, sample_rate: int) -> Floats:
    """Return (2, clips, patches, features); all clips have as many patches as the shortest one."""
    length, shortest = _patch_length(sample_rate), min(len(clip) for clip in (*clips, *real))
    if shortest < 2 * length:
        raise PartitaError(
            f"a clip has {shortest} samples, must have two patches of {length}: give clips of at least"
            f" {2 * PATCH_SECONDS} s"
        )
    count = min(PATCHES, shortest // length - 1)
    features = np.stack(
        [[patch_features(clip, sample_rate, count=count) for clip in side] for side in (clips, real)]
    )
    if not np.isfinite(features).all():
        raise DivergedError(
            "a clip has samples that are not finite: the model diverged, choose another checkpoint"
        )
    return features


def _held_out(training: Floats, new: Floats) -> Floats:
    """Return the logits of the patches of new clips, (2, clips, patches); see `held_out_logits`."""
    _, _, patches, features = training.shape
    flat = (side.reshape(2, -1, features) for side in (training, new))
    return held_out_logits(*flat, decay=DECAY * patches).reshape(new.shape[:3])


def _patch_length(sample_rate: int) -> int:
    return max(2, round(PATCH_SECONDS * sample_rate))
