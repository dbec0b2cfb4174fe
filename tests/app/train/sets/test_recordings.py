"""Sets of recordings: hostile names stay inside their folder, nothing is lost, and there is a limit."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partita.app.train.names import clean_name, is_name, unused_name
from partita.app.train.sets.recordings import Recording, RecordingSets
from partita.app.web.errors import BusyError, MissingError
from partita.errors import PartitaError


async def chunks(content: bytes, size: int = 3) -> AsyncIterator[bytes]:
    for at in range(0, len(content), size):
        yield content[at : at + size]


def add(
    sets: RecordingSets, name: str, title: str, content: bytes = b"sound", expected: int = 0
) -> Recording:
    return asyncio.run(sets.add(name, chunks(content), title=title, expected=expected))


@pytest.fixture
def sets(tmp_path: Path) -> RecordingSets:
    return RecordingSets(tmp_path / "recordings", most_bytes=100)


@given(st.text(max_size=60))
def test_any_title_becomes_a_name_that_is_one_folder(title: str) -> None:
    name = clean_name(title, "set")
    assert is_name(name) and Path(name).name == name and 1 <= len(name) <= 40


def test_a_name_that_is_taken_has_a_number(tmp_path: Path) -> None:
    (tmp_path / "Cello").mkdir()
    (tmp_path / "cello-2.log").touch()
    assert unused_name("cello", tmp_path) == "cello-3"


@pytest.mark.parametrize(
    ("title", "stored"),
    [
        ("../../x.wav", "x.wav"),
        ("C:\\music\\x.wav", "x.wav"),
        ("/etc/passwd", "passwd"),
        ("a\x00b\n.flac", "ab.flac"),
        ("..", "file"),
        ("étude \u202e3.wav", "étude 3.wav"),
    ],
)
def test_hostile_names_stay_in_the_folder(sets: RecordingSets, title: str, stored: str) -> None:
    name = sets.make("mine")
    assert add(sets, name, title).name == stored
    assert [path.name for path in sets.folder(name).iterdir()] == [stored]


def test_equal_names_keep_both_and_equal_files_are_kept_once(sets: RecordingSets) -> None:
    name = sets.make("mine")
    assert add(sets, name, "take.wav", b"one").name == "take.wav"
    assert add(sets, name, "disc 2/take.wav", b"two").name == "take-2.wav"
    assert add(sets, name, "take.wav", b"two") == Recording(name="take-2.wav", size=3, known=True)
    assert [one.name for one in sets.files(name)] == ["take-2.wav", "take.wav"]


def test_the_limit_of_all_sets_is_said_and_leaves_nothing(sets: RecordingSets) -> None:
    first, second = sets.make("a"), sets.make("b")
    add(sets, first, "a.wav", bytes(60))
    for expected in (41, 0):  # announced, or found out while it arrives
        with pytest.raises(BusyError, match=r"remove some first"):
            add(sets, second, "b.wav", bytes(41), expected=expected)
    assert sets.files(second) == [] and list(sets.folder(second).iterdir()) == []
    assert add(sets, second, "b.wav", bytes(40), expected=40).size == 40
    assert sets.bytes_left() == 0
    sets.remove(first, "a.wav")
    assert sets.bytes_left() == 60


def test_an_upload_that_breaks_off_leaves_nothing(sets: RecordingSets) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"half"
        raise ConnectionResetError

    name = sets.make("mine")
    with pytest.raises(ConnectionResetError):
        asyncio.run(sets.add(name, broken(), title="a.wav", expected=50))
    assert list(sets.folder(name).iterdir()) == [] and sets.bytes_left() == 100


def test_an_empty_file_is_refused(sets: RecordingSets) -> None:
    with pytest.raises(PartitaError, match=r"a\.wav is empty"):
        add(sets, sets.make("mine"), "a.wav", b"")


@pytest.mark.parametrize("name", ["..", "../mine", "nowhere", "", "mine/../mine"])
def test_only_names_of_sets_are_folders(sets: RecordingSets, name: str) -> None:
    sets.make("mine")
    with pytest.raises(MissingError):
        sets.folder(name)


@pytest.mark.parametrize("file", ["../secret", "..", "nowhere.wav", ""])
def test_only_files_of_the_set_are_removed(sets: RecordingSets, tmp_path: Path, file: str) -> None:
    name = sets.make("mine")
    secret = tmp_path / "recordings" / "secret"
    secret.write_text("kept")
    with pytest.raises(MissingError):
        sets.remove(name, file)
    assert secret.read_text() == "kept" and sets.folder(name).is_dir()


def test_a_set_is_removed_with_its_files_and_no_other(sets: RecordingSets) -> None:
    first, second = sets.make("a"), sets.make("a")
    assert (first, second) == ("a", "a-2")
    add(sets, first, "a.wav")
    sets.remove_set(first)
    assert sets.names() == [second]
