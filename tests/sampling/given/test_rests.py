"""A score's rests are silent, and its notes sound as if there were no rests."""

import numpy as np
import pytest
from numpy.typing import NDArray

from partita.audio.features.mel import log_mel
from partita.data.notes import Note
from partita.sampling.frames.loudness import loudness_of
from partita.sampling.given.rests import HELD_S, SILENT_DB, WithRests, edges_of, rest_levels

HOP_S = 0.01
SCORE = [Note(0.5, 1.0, 60), Note(0.8, 1.5, 64), Note(1.6, 2.0, 62), Note(3.0, 3.5, 62)]


class Steady:
    """Frames of one loudness, with a pitch that counts."""

    def __init__(self) -> None:
        self.drawn = 0

    def take(self, count: int) -> NDArray[np.float32]:
        frames = np.full((2, count, 5), 1.0, np.float32)
        frames[..., 3] = np.arange(self.drawn, self.drawn + count)
        self.drawn += count
        return frames


def levels(first: int = 0, *, after_sound: bool = False) -> NDArray[np.float64]:
    return rest_levels(edges_of(SCORE), frames=500 - first, first=first, hop_s=HOP_S, after_sound=after_sound)


def with_rests(first: int = 0) -> WithRests:
    return WithRests(Steady(), SCORE, bands=3, hop_s=HOP_S, first=first, after_sound=False)


def test_notes_and_the_short_gap_between_two_are_left_as_they_are() -> None:
    found = levels()
    for start, stop in ((49, 205), (299, 355)):
        assert (found[start:stop] == 0.0).all()


def test_rests_and_what_follows_the_score_are_silent() -> None:
    found = levels()
    for start, stop in ((0, 48), (300 - 10, 298), (450, 500)):
        assert (found[start:stop] == SILENT_DB).all()
    fall = found[200:290]
    assert (np.diff(fall) >= 0).all() and fall[round(HELD_S / HOP_S)] == pytest.approx(0.0)


def test_a_prompt_ends_like_a_note() -> None:
    found = levels(-2, after_sound=True)
    assert (found[:7] == 0.0).all()
    assert 0.0 < found[12] < found[20] < SILENT_DB
    assert (found[52:] == levels()[50:]).all()


def test_a_score_that_begins_at_once_begins_with_sound() -> None:
    notes = [Note(0.0, 1.0, 60)]
    for after_sound in (False, True):
        found = rest_levels(edges_of(notes), frames=60, first=-2, hop_s=HOP_S, after_sound=after_sound)
        assert (found[2:] == 0.0).all()


@pytest.mark.parametrize("notes", [[], [Note(0.1, 0.9, 10), Note(0.2, 1.0, 120)]])
def test_notes_that_no_piano_has_are_rests(notes: list[Note]) -> None:
    assert (
        rest_levels(edges_of(notes), frames=99, first=0, hop_s=HOP_S, after_sound=False) == SILENT_DB
    ).all()
    after = rest_levels(edges_of(notes), frames=99, first=0, hop_s=HOP_S, after_sound=True)
    assert after[0] == 0.0 and after[-1] > 90.0


def test_frames_are_lowered_by_the_levels_and_their_pitch_stays() -> None:
    frames, plain = with_rests().take(500), Steady().take(500)
    np.testing.assert_array_equal(frames[..., 3:], plain[..., 3:])
    fall = 4.342944819 * (loudness_of(plain[0, :, :3]) - loudness_of(frames[0, :, :3]))
    some = levels() < 40.0  # the floor of the features is near below this
    np.testing.assert_allclose(fall[some], levels()[some], atol=1.0)
    silence = log_mel(np.zeros(1600, np.float32), sample_rate=16000, hop_length=160, bands=3)
    np.testing.assert_allclose(frames[0, 0, :3], silence[0], atol=0.05)


def test_frames_do_not_depend_on_how_many_are_drawn_at_once() -> None:
    parts = with_rests(-2)
    pieces = [parts.take(count) for count in (1, 47, 2, 150, 300)]
    np.testing.assert_array_equal(np.concatenate(pieces, 1), with_rests(-2).take(500))
