"""The scores of a comparison, and the direction in which each is better."""

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
