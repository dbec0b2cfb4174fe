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
