"""What is said about a training: more time brings more, and what was measured is what is said."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partita.app.train.estimate import estimate, expected_sound, next_stage, span, stages, updates_in

SPEEDS = st.floats(0.01, 1000)


@given(SPEEDS, st.floats(0.1, 5000), st.floats(1.5, 3))
def test_more_time_brings_more_updates(speed: float, minutes: float, more: float) -> None:
    assert updates_in(minutes * more, speed) >= updates_in(minutes, speed)
    assert updates_in(minutes, speed) <= 60 * minutes * speed * 1.06


@pytest.mark.parametrize("start", ["", "bach-violin"])
def test_the_stages_follow_each_other(start: str) -> None:
    found = stages(start)
    assert found[0].first == found[0].last == 0
    for before, stage in pairwise(found):
        assert before.first < stage.first < stage.last and before.last <= stage.last


@pytest.mark.parametrize(
    ("updates", "words"),
    [
        (500, "noise that"),
        (1_500, "first tones"),
        (3_050, "notes of your instrument"),
        (9_000, "clear notes"),
    ],
)
def test_what_was_measured_is_said(updates: int, words: str) -> None:
    assert words in expected_sound(updates, "")


def test_a_model_to_start_from_has_notes_at_once() -> None:
    assert expected_sound(1, "bach-violin").startswith("notes")


@given(SPEEDS, st.floats(1, 5000), st.sampled_from(["", "bach-violin"]))
def test_milestones_that_are_reached_come_before_those_that_are_not(
    speed: float, minutes: float, start: str
) -> None:
    found = estimate(minutes, speed, start)
    order = [one["reached"] for one in found["milestones"]]
    assert order == sorted(order, key=["yes", "perhaps", "no"].index)
    assert f"{found['updates']:,} updates" in found["sentence"]


def test_sizes_that_were_not_measured_are_said() -> None:
    assert estimate(20, 2.0, "", size="wide")["note"] and not estimate(20, 2.0, "")["note"]


def test_the_next_stage_is_in_the_future() -> None:
    assert next_stage(0, 1.0, "").startswith("first tones in 13 to 27 minutes")
    assert next_stage(10**6, 1.0, "") == "" and next_stage(100, 0.0, "") == ""


@given(st.floats(0, 1e5), st.floats(1, 4))
def test_spans_are_in_order(first: float, factor: float) -> None:
    numbers = [int(word) for word in span(first, first * factor).split() if word.isdecimal()]
    assert numbers == sorted(numbers) and numbers[0] >= 1
