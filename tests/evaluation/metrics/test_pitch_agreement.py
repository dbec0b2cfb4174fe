"""Agreement with scores and lines: right, wrong, chords, rests and octaves."""

import numpy as np
import pytest
from numpy.typing import NDArray

from partita.errors import PartitaError
from partita.evaluation.metrics.harmonicity import pitch_track
from partita.evaluation.metrics.pitch_agreement import line_agreement, note_agreement

RATE = 16000


def play(notes: list[tuple[float, float, float]], seconds: float = 2.0) -> NDArray[np.float64]:
    sound, time = np.zeros(round(seconds * RATE)), np.arange(round(seconds * RATE)) / RATE
    for start, end, pitch in notes:
        hertz = 440 * 2 ** ((pitch - 69) / 12)
        inside = (time >= start) & (time < end)
        waves = [np.sin(2 * np.pi * hertz * k * time[inside]) / k for k in range(1, 5)]
        sound[inside] += 0.1 * np.sum(waves, axis=0)
    return sound


SCORE = [(0.0, 0.7, 60.0), (0.7, 1.4, 67.0), (1.4, 2.0, 64.0)]
NOTES = np.array(SCORE)


def transposed(semitones: float) -> NDArray[np.float64]:
    return play([(start, end, pitch + semitones) for start, end, pitch in SCORE])


def test_the_played_score_agrees_and_others_do_not() -> None:
    assert note_agreement([play(SCORE)], [NOTES], RATE).value == 1.0
    assert note_agreement([transposed(0.4)], [NOTES], RATE).value == 1.0
    assert note_agreement([transposed(0.6)], [NOTES], RATE).value < 0.05
    assert note_agreement([transposed(12)], [NOTES], RATE).value < 0.05


def test_any_note_of_a_chord_agrees() -> None:
    chord = np.concatenate([NOTES + np.array([0, 0, semitones]) for semitones in (0, -12, 4)])
    assert note_agreement([play(SCORE)], [chord], RATE).value == 1.0


def test_frames_without_a_note_are_left_out() -> None:
    assert note_agreement([play(SCORE)], [NOTES[:1]], RATE).value > 0.9
    with pytest.raises(PartitaError, match="no voiced frame"):
        note_agreement([play(SCORE)], [np.zeros((0, 3))], RATE)


def test_the_share_counts_frames_of_all_clips() -> None:
    clips = [play(SCORE), transposed(3), np.zeros(RATE)]
    found = note_agreement(clips, [NOTES] * 3, RATE)
    assert found.value == pytest.approx(0.5, abs=0.03)
    assert (found.low, found.high) == pytest.approx((0, 1), abs=0.06)


def test_a_line_is_followed() -> None:
    line = pitch_track(play(SCORE), RATE)
    assert line_agreement([play(SCORE)], [line], RATE).value == 1.0
    assert line_agreement([transposed(12)], [line + 12], RATE).value > 0.95
    assert line_agreement([transposed(5)], [line], RATE).value < 0.05
    assert line_agreement([play(SCORE)], [line[:50]], RATE).value == 1.0


def test_each_clip_needs_its_reference() -> None:
    with pytest.raises(PartitaError, match="1 clips but 2 scores"):
        note_agreement([play(SCORE)], [NOTES] * 2, RATE)
