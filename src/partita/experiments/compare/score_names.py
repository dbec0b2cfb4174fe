"""The scores of a comparison: the direction in which each is better, and the range of its values."""

import math

from partita.evaluation.clip_scores import GIVEN_PREFIX, NOISE_PREFIX
from partita.evaluation.metrics.distances.noise_scale import NOISE_DB
from partita.evaluation.statistics.verdict import Direction

PRIMARY_SCORES = ("mmd_log_mel", "frechet_log_mel", "mmd_timbre", "frechet_timbre")
"""Scores that a comparison may be decided by, which also choose the temperatures: distances to real sound."""

BETTER: dict[str, Direction] = {
    **dict.fromkeys(PRIMARY_SCORES, "lower"),
    "told_apart": "lower",
    "bits_per_sample": "lower",
    "level_drift_from_real_db": "lower",
    "spectrum_drift_from_real_db": "lower",
    "periodicity_drift_from_real": "lower",
    "hnr_from_real_db": "lower",
    "seam_from_real_db": "lower",
    "coverage": "higher",
    "runaway_share": "lower",
}
"""The scores by which arms are compared. All other scores are only reported."""

FROM_REAL = {"median_hnr_db": "hnr_from_real_db", "seam_db": "seam_from_real_db"}
"""Scores that are best near the value of real sound, and the names of their distances from it."""

NOT_NEGATIVE = ("frechet_", "bits_", "frame_bits_", "conditional_bits_", "nearest_", "spectrum_drift_db")
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
    if "_share" in plain or plain in (
        "coverage",
        "told_apart",
        "spectral_flatness",
        "periodicity_drift_from_real",
    ):
        return 0.0, 1.0
    if plain.startswith(NOT_NEGATIVE) or "_from_real" in plain:
        return 0.0, math.inf
    return -math.inf, math.inf
