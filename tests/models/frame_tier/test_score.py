"""The rows of a score over the semitones of the pitch, and that they make its notes likely at every pitch."""

import numpy as np
import pytest
import torch
from frames import GIVEN, frame_model

from partita.audio.features.layout import HIGHEST_NOTE, LOWEST_NOTE
from partita.data.notes import Note
from partita.data.notes.columns import note_columns
from partita.models.conditioning.conditioner import LOWEST_PITCH, PITCH_BINS
from partita.models.frame_tier.score import SOON, score_rows

TIMES = np.arange(60) / 100.0


def rows_of(*notes: Note, lookahead: int = 20) -> torch.Tensor:
    return score_rows(torch.from_numpy(note_columns(notes, TIMES))[None], lookahead=lookahead)[0]


def test_a_note_sounds_is_recent_and_begins_soon() -> None:
    rows = rows_of(Note(0.2, 0.5, 69))[:, :, 69 - LOWEST_PITCH]
    assert rows[:, 0].nonzero().flatten().tolist() == list(range(20, 50)), "it sounds"
    assert rows[:, 1].nonzero().flatten().tolist() == list(range(20, 40)), "it began in the last 0.2 s"
    assert rows[:, 2].nonzero().flatten().tolist() == list(range(20 - SOON, 21)), "it begins soon"


def test_no_row_looks_further_ahead_than_is_allowed() -> None:
    rows = rows_of(Note(0.2, 0.5, 69), lookahead=0)[:, :, 69 - LOWEST_PITCH]
    assert rows[:, 2].nonzero().flatten().tolist() == [20]


@pytest.mark.parametrize("pitch", [LOWEST_NOTE, LOWEST_PITCH, LOWEST_PITCH + PITCH_BINS - 1, HIGHEST_NOTE])
def test_pitches_outside_the_bins_are_left_out(pitch: int) -> None:
    rows = rows_of(Note(0.2, 0.5, pitch))
    inside = LOWEST_PITCH <= pitch < LOWEST_PITCH + PITCH_BINS
    expected = [pitch - LOWEST_PITCH] if inside else []
    assert rows[:, 0].any(0).nonzero().flatten().tolist() == expected


def test_a_note_moves_the_drawn_pitch_alike_in_every_octave() -> None:
    # an untrained network does not follow a score: the rows alone say which semitone is likely
    model = frame_model(GIVEN)
    frames = torch.zeros(1, 2, GIVEN.columns)
    frames[..., GIVEN.bands] = 69.0
    risen = []
    for pitch in (40, 52, 88):
        one = frames.clone()
        one[:, 1, GIVEN.feature_columns + pitch - LOWEST_NOTE] = 1.0
        with torch.no_grad():
            assert model.given is not None
            model.given.input.zero_()  # the network of notes knows each pitch by itself
            _, mixture = model.mixtures(one)
            _, without = model.mixtures(frames)
        change = (mixture.logits - without.logits)[0, 0, -PITCH_BINS:]
        assert int(change.argmax()) == pitch - LOWEST_PITCH
        risen.append(float(change.max()))
    assert max(risen) - min(risen) < 1e-5 and min(risen) > 0.5
