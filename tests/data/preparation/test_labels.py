"""Labels are read from file names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partita.data.preparation.labels import label_parser, read_label
from partita.errors import PartitaError

PLAIN = st.text("abcXYZ0123456789", min_size=1)


@given(PLAIN, PLAIN, PLAIN)
def test_fields_are_read_from_the_file_name(digit: str, speaker: str, take: str) -> None:
    parser = label_parser("{digit}_{speaker}_{take}")
    name = f"some/where/{digit}_{speaker}_{take}.wav"
    assert read_label(parser, name) == {"digit": digit, "speaker": speaker, "take": take}


def test_a_pattern_with_a_slash_reads_the_folder() -> None:
    parser = label_parser("{player}/bwv{work}_{movement}")
    label = {"player": "ann", "work": "1002", "movement": "mov6"}
    assert read_label(parser, "set/ann/bwv1002_mov6.mp3") == label
    assert read_label(parser, "bwv1002_mov6.mp3") is None


def test_dots_and_brackets_are_matched_literally() -> None:
    assert read_label(label_parser("take.[{n}]"), "take.[3].wav") == {"n": "3"}
    assert read_label(label_parser("take.{n}"), "takes3.wav") is None


@pytest.mark.parametrize("pattern", ["plain", "{a}_{a}", "{a b}", "{}", "{a", "{0}"])
def test_refuses(pattern: str) -> None:
    with pytest.raises(PartitaError, match="labels"):
        label_parser(pattern)
