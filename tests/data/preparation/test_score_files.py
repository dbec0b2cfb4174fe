"""`prepare --notes` keeps the notes beside recordings, says which have none, and replaces them as a whole."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from midi_files import midi_of, write_midi

from partita.data.corpus import Corpus
from partita.data.notes import Note, read_notes
from partita.data.notes.kept import NOTES_NAME
from partita.data.preparation.prepare import PrepareConfig, prepare
from partita.errors import PartitaError

NOTES = [Note(0.5, 1.0, 60), Note(1.0, 2.5, 64)]
CONFIG = PrepareConfig(sample_rate=8000, notes=True)
CSV = "start_s,end_s,midi_pitch\n0.5,1.0,60\n1.0,2.5,64\n"


@pytest.fixture
def scored(tmp_path: Path, tone: Callable[..., np.ndarray]) -> Path:
    """Three recordings: one with a table, one with MIDI, one with neither."""
    folder = tmp_path / "recordings"
    folder.mkdir()
    for number, name in enumerate("abc"):
        soundfile.write(folder / f"{name}.wav", tone(3, pitch=300 + number), 8000)
    (folder / "a.notes.csv").write_text(CSV)
    write_midi(folder / "b.mid", midi_of(NOTES))
    return folder


def notes_of(corpus: Corpus) -> dict[str, list[Note]]:
    """Return the notes of all segments by the name of the recording, in seconds from its start."""
    found: dict[str, list[Note]] = {}
    for split in ("train", "validation", "test"):
        for segment in corpus.segments(split):
            shifted = [note.shifted(segment.source_start_s) for note in corpus.notes(segment)]
            found.setdefault(corpus.source(segment), []).extend(shifted)
    return found


def test_notes_beside_recordings_are_kept_and_missing_ones_are_named(scored: Path, tmp_path: Path) -> None:
    corpus = prepare([scored], tmp_path / "corpus", CONFIG)
    assert corpus.has_notes
    for one in (corpus, Corpus.open(corpus.path)):
        assert set(notes_of(one)["a.wav"]) == set(notes_of(one)["b.wav"]) == set(NOTES)
        assert notes_of(one)["c.wav"] == []
    assert any(line.startswith("c.wav: it has no notes") for line in corpus.index["warnings"])
    assert corpus.index["skipped"] == []


def test_notes_that_are_damaged_are_left_out_with_the_reason(scored: Path, tmp_path: Path) -> None:
    (scored / "b.mid").write_bytes(b"nothing")
    corpus = prepare([scored], tmp_path / "corpus", CONFIG)
    (line,) = [line for line in corpus.index["warnings"] if line.startswith("b.wav")]
    assert "its notes are left out: " in line and "is not a MIDI file" in line and "\n" not in line


def test_no_notes_at_all_is_an_error(scored: Path, tmp_path: Path) -> None:
    for name in ("a.notes.csv", "b.mid"):
        (scored / name).unlink()
    with pytest.raises(PartitaError, match="`notes` is on, but no recording has notes"):
        prepare([scored], tmp_path / "corpus", CONFIG)


def test_without_the_option_nothing_is_kept(scored: Path, tmp_path: Path) -> None:
    corpus = prepare([scored], tmp_path / "corpus", PrepareConfig(sample_rate=8000))
    assert not corpus.has_notes and not any(notes_of(corpus).values())
    assert "give --notes" in str(corpus.index["skipped"]), "notes are no damaged recordings"
    assert [path for path in corpus.path.iterdir() if NOTES_NAME.fullmatch(path.name)] == []


def test_changed_notes_replace_the_old_ones_and_an_open_corpus_keeps_its_own(
    scored: Path, tmp_path: Path
) -> None:
    old = prepare([scored], tmp_path / "corpus", CONFIG)
    opened = Corpus.open(old.path)
    (scored / "a.notes.csv").write_text("start_s,end_s,midi_pitch\n0.25,2.0,72\n")
    new = prepare([scored], tmp_path / "corpus", CONFIG)
    assert new.fingerprint != old.fingerprint
    assert new.index["store"] == old.index["store"], "the sound was prepared again"
    assert set(notes_of(opened)["a.wav"]) == set(NOTES)
    assert set(notes_of(new)["a.wav"]) == {Note(0.25, 2.0, 72)}
    kept = [path.name for path in new.path.iterdir() if NOTES_NAME.fullmatch(path.name)]
    assert kept == [new.index["notes"]]
    again = prepare([scored], tmp_path / "corpus", CONFIG)
    assert again.index == new.index
    without = prepare([scored], tmp_path / "corpus", PrepareConfig(sample_rate=8000))
    assert not without.has_notes
    assert [path for path in new.path.iterdir() if NOTES_NAME.fullmatch(path.name)] == []


@pytest.mark.parametrize("damage", [b"", b"{}", None])
def test_a_damaged_file_of_notes_is_refused_and_prepared_again(
    scored: Path, tmp_path: Path, damage: bytes | None
) -> None:
    corpus = prepare([scored], tmp_path / "corpus", CONFIG)
    file = corpus.path / corpus.index["notes"]
    if damage is None:
        file.unlink()
    else:
        file.write_bytes(damage)
    with pytest.raises(PartitaError, match=r"can't be read|is damaged"):
        Corpus.open(corpus.path)
    prepare([scored], tmp_path / "corpus", CONFIG)
    assert set(notes_of(Corpus.open(corpus.path))["a.wav"]) == set(NOTES)


def test_a_file_that_the_writer_did_not_make_is_not_removed(scored: Path, tmp_path: Path) -> None:
    corpus = prepare([scored], tmp_path / "corpus", CONFIG)
    mine = corpus.path / "notes-0123456789abcdef.json"
    mine.write_text("mine")
    prepare([scored], tmp_path / "corpus", CONFIG)
    assert mine.read_text() == "mine"


def test_notes_of_real_recordings_are_where_the_sound_is(real_recordings: Path, tmp_path: Path) -> None:
    recording = real_recordings / "bach-violin/john-garner/john-garner_bwv1002_mov7.mp3"
    config = PrepareConfig(sample_rate=16000, notes=True, trim=False, validation_seconds=5.0)
    corpus = prepare([recording], tmp_path / "corpus", config)
    (segment,) = corpus.segments("train")[:1]
    notes, sound = corpus.notes(segment), corpus.samples[segment.offset :][: segment.length]
    whole = read_notes(recording.with_suffix("").with_name(f"{recording.stem}.notes.csv"))
    assert len(notes) > 0.8 * len(whole)
    first = round(notes[0].start_s * 16000)
    loud = np.abs(sound[first : first + 8000].astype(float)).mean()
    assert loud > 5 * np.abs(sound[: first - 4000].astype(float)).mean()
