"""The share of clips that break never falls with the duration."""

import numpy as np
import pytest
from melodies import RATE, melodies

from partita.errors import PartitaError
from partita.evaluation.metrics.drift import clip_flags
from partita.evaluation.metrics.runaway import DURATIONS, Clips, runaway_shares

SOUND = melodies(4, 10.0, 1)


def values(clips: Clips, durations: tuple[float, ...] = DURATIONS) -> dict[float, float]:
    found = runaway_shares(clips, RATE, durations=durations, seed=0)
    return {seconds: score.value for seconds, score in found.items()}


def test_melodies_do_not_break() -> None:
    assert values(SOUND) == {1.0: 0.0, 3.0: 0.0, 10.0: 0.0}


def test_a_clip_breaks_when_it_becomes_silent_saturated_or_stuck() -> None:
    clips = SOUND.copy()
    clips[0, RATE:] = 0
    clips[1, 4 * RATE :] = 1
    clips[2, 2 * RATE :] = 0.3 * np.sin(2 * np.pi * 440 * np.arange(8 * RATE) / RATE)
    assert values(clips, durations=(1.0, 3.0, 4.5, 6.0)) == {1.0: 0.0, 3.0: 0.25, 4.5: 0.5, 6.0: 0.75}


def test_a_clip_that_recovers_stays_broken() -> None:
    clips = SOUND.copy()
    clips[0, : RATE // 2 + RATE // 10] = 0  # half of the first second, which is no fault within 3 s
    assert clip_flags(clips[0, : 3 * RATE], RATE).names == ()
    assert values(clips) == {1.0: 0.25, 3.0: 0.25, 10.0: 0.25}


def test_the_shares_never_fall() -> None:
    rng, clips = np.random.default_rng(1), np.tile(SOUND, (3, 1))
    for clip in clips:
        start, length = (rng.uniform(0, 10, 2) * RATE).astype(int)
        clip[start : start + length // 2] = 0
    found = list(values(clips, durations=(0.5, 1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 10.0)).values())
    assert found == sorted(found)
    assert found[0] < found[-1]


def test_a_tone_of_one_second_from_end_to_end_is_stuck() -> None:
    tone = 0.3 * np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE)
    clips = np.stack([tone, np.concatenate([tone[: RATE // 2], SOUND[0, : RATE // 2]])])
    assert values(clips) == {1.0: 0.5}


def test_durations_are_sorted_and_those_longer_than_the_shortest_clip_are_left_out() -> None:
    clips = [SOUND[0], SOUND[1, : 5 * RATE]]
    assert list(values(clips, durations=(5.0, 2.0, 5.1))) == [2.0, 5.0]


def test_the_interval_is_over_clips() -> None:
    clips = SOUND.copy()
    clips[0] = 0
    found = runaway_shares(clips, RATE, seed=0)[1.0]
    assert (found.low, found.value) == (0.0, 0.25)
    assert found.high > 0.5


@pytest.mark.parametrize("durations", [(), (11.0,), (0.0, 1.0), (-1.0,)])
def test_durations_that_do_not_fit_are_refused(durations: tuple[float, ...]) -> None:
    with pytest.raises(PartitaError, match=r"`durations` is .* 4 clips has 10 s"):
        runaway_shares(SOUND, RATE, durations=durations, seed=0)


def test_no_clips_are_refused() -> None:
    with pytest.raises(PartitaError, match="shortest of 0 clips"):
        runaway_shares([], RATE, seed=0)
