"""Files that are complete or not there, and what killed writers left behind."""

import errno
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from partita.storage import (
    HAS_LOCKS,
    atomic_file,
    atomic_folder,
    remove_leftovers,
    temporary_file,
    temporary_folder,
    temporary_path,
)

CONTEXTS = [atomic_file, atomic_folder, temporary_file, temporary_folder]

needs_locks = pytest.mark.skipif(not HAS_LOCKS, reason="no file locks here")

WRITER = """
import sys, time
from pathlib import Path
from partita.storage import atomic_file, atomic_folder, temporary_file, temporary_folder
target = Path(sys.argv[1])
with {context}(target) as part:
    print("writing", flush=True)
    time.sleep(60)
"""


def started_writer(target: Path, context: str) -> subprocess.Popen[str]:
    """Return a process that is in the middle of writing."""
    command = [sys.executable, "-c", WRITER.format(context=context), str(target)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None and process.stdout.readline() == "writing\n"
    return process


@needs_locks
@pytest.mark.parametrize("context", ["atomic_file", "atomic_folder", "temporary_file", "temporary_folder"])
def test_leftovers_of_killed_writers_go_and_those_of_living_ones_stay(tmp_path: Path, context: str) -> None:
    with started_writer(tmp_path / "a", context) as process:
        remove_leftovers(tmp_path)
        assert len(list(tmp_path.iterdir())) == 1, "the writer lives: what it writes stays"
        process.kill()
    remove_leftovers(tmp_path, of="b")
    assert len(list(tmp_path.iterdir())) == 1, "another file's leftovers are not asked for"
    remove_leftovers(tmp_path, of="a")
    assert list(tmp_path.iterdir()) == []


CLEANER = """
import sys
from pathlib import Path
from partita.storage import remove_leftovers
print("cleaning", flush=True)
while True:
    remove_leftovers(Path(sys.argv[1]))
"""


@needs_locks
def test_a_cleaner_beside_a_writer_disturbs_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-c", CLEANER, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as cleaner:
        try:
            assert cleaner.stdout is not None and cleaner.stdout.readline() == "cleaning\n"
            end = time.monotonic() + 1
            while time.monotonic() < end:
                with atomic_file(tmp_path / "a", durable=False) as part:
                    time.sleep(0.0002)  # the cleaner's turn
                    assert part.exists()
                with temporary_file(tmp_path / "a") as part:
                    time.sleep(0.0002)
                    assert part.exists()
        finally:
            cleaner.kill()


@needs_locks
@pytest.mark.parametrize("context", CONTEXTS)
@pytest.mark.parametrize("removed", [True, False], ids=["removed", "about to be removed"])
def test_what_was_taken_for_a_leftover_before_it_was_locked_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, context, removed: bool
) -> None:
    import fcntl

    whole, first = os.open, []

    def opens(path, flags, *more, **where):
        handle = whole(path, flags, *more, **where)
        if not first and not flags & os.O_CREAT:
            first.append(Path(path))
            if removed:
                remove_leftovers(tmp_path)
            else:
                cleaners = whole(path, flags)
                fcntl.flock(cleaners, fcntl.LOCK_EX)
                held.append(cleaners)
        return handle

    held: list[int] = []
    monkeypatch.setattr(os, "open", opens)
    with context(tmp_path / "a") as part:
        assert part.exists() and part != first[0]
        assert first[0].exists() is not removed
    for cleaners in held:
        os.close(cleaners)


@needs_locks
@pytest.mark.parametrize("context", CONTEXTS)
def test_a_cleaner_has_the_lock_while_it_removes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, context
) -> None:
    import fcntl

    left = temporary_path(tmp_path / "a")
    if "folder" in context.__name__:
        left.mkdir()
    else:
        left.touch()
    seen = []

    def removes(path: Path) -> None:
        handle = os.open(path, os.O_RDONLY)
        with pytest.raises(BlockingIOError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.close(handle)
        seen.append(path)

    monkeypatch.setattr(Path, "unlink", removes)
    monkeypatch.setattr(shutil, "rmtree", removes)
    remove_leftovers(tmp_path)
    assert seen == [left]


@needs_locks
@pytest.mark.parametrize("context", CONTEXTS)
def test_where_the_file_system_has_no_locks_files_are_written_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, context
) -> None:
    import fcntl

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", refuse)
    with context(tmp_path / "a") as part:
        remove_leftovers(tmp_path)
        assert part.exists()


def test_leftovers_are_looked_for_below_only_when_asked_and_never_through_links(tmp_path: Path) -> None:
    inside, outside = tmp_path / "top" / "in", tmp_path / "elsewhere"
    for folder in (inside, outside):
        folder.mkdir(parents=True)
        temporary_path(folder / "x.json").write_text("{")
    (tmp_path / "top" / "link").symlink_to(outside)
    remove_leftovers(tmp_path / "top")
    assert list(inside.iterdir())
    remove_leftovers(tmp_path / "top", deep=True)
    assert not list(inside.iterdir()) and list(outside.iterdir())


def test_foreign_hidden_files_stay(tmp_path: Path) -> None:
    names = [".a.part", ".a.0123abcd.part.txt", "a.0123abcd.part", ".a.0123ABCD.part", ".hidden"]
    for name in names:
        (tmp_path / name).touch()
    remove_leftovers(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names)
    remove_leftovers(tmp_path / "missing")


def test_a_link_stays_and_what_it_leads_to_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a.txt").write_text("old")
    (tmp_path / "a.txt").symlink_to(tmp_path / "real" / "a.txt")
    with atomic_file(tmp_path / "a.txt") as part:
        part.write_text("new")
    assert (tmp_path / "a.txt").is_symlink() and (tmp_path / "real" / "a.txt").read_text() == "new"
    assert [path.name for path in (tmp_path / "real").iterdir()] == ["a.txt"]


def fail(context, target: Path) -> None:
    """Raise an error in the middle of writing."""
    with context(target) as part:
        (part / "half" if part.is_dir() else part).write_text("half")
        raise ZeroDivisionError


def test_a_failed_block_leaves_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("old")
    with pytest.raises(ZeroDivisionError):
        fail(atomic_file, tmp_path / "a.txt")
    with pytest.raises(ZeroDivisionError):
        fail(atomic_folder, tmp_path / "folder")
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]
    assert (tmp_path / "a.txt").read_text() == "old"
