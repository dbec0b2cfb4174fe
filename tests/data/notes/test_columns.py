"""Columns of notes agree with columns written by hand, and do not depend on the stretch that is asked for."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from partita.audio.features.layout import NOTE_COLUMNS, NOTE_COUNT
from partita.data.notes import Note, note_columns
from partita.errors import PartitaError

TIMES = np.arange(8) / 100


def of_pitch(columns: np.ndarray, pitch: int) -> list[list[float]]:
    """Return the three columns of one pitch."""
    return [columns[:, kind * NOTE_COUNT + pitch - 21].round(4).tolist() for kind in range(3)]


def test_columns_by_hand() -> None:
    columns = note_columns([Note(0.016, 0.05, 69), Note(0.05, 1.0, 69)], TIMES)
    assert columns.shape == (8, NOTE_COLUMNS) and columns.dtype == np.float32
    sounding, begins, since = of_pitch(columns, 69)
    assert sounding == [0, 0, 1, 1, 1, 1, 1, 1]
    assert begins == [0, 0, 1, 0, 0, 1, 0, 0]
    assert since == pytest.approx([0, 0, 0.002, 0.007, 0.012, 0, 0.005, 0.01], abs=1e-4)
    others = np.delete(columns, [48, 48 + NOTE_COUNT, 48 + 2 * NOTE_COUNT], axis=1)
    assert not others.any()


def test_a_note_begins_in_the_nearest_frame_even_if_that_is_before_it() -> None:
    sounding, begins, _ = of_pitch(note_columns([Note(0.014, 0.03, 21)], TIMES), 21)
    assert begins == [0, 1, 0, 0, 0, 0, 0, 0]
    assert sounding == [0, 0, 1, 0, 0, 0, 0, 0]


def test_a_note_that_began_long_ago_sounds_and_does_not_begin() -> None:
    sounding, begins, since = of_pitch(note_columns([Note(-5.0, 0.02, 108)], TIMES), 108)
    assert sounding == since == [1, 1, 0, 0, 0, 0, 0, 0]
    assert not any(begins)


def test_pitches_outside_the_piano_are_left_out() -> None:
    assert not note_columns([Note(0, 1, 20), Note(0, 1, 109)], TIMES).any()


@given(
    onsets=st.lists(st.integers(0, 400), max_size=8),
    first=st.integers(0, 30),
    length=st.integers(2, 30),
)
def test_a_stretch_has_the_columns_of_the_whole(onsets: list[int], first: int, length: int) -> None:
    notes = [Note(onset / 1000, onset / 1000 + 0.03, 60 + onset % 5) for onset in onsets]
    times = np.arange(60) / 100
    whole = note_columns(notes, times)
    stretch = note_columns(notes, times[first : first + length])
    assert np.array_equal(stretch, whole[first : first + length])


@pytest.mark.parametrize("values", [(1.0, 0.5, 60), (0.0, float("nan"), 60), (0.0, 1.0, 128)])
def test_a_wrong_note_is_refused(values: tuple[float, float, int]) -> None:
    with pytest.raises(PartitaError):
        Note(*values)
