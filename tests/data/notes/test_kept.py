"""Kept notes come back as they were written, and a stretch has the notes that sound in it."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from partita.data.notes import Note
from partita.data.notes.kept import KeptNotes
from partita.errors import PartitaError

times = st.floats(0, 1e5, allow_nan=False)
notes = st.builds(lambda a, b, pitch: Note(min(a, b), max(a, b), pitch), times, times, st.integers(0, 127))


@settings(max_examples=20)
@given(kept=st.dictionaries(st.text(min_size=1, max_size=5), st.lists(notes, max_size=4), max_size=3))
def test_a_round_trip(tmp_path_factory: pytest.TempPathFactory, kept: dict[str, list[Note]]) -> None:
    folder = tmp_path_factory.getbasetemp()
    written = KeptNotes(kept)
    written.write(folder)
    assert KeptNotes.read(folder / written.name, remedy="prepare again") == written


def test_the_name_depends_on_the_notes() -> None:
    one, other = KeptNotes({"a.wav": [Note(0, 1, 60)]}), KeptNotes({"a.wav": [Note(0, 1, 61)]})
    assert one.name != other.name


def test_a_changed_file_is_refused(tmp_path: Path) -> None:
    kept = KeptNotes({"a.wav": [Note(0, 1, 60)]})
    kept.write(tmp_path)
    file = tmp_path / kept.name
    file.write_bytes(file.read_bytes().replace(b"60", b"61"))
    with pytest.raises(PartitaError, match=r"is damaged .* match its name.*: prepare again"):
        KeptNotes.read(file, remedy="prepare again")


@pytest.mark.parametrize(
    ("start", "length", "found"), [(0.0, 0.5, [60]), (0.5, 1.0, [60, 62]), (2.0, 9.0, [62]), (3.0, 1.0, [])]
)
def test_notes_that_sound_in_a_stretch(start: float, length: float, found: list[int]) -> None:
    kept = KeptNotes({"a.wav": [Note(0, 1, 60), Note(1, 2.5, 62)]})
    within = kept.within("a.wav", start, length)
    assert [note.midi_pitch for note in within] == found
    assert all(note.start_s < length and note.end_s >= 0 for note in within)
