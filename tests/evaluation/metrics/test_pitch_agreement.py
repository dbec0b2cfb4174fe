"""Agreement with scores and lines: right, wrong, chords, rests and octaves."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from partita.audio.load import read_audio
from partita.data.notes.note import Note
from partita.data.notes.reading import read_notes
from partita.errors import PartitaError
from partita.evaluation.metrics.harmonicity import pitch_track
from partita.evaluation.metrics.pitch_agreement import line_agreement, note_agreement

RATE = 16000


def play(notes: list[Note], *, transpose: float = 0.0) -> NDArray[np.float64]:
    """Play notes of two seconds, moved by some semitones."""
    seconds = 2.0
    sound, time = np.zeros(round(seconds * RATE)), np.arange(round(seconds * RATE)) / RATE
    for note in notes:
        hertz = 440 * 2 ** ((note.midi_pitch + transpose - 69) / 12)
        inside = (time >= note.start_s) & (time < note.end_s)
        waves = [np.sin(2 * np.pi * hertz * k * time[inside]) / k for k in range(1, 5)]
        sound[inside] += 0.1 * np.sum(waves, axis=0)
    return sound


SCORE = [Note(0.0, 0.7, 60), Note(0.7, 1.4, 67), Note(1.4, 2.0, 64)]


def transposed(semitones: float) -> NDArray[np.float64]:
    return play(SCORE, transpose=semitones)


def test_the_played_score_agrees_and_others_do_not() -> None:
    assert note_agreement([play(SCORE)], [SCORE], RATE).value == 1.0
    assert note_agreement([transposed(0.4)], [SCORE], RATE).value == 1.0
    assert note_agreement([transposed(0.6)], [SCORE], RATE).value < 0.05
    assert note_agreement([transposed(12)], [SCORE], RATE).value < 0.05


def test_any_note_of_a_chord_agrees() -> None:
    chord = [Note(n.start_s, n.end_s, n.midi_pitch + step) for n in SCORE for step in (0, -12, 4)]
    assert note_agreement([play(SCORE)], [chord], RATE).value == 1.0


def test_frames_without_a_note_are_left_out() -> None:
    assert note_agreement([play(SCORE)], [SCORE[:1]], RATE).value > 0.9
    with pytest.raises(PartitaError, match="no voiced frame"):
        note_agreement([play(SCORE)], [[]], RATE)


def test_the_share_counts_frames_of_all_clips() -> None:
    clips = [play(SCORE), transposed(3), np.zeros(RATE)]
    found = note_agreement(clips, [SCORE] * 3, RATE)
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
        note_agreement([play(SCORE)], [SCORE] * 2, RATE)


def test_a_real_violin_plays_its_score(real_recordings: Path) -> None:
    path = real_recordings / "bach-violin/john-garner/john-garner_bwv1002_mov8.mp3"
    violin = read_audio(path, RATE)[: 40 * RATE]
    notes = read_notes(path.with_suffix(".notes.csv"))
    assert note_agreement([violin], [notes], RATE).value > 0.8
    later = [note.shifted(11.0) for note in notes]
    assert note_agreement([violin], [later], RATE).value < 0.3
