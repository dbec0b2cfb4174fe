"""Recordings whose names are not UTF-8 are prepared, and the index holds escaped names."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from partita.data.corpus import Corpus
from partita.data.preparation.prepare import PrepareConfig, prepare
from partita.data.preparation.summary import corpus_notes

Tone = Callable[..., np.ndarray]
pytestmark = pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="names there are text")
NO_TEXT = os.fsdecode(b"m\xe9lodies")
NAME = "m\\xe9lodies/take2.wav"


@pytest.fixture
def two(tmp_path: Path, tone: Tone) -> list[Path]:
    """A folder with a plain name and one in Latin-1, a recording in each."""
    folders = [tmp_path / "plain", tmp_path / NO_TEXT]
    for number, where in enumerate(folders, 1):
        where.mkdir()
        soundfile.write(os.fsencode(where / f"take{number}.wav"), tone(4, pitch=300 * number), 8000)
    return folders


def test_a_folder_whose_name_is_not_utf8_is_used(two: list[Path], tmp_path: Path) -> None:
    config = PrepareConfig(sample_rate=8000)
    corpus = prepare(two, tmp_path / "c", config)
    assert not corpus.index["skipped"]
    assert {entry["source"] for entry in corpus.index["recordings"]} == {"plain/take1.wav", NAME}
    assert Corpus.open(tmp_path / "c").index == corpus.index
    assert prepare(two, tmp_path / "c", config).fingerprint == corpus.fingerprint


@pytest.mark.parametrize("word", [NAME, f"{NO_TEXT}/take2.wav", f"{NO_TEXT}/*", "take2.wav"])
def test_a_recording_is_found_by_its_name_and_by_its_escaped_name(
    two: list[Path], tmp_path: Path, word: str
) -> None:
    corpus = prepare(two, tmp_path / "c", PrepareConfig(sample_rate=8000, test=(word,)))
    held_out = {entry["source"] for entry in corpus.index["recordings"] if entry["split"] == "test"}
    assert held_out == {NAME}


def test_of_two_equal_escaped_names_one_is_skipped(two: list[Path], tmp_path: Path, tone: Tone) -> None:
    same = tmp_path / "m\\xe9lodies"
    same.mkdir()
    soundfile.write(same / "take2.wav", tone(4, pitch=900), 8000)
    corpus = prepare([*two, same], tmp_path / "c", PrepareConfig(sample_rate=8000))
    assert len({entry["source"] for entry in corpus.index["recordings"]}) == 2
    assert any("rename it" in line for line in corpus_notes(corpus.index))
