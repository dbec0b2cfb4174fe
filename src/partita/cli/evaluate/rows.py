"""The scores of one model as text, one line each. This file computes no scores and prints nothing."""

from typing import Any

from partita.evaluation.clip_scores import GIVEN_PREFIX, NOISE_PREFIX
from partita.evaluation.metrics.distances.noise_scale import noise_sentence
from partita.evaluation.statistics.scores import Score

UPPER_BOUND = "an upper bound: the bits of the frames and of the samples, or those of a flow"


def score_names(scores: dict[str, Any]) -> list[str]:
    """Return the names of the scores among what `evaluate` returns, in its order.

    >>> score_names({"seam_db": {"value": 1.0, "low": 0.5, "high": 1.5}, "warnings": [], "about": {}})
    ['seam_db']
    """
    return [name for name, score in scores.items() if isinstance(score, dict) and "value" in score]


def is_noise(name: str) -> bool:
    """Return whether a score is the noise that a distance amounts to.

    >>> is_noise("given_features_noise_db_mmd_timbre"), is_noise("mmd_timbre")
    (True, False)
    """
    return name.removeprefix(GIVEN_PREFIX).startswith(NOISE_PREFIX)


def score_row(name: str, score: dict[str, Any]) -> str:
    """Return a score with its interval and what helps to read it: the real sound's score, or a sentence.

    Args:
        name: the score's name.
        score: as `evaluate` returns it.

    >>> real = {"value": 0.25, "low": 0.125, "high": 0.5}
    >>> score_row("voiced_share", {"value": 0.5, "low": 0.25, "high": 1.0, "real": real}).split(maxsplit=1)[1]
    '0.5000  [0.2500, 1.0000]   real 0.2500 [0.1250, 0.5000]'
    """
    row = f"{name:38} {score['value']:10.4f}  [{score['low']:.4f}, {score['high']:.4f}]"
    if score.get("upper_bound"):
        return f"{row}   {UPPER_BOUND}"
    if is_noise(name):
        return f"{row}   {noise_sentence(Score(**score))}"
    real = score.get("real")
    return f"{row}   real {real['value']:.4f} [{real['low']:.4f}, {real['high']:.4f}]" if real else row
