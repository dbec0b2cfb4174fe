"""What clips are given: values that exclude each other, and models that can't use them."""

from typing import Any

import numpy as np
import pytest

from partita.audio.features.layout import FrameLayout
from partita.data.notes import Note
from partita.errors import PartitaError
from partita.sampling.given.given import Given

SOUND, SCORE = np.zeros(8000), [Note(0.0, 1.5, 60), Note(0.2, 0.4, 62)]
FEATURES = FrameLayout(hop_length=80, bands=4)
WITH_NOTES = FrameLayout(hop_length=80, bands=4, notes=True)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"notes": SCORE, "like": SOUND}, "give one of them"),
        ({"transpose": 3.0}, "`transpose` moves the pitch of `like`"),
        ({"like": SOUND, "transpose": float("nan")}, "`transpose` is nan"),
        ({"like": SOUND, "transpose": 120.0}, "`transpose` is 120.0"),
        ({"notes": []}, "no notes"),
    ],
)
def test_values_that_do_not_fit_are_refused(values: dict[str, Any], words: str) -> None:
    with pytest.raises(PartitaError, match=words):
        Given(**values)


@pytest.mark.parametrize(
    ("given", "layout", "tier", "words"),
    [
        (Given(notes=SCORE), None, None, "trained without notes"),
        (Given(notes=SCORE), FEATURES, FEATURES, "trained without notes"),
        (Given(like=SOUND), None, None, "no frame tier"),
        (Given(like=SOUND), FEATURES, None, "no frame tier"),
        (Given(features=np.zeros((4, 6))), None, None, "trained without them"),
        (Given(), FEATURES, None, "no frame tier that draws them"),
    ],
)
def test_a_model_that_can_not_use_it_is_refused(
    given: Given, layout: FrameLayout | None, tier: FrameLayout | None, words: str
) -> None:
    with pytest.raises(PartitaError, match=words):
        given.check(layout, tier)


def test_a_model_that_can_use_it_is_accepted() -> None:
    Given().check(None, None)
    Given(notes=SCORE).check(FEATURES, WITH_NOTES)
    Given(notes=SCORE).check(FrameLayout(hop_length=80, notes=True), None)
    Given(like=SOUND).check(FEATURES, FEATURES)
    Given(features=np.zeros((4, 6))).check(FEATURES, None)


def test_the_length_follows_from_what_is_given() -> None:
    assert Given(notes=SCORE).seconds(FEATURES, 8000) == 2.5
    assert Given(like=SOUND).seconds(FEATURES, 8000) == 1.0
    assert Given(features=np.zeros((2, 51, 6))).seconds(FEATURES, 8000) == 0.5
    assert Given().seconds(FEATURES, 8000) is None


def test_a_score_is_cut_after_the_end_of_the_clips() -> None:
    score = [Note(0.0, 1e12, 60), Note(0.2, 0.4, 62), Note(2.4, 9.6, 64), Note(9e9, 1e10, 65)]
    kept = Given(notes=score, labels={"digit": "1"}).until(1.5)
    assert kept == Given(notes=[Note(0.0, 7.5, 60), score[1], Note(2.4, 7.5, 64)], labels={"digit": "1"})
    assert Given(like=SOUND).until(0.1).like is SOUND
    assert Given(notes=SCORE).until(None).notes == SCORE


def test_clips_that_end_before_the_first_note_are_rests() -> None:
    (rest,) = Given(notes=[Note(90.0, 91.0, 65)]).until(2.0).notes or ()
    assert rest.start_s == rest.end_s == 8.0


def test_a_score_of_more_than_an_hour_needs_a_length() -> None:
    given = Given(notes=[Note(0.0, 1e10, 65)])
    for length in (lambda: given.until(None), lambda: given.seconds(None, 16000)):
        with pytest.raises(PartitaError, match=r"ends at 1e\+10 s, must end before 3600 s"):
            length()
