"""How the clips of a model sound, in a musician's words, from their scores.

The words follow from the scores by fixed limits, so that they are the same for the same numbers. This file
computes no scores.
"""

from collections.abc import Mapping
from typing import Any

TONAL = 0.2  # share of real sound with a clear pitch, from which on tones are expected
FEW, SOME = 0.25, 0.75  # of the share of real sound: fewer tones are rare, more are as frequent
FAULT = 0.2  # a share of clips, or of time, this much above that of real sound is a fault
HISS = ((10.0, "loud noise"), (20.0, "clearly audible noise"), (30.0, "a soft hiss"))
FAINT = "a hiss that is hard to hear"
NOISE_SCORE = "noise_db_mmd_log_mel"
NOISE, PATCHY, CLEAR, UNKNOWN = "noise", "patchy", "clear", "unknown"

Scores = Mapping[str, Any]


def sounds_like(scores: Scores) -> str:
    """Return how clips sound, as the end of a sentence that begins with "the clips are".

    Args:
        scores: the scores of a model, as `evaluate` returns them.

    >>> def score(value, real=None):
    ...     found = {"value": value}
    ...     return found if real is None else found | {"real": {"value": real}}
    >>> sounds_like({"voiced_share": score(0.02, 0.7), "noise_db_mmd_log_mel": score(8.0)})
    'mostly noise: a clear tone sounds 2% of the time, in the recordings 70%'
    >>> sounds_like({"voiced_share": score(0.1, 0.0), "noise_db_mmd_log_mel": score(25.0)})
    'sound without a clear pitch, like the recordings; the difference is like a soft hiss on top'
    """
    kind, far = tones(scores), ""
    if NOISE_SCORE in scores and kind != NOISE:
        far = f"; the difference is like {hiss(scores[NOISE_SCORE]['value'])} on top"
    broken = "".join(f", {fault}" for fault in _faults(scores))
    if "voiced_share" not in scores:
        return f"sound of unknown kind{far}{broken}"
    if kind == UNKNOWN:
        return f"sound without a clear pitch, like the recordings{far}{broken}"
    voiced = scores["voiced_share"]
    shares = f"a clear tone sounds {voiced['value']:.0%} of the time, in the recordings {_real(voiced):.0%}"
    return f"{_TONES[kind]}{broken}: {shares}{far}"


def tones(scores: Scores) -> str:
    """Return whether clips have tones: "noise", "patchy" or "clear"; "unknown" for sound without pitch.

    Args:
        scores: see `sounds_like`.
    """
    voiced = scores.get("voiced_share")
    if not voiced or _real(voiced) < TONAL:
        return UNKNOWN
    share = voiced["value"] / _real(voiced)
    return NOISE if share < FEW else PATCHY if share < SOME else CLEAR


def hiss(noise_db: float) -> str:
    """Return words for noise at a level below the sound.

    Args:
        noise_db: decibels below the sound.

    >>> hiss(5.0), hiss(35.0)
    ('loud noise', 'a hiss that is hard to hear')
    """
    return next((words for limit, words in HISS if noise_db < limit), FAINT)


_TONES = {
    NOISE: "mostly noise",
    PATCHY: "tones that come and go in noise",
    CLEAR: "mostly tones",
}


def _faults(scores: Scores) -> list[str]:
    """Return what breaks in more clips than in real ones."""
    names = {
        "silence_share": "often silent",
        "stuck_share": "often stuck on one tone",
        "clipped_share": "often overloaded",
    }
    return [
        words
        for name, words in names.items()
        if name in scores and scores[name]["value"] > _real(scores[name]) + FAULT
    ]


def nearest(models: Mapping[str, Scores]) -> str:
    """Return the name of the model whose clips are nearest to real sound; the first one if none has a score.

    Args:
        models: the scores of each model by its name.

    >>> nearest({"a": {NOISE_SCORE: {"value": 8.0}}, "b": {NOISE_SCORE: {"value": 20.0}}})
    'b'
    """
    return max(models, key=lambda name: float(models[name].get(NOISE_SCORE, {}).get("value", 0.0)))


def _real(score: Scores) -> float:
    """Return the score of real sound, 0 where it is unknown."""
    return float(score.get("real", {}).get("value", 0.0))


def advice(scores: Scores) -> str:
    """Return what helps next, as a sentence.

    Args:
        scores: see `sounds_like`.

    >>> advice({"voiced_share": {"value": 0.1, "real": {"value": 0.7}}}).partition(":")[0]
    'Train it for longer'
    """
    far = scores.get(NOISE_SCORE, {}).get("value", 0.0)
    if tones(scores) == NOISE:
        return (
            "Train it for longer: noise is what a young model gives, tones come with time, and an hour is a"
            " good start."
        )
    if tones(scores) == PATCHY or far < HISS[1][0]:
        return "Train it for longer, which helps more than any option, and then draw longer clips."
    return "Draw longer clips, let it continue a recording, or play a hummed line with its timbre."
