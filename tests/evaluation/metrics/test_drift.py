"""Drift by second, and the flags of broken clips."""

import numpy as np
import pytest
from numpy.typing import NDArray

from partita.evaluation.metrics.drift import (
    clip_flags,
    drift_scores,
    level_by_second,
    longest_run,
    spectrum_change_by_second,
)

RATE = 8000
TIME = np.arange(10 * RATE) / RATE
RNG = np.random.default_rng(0)
NOISE = RNG.normal(0, 0.1, len(TIME))


def melody(seconds_a_note: float) -> NDArray[np.float64]:
    """Tones of six partials, each another pitch, that fade like plucked strings, in a little noise."""
    note = (TIME / seconds_a_note).astype(int)
    hertz = 220 * 2 ** ((note * 5 % 13) / 12)
    phase = 2 * np.pi * np.cumsum(hertz) / RATE
    fade = np.exp(-3 * (TIME % seconds_a_note) / seconds_a_note)
    return np.asarray(sum(0.1 * np.sin(k * phase) / k for k in range(1, 7)) * fade + 0.003 * NOISE)


def test_levels_are_by_second() -> None:
    found = level_by_second(np.repeat(10 ** (-np.arange(10) / 20), RATE), RATE)
    assert found == pytest.approx(-np.arange(10))


def test_a_spectrum_that_grows_by_a_factor_is_that_far_away() -> None:
    sound = np.concatenate([NOISE[:RATE], 10 * NOISE[:RATE], NOISE[:RATE]])
    assert spectrum_change_by_second(sound, RATE) == pytest.approx([0, 20, 0], abs=1e-3)


def test_the_drift_leaves_out_the_first_second() -> None:
    levels = np.repeat([0.01, 1.0, 1.0, 0.5], RATE)
    found = drift_scores([levels * NOISE[: len(levels)]] * 4, RATE)["level_drift_db"]
    assert found.value == pytest.approx(-6.02, abs=0.3)
    assert found.low == found.high == found.value


def test_a_melody_has_no_flags() -> None:
    for seconds in (0.25, 1.0, 2.5):
        assert clip_flags(melody(seconds), RATE).names == ()


def test_silence_of_three_seconds_is_noticed() -> None:
    sound = melody(0.5)
    sound[5 * RATE : 7 * RATE] = 0
    assert clip_flags(sound, RATE).names == ()
    sound[5 * RATE : 8 * RATE + RATE // 4] = 0
    assert clip_flags(sound, RATE).names == ("silent",)
    assert clip_flags(np.zeros(10 * RATE), RATE).names == ("silent",)


def test_saturation_is_noticed() -> None:
    assert clip_flags(np.clip(8 * melody(0.5), -1, 1), RATE).saturated
    assert not clip_flags(melody(0.5) / melody(0.5).max() * 0.99, RATE).saturated


@pytest.mark.parametrize(
    "stuck",
    [
        0.3 * np.sin(2 * np.pi * 440 * TIME),
        0.3 * np.sin(2 * np.pi * 440 * TIME) * (1 + 0.5 * np.sin(2 * np.pi * 5 * TIME)) + 0.1 * NOISE,
        sum(0.1 * np.sin(2 * np.pi * 220 * k * TIME) / k for k in range(1, 10)) + 0.05 * NOISE,
        NOISE,
    ],
    ids=["sine", "trembling sine", "tone with overtones", "noise"],
)
def test_a_clip_that_stays_on_one_sound_is_stuck(stuck: NDArray[np.float64]) -> None:
    assert clip_flags(stuck, RATE).stuck
    late = np.concatenate([melody(0.3)[: 6 * RATE], stuck[: 4 * RATE]])
    assert clip_flags(late, RATE).stuck


def test_the_share_of_broken_clips_is_reported() -> None:
    found = drift_scores([melody(0.5), melody(0.5), melody(0.5), np.zeros(10 * RATE)], RATE)
    assert found["silent_share"].value == 0.25
    assert found["stuck_share"].value == found["saturated_share"].value == 0.0


def test_short_clips_have_thirds_in_place_of_seconds() -> None:
    assert len(level_by_second(NOISE[:600], RATE)) == 3
    for length in (3, 5, 100):
        assert np.isfinite(drift_scores([NOISE[:length]] * 2, RATE)["spectrum_drift_db"].value)


def test_the_longest_run_is_found() -> None:
    assert longest_run(np.array([], bool)) == 0
    assert longest_run(np.array([True, True, False, True])) == 2
    assert longest_run(np.array([False, False])) == 0
