"""Scores in words: the same numbers give the same words, and bad sound is said to be bad."""

from typing import Any

import pytest

from partita.reports.sound_words import HISS, NOISE_SCORE, advice, hiss, nearest, sounds_like, tones


def scores(voiced: float, real: float, noise_db: float, **faults: float) -> dict[str, Any]:
    return {
        "voiced_share": {"value": voiced, "real": {"value": real}},
        NOISE_SCORE: {"value": noise_db},
        **{name: {"value": value, "real": {"value": 0.0}} for name, value in faults.items()},
    }


@pytest.mark.parametrize(
    ("voiced", "real", "words"),
    [
        (0.0, 0.7, "mostly noise"),
        (0.3, 0.7, "tones that come and go in noise"),
        (0.7, 0.7, "mostly tones"),
        (0.0, 0.05, "sound without a clear pitch"),
    ],
)
def test_the_share_of_tones_decides_the_words(voiced: float, real: float, words: str) -> None:
    assert sounds_like(scores(voiced, real, 25.0)).startswith(words)


def test_noise_is_not_recommended_for_music() -> None:
    assert "longer" in advice(scores(0.0, 0.7, 5.0))
    assert "longer" in advice(scores(0.3, 0.7, 35.0))
    assert "longer" in advice(scores(0.7, 0.7, 15.0))
    assert "Draw longer clips" in advice(scores(0.7, 0.7, 30.0))


@pytest.mark.parametrize("fault", ["silence_share", "stuck_share", "clipped_share"])
def test_clips_that_break_are_said_to_break(fault: str) -> None:
    assert "often" in sounds_like(scores(0.7, 0.7, 30.0, **{fault: 0.5}))
    assert "often" not in sounds_like(scores(0.7, 0.7, 30.0, **{fault: 0.1}))


def test_less_noise_has_fainter_words_and_all_levels_have_words() -> None:
    words = [hiss(level) for level in (-5.0, *(limit for limit, _ in HISS), 99.0)]
    assert len({*words}) == len(HISS) + 1


def test_scores_that_are_missing_are_not_spoken_of() -> None:
    assert tones({}) == "unknown"
    assert sounds_like({}) == "sound of unknown kind"
    assert nearest({"a": {}, "b": {}}) == "a"
