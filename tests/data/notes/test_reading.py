"""MIDI and CSV files give the notes that were written to them; damaged files are refused in one line."""

from pathlib import Path

import mido
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from midi_files import drums, midi_of, write_midi

from partita.data.notes import Note, note_columns, read_notes
from partita.errors import PartitaError

CSV_OF_NOTES = "start_s,end_s,midi_pitch\n0.25,0.5,60\n0.5,1.5,64\n0.5,1.0,67\n"
NOTES = [Note(0.25, 0.5, 60), Note(0.5, 1.0, 67), Note(0.5, 1.5, 64)]


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_a_table_is_read_in_the_order_of_the_starts(tmp_path: Path) -> None:
    assert read_notes(write(tmp_path / "a.csv", CSV_OF_NOTES)) == NOTES


def test_other_columns_a_byte_order_mark_and_spaces_do_not_matter(tmp_path: Path) -> None:
    text = "\ufeffname, midi_pitch, end_s, start_s\nc, 60, 0.5, 0.25\n"
    assert read_notes(write(tmp_path / "a.csv", text)) == NOTES[:1]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no column start_s"),
        ("start_s,end_s\n1,2\n", "no column midi_pitch"),
        ("start_s,end_s,midi_pitch\n1,2,c\n", "line 2 of .* is '1, 2, c', must be numbers"),
        ("start_s,end_s,midi_pitch\n1,2\n", "line 2 of .* must be numbers"),
        ("start_s,end_s,midi_pitch\n1,2,60\n2,1,60\n", "line 3 of .* is from 2.0 s to 1.0 s"),
        ("start_s,end_s,midi_pitch\n1,2,60.5\n", "line 2 of .* a whole number"),
        ("start_s,end_s,midi_pitch\n-1,2,60\n", "line 2 of .* 0 or more"),
        ("start_s,end_s,midi_pitch\n1,inf,60\n", "line 2 of .* to inf s"),
        ("start_s,end_s,midi_pitch\n1,2,128\n", "line 2 of .* must be 0 to 127"),
    ],
)
def test_a_damaged_table_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(PartitaError, match=message) as caught:
        read_notes(write(tmp_path / "a.csv", text))
    assert "\n" not in str(caught.value)


def test_midi_and_csv_of_the_same_notes_give_the_same_columns(tmp_path: Path) -> None:
    midi = read_notes(write_midi(tmp_path / "a.mid", midi_of(NOTES)))
    table = read_notes(write(tmp_path / "a.csv", CSV_OF_NOTES))
    times = np.arange(200) / 100
    assert np.array_equal(note_columns(midi, times), note_columns(table, times))


def test_tempo_changes_are_followed_while_a_note_sounds(tmp_path: Path) -> None:
    tempo = mido.MetaMessage("set_tempo", tempo=1_000_000, time=480)  # from 120 to 60 quarters a minute
    track = mido.MidiTrack([mido.Message("note_on", note=60, velocity=9, time=480), tempo])
    track.append(mido.Message("note_off", note=60, time=480))
    assert read_notes(write_midi(tmp_path / "a.mid", [track])) == [Note(0.5, 2.0, 60)]


def test_the_tempo_of_another_track_counts(tmp_path: Path) -> None:
    tempo = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=250_000, time=0)])
    assert read_notes(write_midi(tmp_path / "a.mid", [tempo, *midi_of(NOTES)]))[0] == Note(0.125, 0.25, 60)


def test_the_pedal_sustains_notes_until_it_is_lifted_or_the_key_is_struck_again(tmp_path: Path) -> None:
    track = mido.MidiTrack(
        [
            mido.Message("control_change", control=64, value=127, time=0),
            mido.Message("note_on", note=60, velocity=9, time=0),
            mido.Message("note_on", note=64, velocity=9, time=0),
            mido.Message("note_on", note=60, velocity=0, time=480),
            mido.Message("note_off", note=64, time=0),
            mido.Message("note_on", note=60, velocity=9, time=480),
            mido.Message("note_off", note=60, time=480),
            mido.Message("control_change", control=64, value=0, time=480),
        ]
    )
    notes = read_notes(write_midi(tmp_path / "a.mid", [track]))
    assert notes == [Note(0.0, 1.0, 60), Note(0.0, 2.0, 64), Note(1.0, 2.0, 60)]


def test_drums_are_left_out_and_notes_without_an_end_last_to_the_end(tmp_path: Path) -> None:
    open_note = mido.MidiTrack([mido.Message("note_on", note=70, velocity=9, time=960)])
    notes = read_notes(write_midi(tmp_path / "a.midi", [drums(), open_note, *midi_of(NOTES)]))
    assert notes == [*NOTES, Note(1.0, 1.5, 70)]


def test_frames_of_time_code_give_seconds(tmp_path: Path) -> None:
    path = write_midi(tmp_path / "a.mid", midi_of([Note(1.0, 2.0, 60)]))  # at ticks 960 and 1920
    data = bytearray(path.read_bytes())
    data[12:14] = bytes([256 - 25, 40])  # 25 frames a second, 40 ticks a frame
    path.write_bytes(data)
    assert read_notes(path) == [Note(0.96, 1.92, 60)]


@pytest.mark.parametrize("name", ["a.mid", "a.csv", "a.txt"])
def test_a_missing_file_and_another_suffix_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(PartitaError, match=r"can't be read|by its name"):
        read_notes(tmp_path / name)


@pytest.mark.parametrize("data", [b"", b"MThd", b"RIFF" * 9, bytes(100)])
def test_what_is_not_midi_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.mid"
    path.write_bytes(data)
    with pytest.raises(PartitaError, match="is not a MIDI file that can be read"):
        read_notes(path)


@settings(max_examples=200)
@given(
    place=st.integers(0, 10_000), value=st.integers(0, 255), cut=st.integers(0, 10_000), whole=st.booleans()
)
def test_a_damaged_midi_file_gives_notes_or_one_line(
    tmp_path_factory: pytest.TempPathFactory, place: int, value: int, cut: int, whole: bool
) -> None:
    path = write_midi(tmp_path_factory.getbasetemp() / "damaged.mid", midi_of(NOTES))
    data = bytearray(path.read_bytes())
    data[place % len(data)] = value
    path.write_bytes(data if whole else data[: cut % len(data)])
    message = ""
    try:
        read_notes(path)
    except PartitaError as error:
        message = str(error)
    assert "\n" not in message


def test_the_notes_beside_real_recordings_are_read(real_recordings: Path) -> None:
    files = sorted(real_recordings.glob("**/*.notes.csv"))
    assert files and all(len(read_notes(file)) > 100 for file in files)
