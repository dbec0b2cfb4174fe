"""How the sound of drawn clips drifts by second, compared with what really follows the same prompts.

Real music changes from second to second too, so a drift alone says little (see `drift.py`). Here the mean
over drawn clips is compared with the mean over the real continuations, second by second: a model that fades,
grows, changes its timbre or loses its tones differs more and more. This file draws no clips and knows no
models.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from partita.errors import PartitaError
from partita.evaluation.metrics.drift import blocks_of, level_by_second, spectrum_change_by_second
from partita.evaluation.metrics.harmonicity import VOICED_DB, hnr_db
from partita.evaluation.statistics.scores import RESAMPLES, Score, percentile_interval
from partita.seeds import numpy_stream

LEAST_DBFS = -60.0  # a lower level counts as this one: the depth of a pause does not matter
CURVES = ("level_dbfs", "spectrum_change_db", "voiced_share")
SCORES = ("level_drift_from_real_db", "spectrum_drift_from_real_db", "periodicity_drift_from_real")
"""The names of the scores, in the order of their curves."""

Floats = NDArray[np.float64]
Clips = Sequence[NDArray[np.floating]] | NDArray[np.floating]


def curves_by_second(clips: Clips, sample_rate: int) -> dict[str, Floats]:
    """Return the means over clips of level, change of the spectrum and voiced share, by second.

    - `level_dbfs`: root-mean-square level, at least -60 dBFS.
    - `spectrum_change_db`: distance of the mean log-mel spectrum from that of the first second; the first
      value is 0.
    - `voiced_share`: share of the frames whose harmonic-to-noise ratio is above 5 dB, 0 to 1. Frames at or
      below -50 dBFS have no ratio and are not voiced.

    Args:
        clips: each (samples,) float in [-1, 1], of the same length; less than 3 s are cut into thirds.
        sample_rate: Hz.

    Returns:
        The curves by name, each (seconds,).

    Raises:
        PartitaError: there is no clip, or the clips have different lengths.

    >>> fading = np.random.default_rng(0).normal(0, 1, (4, 3000)) * np.repeat([0.1, 0.01, 0.0], 1000)
    >>> curves_by_second(fading, 1000)["level_dbfs"].round().tolist()
    [-20.0, -40.0, -60.0]
    """
    return dict(zip(CURVES, _curves_of_clips(clips, sample_rate).mean(axis=0), strict=True))


def drift_from_real(clips: Clips, real: Clips, sample_rate: int, *, seed: int) -> dict[str, Score]:
    """Return how far the curves of drawn clips are from those of real clips, with 95% intervals.

        score = sqrt(mean over seconds of (mean over clips of (drawn - real))^2)

    - `level_drift_from_real_db`: of the levels.
    - `spectrum_drift_from_real_db`: of the changes of the spectrum. The first second adds 0.
    - `periodicity_drift_from_real`: of the voiced shares.

    Lower is better, and 0 is the best. The score is above 0 even for a perfect model, because clips differ:
    the more, the fewer clips there are. For the same reason the interval, a bootstrap over pairs of clips,
    lies mostly above the score. Compare models on the same prompts.

    Args:
        clips: each (samples,) float in [-1, 1], drawn.
        real: each (samples,); clip i follows the same prompt as drawn clip i. All have the same length.
        sample_rate: Hz.
        seed: of the bootstrap.

    Returns:
        The scores by name.

    Raises:
        PartitaError: there is no clip, or the numbers or the lengths of the clips differ.

    >>> noise = np.random.default_rng(0).normal(0, 0.1, (4, 3000))
    >>> fading = noise * np.repeat([1.0, 1.0, 0.1], 1000)
    >>> score = drift_from_real(fading, noise, 1000, seed=0)["level_drift_from_real_db"]
    >>> round(score.value, 2)  # 20 dB in one of three seconds
    11.55
    """
    if len(clips) != len(real):
        raise PartitaError(
            f"there are {len(clips)} drawn, {len(real)} real clips: give one real clip for each drawn clip"
        )
    drawn, true = np.split(_curves_of_clips([*clips, *real], sample_rate), 2)
    differences, count = drawn - true, len(real)
    rng = numpy_stream(seed, "evaluation/bootstrap")
    weights = rng.multinomial(count, np.full(count, 1 / count), size=RESAMPLES) / count
    replicates = _root_mean_square(np.tensordot(weights, differences, axes=1))
    values = _root_mean_square(differences.mean(axis=0))
    return {
        name: percentile_interval(float(values[row]), replicates[:, row]) for row, name in enumerate(SCORES)
    }


def _root_mean_square(curves: Floats) -> Floats:
    return np.asarray(np.sqrt((curves**2).mean(axis=-1)), np.float64)


def _curves_of_clips(clips: Clips, sample_rate: int) -> Floats:
    """Return the three curves of each clip, (clips, curves, seconds)."""
    lengths = {len(clip) for clip in clips}
    if len(lengths) != 1:
        raise PartitaError(
            f"the clips have {len(lengths)} different lengths, {sorted(lengths)[:3]} samples: give at least"
            " one clip, and all of the same length"
        )
    return np.array([_curves(clip, sample_rate) for clip in clips], np.float64)


def _curves(clip: NDArray[np.floating], sample_rate: int) -> list[Floats]:
    """Return level, change of the spectrum and voiced share of one clip, each (seconds,)."""
    voiced = [(hnr_db(block, sample_rate) > VOICED_DB).mean() for block in blocks_of(clip, sample_rate)]
    levels = np.maximum(level_by_second(clip, sample_rate), LEAST_DBFS)
    return [levels, spectrum_change_by_second(clip, sample_rate), np.array(voiced)]
