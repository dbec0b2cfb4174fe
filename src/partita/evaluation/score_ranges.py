"""The least and the greatest value that each score can have. This file computes no scores."""

import math

from partita.evaluation.clip_scores import GIVEN_PREFIX, NOISE_PREFIX
from partita.evaluation.metrics.distances.noise_scale import NOISE_DB

SHARES = (
    "coverage",
    "told_apart",
    "spectral_flatness",
    "periodicity_drift_from_real",
    "jensen_shannon",
)
"""Scores from 0 to 1, besides those with "_share" in their name."""
NOT_NEGATIVE = (
    *("frechet_", "bits_", "frame_bits_", "conditional_bits_", "nearest_", "spectrum_drift_db"),
    *("kl_forward", "kl_reverse", "kl_sum"),
)
"""Beginnings of the names of scores that are at least 0."""


def range_of(score: str) -> tuple[float, float]:
    """Return the least and the greatest value that a score can have.

    An interval over few seeds that assumes a normal distribution may reach beyond them.

    Args:
        score: the name of the score.

    >>> range_of("voiced_share"), range_of("noise_db_mmd_timbre"), range_of("frechet_log_mel")
    ((0.0, 1.0), (0.0, 40.0), (0.0, inf))
    """
    plain = score.removeprefix(GIVEN_PREFIX)
    if plain.startswith(NOISE_PREFIX):
        return NOISE_DB[-1], NOISE_DB[0]
    if "_share" in plain or plain in SHARES:
        return 0.0, 1.0
    if plain.startswith(NOT_NEGATIVE) or "_from_real" in plain:
        return 0.0, math.inf
    return -math.inf, math.inf
