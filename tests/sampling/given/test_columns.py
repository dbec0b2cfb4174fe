"""Columns of notes and labels do not depend on how many frames or clips are asked for."""

import numpy as np
import pytest

from partita.audio.features.layout import NOTE_COUNT, FrameLayout
from partita.data.notes import Note, note_columns
from partita.errors import PartitaError
from partita.sampling.given.columns import GivenColumns, check_labels, label_rows

RATE = 22050
LAYOUT = FrameLayout(hop_length=224, bands=4, notes=True, labels=("digit=1", "digit=2", "speaker=a"))
NOTES = [Note(0.0, 0.5, 60), Note(0.3, 4.7, 64), Note(4.9, 5.0, 67)]


def test_frames_are_the_same_in_pieces() -> None:
    source = GivenColumns(LAYOUT, sample_rate=RATE, notes=NOTES)
    whole = source.frames(-10, 500)
    assert whole.shape == (1, 510, 264 + 3)
    pieces = [source.frames(first, min(first + 7, 500)) for first in range(-10, 500, 7)]
    assert np.array_equal(np.concatenate(pieces, 1), whole)
    single = np.concatenate([source.frames(frame, frame + 1) for frame in range(-10, 500)], 1)
    assert np.array_equal(single, whole)
    assert np.array_equal(whole[0, :, :264], note_columns(NOTES, np.arange(-10, 500) * 224 / RATE))


def test_a_score_begins_with_the_first_drawn_sample_and_ends() -> None:
    source = GivenColumns(LAYOUT, sample_rate=RATE, notes=NOTES)
    assert not source.frames(-50, 0).any()
    assert source.frames(0, 1)[0, 0, [60 - 21, NOTE_COUNT + 60 - 21]].tolist() == [1.0, 1.0]
    assert not source.frames(5000, 5010).any()


def test_given_labels_are_the_same_for_all_clips_and_others_are_drawn() -> None:
    labels = LAYOUT.labels
    both = label_rows(labels, {"digit": "1", "speaker": "a"}, clips=9, seed=0)
    assert both.tolist() == [[1.0, 0.0, 1.0]]
    drawn = label_rows(labels, {"speaker": "a"}, clips=40, seed=3)
    assert drawn.shape == (40, 3)
    assert (drawn[:, :2].sum(1) == 1).all()
    assert drawn[:, 2].all()
    assert 5 < drawn[:, 0].sum() < 35
    assert np.array_equal(label_rows(labels, {}, clips=5, seed=3)[:, :2], drawn[:5, :2])


@pytest.mark.parametrize(
    ("labels", "given", "words"),
    [
        ((), {"digit": "1"}, "the model has no labels"),
        (LAYOUT.labels, {"digt": "1"}, "choose one of digit, speaker"),
        (LAYOUT.labels, {"digit": "3"}, "choose one of 1, 2"),
    ],
)
def test_an_unknown_label_is_refused(labels: tuple[str, ...], given: dict[str, str], words: str) -> None:
    with pytest.raises(PartitaError, match=words):
        check_labels(labels, given)
