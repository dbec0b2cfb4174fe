"""Atomic writes, and the removal of temporary files of killed processes."""

import errno
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
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

Writer = Callable[[Path], AbstractContextManager[Path]]
CONTEXTS: list[Writer] = [atomic_file, atomic_folder, temporary_file, temporary_folder]

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


def start_writer(target: Path, context: str) -> subprocess.Popen[str]:
    """Start a process and return it while it is writing."""
    command = [sys.executable, "-c", WRITER.format(context=context), str(target)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None and process.stdout.readline() == "writing\n"
    return process


@needs_locks
@pytest.mark.parametrize("context", ["atomic_file", "atomic_folder", "temporary_file", "temporary_folder"])
def test_leftovers_of_killed_writers_are_removed_and_files_of_running_writers_stay(
    tmp_path: Path, context: str
) -> None:
    with start_writer(tmp_path / "a", context) as process:
        remove_leftovers(tmp_path)
        assert len(list(tmp_path.iterdir())) == 1, "the writer is running: its file stays"
        process.kill()
    remove_leftovers(tmp_path, of="b")
    assert len(list(tmp_path.iterdir())) == 1, "only leftovers of `b` are removed"
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
def test_removing_leftovers_does_not_disturb_a_running_writer(tmp_path: Path) -> None:
    command = [sys.executable, "-c", CLEANER, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as cleaner:
        try:
            assert cleaner.stdout is not None and cleaner.stdout.readline() == "cleaning\n"
            end = time.monotonic() + 1
            while time.monotonic() < end:
                with atomic_file(tmp_path / "a", durable=False) as part:
                    time.sleep(0.0002)  # lets the cleaner run
                    assert part.exists()
                with temporary_file(tmp_path / "a") as part:
                    time.sleep(0.0002)
                    assert part.exists()
        finally:
            cleaner.kill()


@needs_locks
@pytest.mark.parametrize("context", CONTEXTS)
@pytest.mark.parametrize("removed", [True, False], ids=["removed", "about to be removed"])
def test_a_file_removed_before_it_is_locked_is_created_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, context: Writer, removed: bool
) -> None:
    import fcntl

    real_open = os.open
    first: list[Path] = []

    def open_after_cleaner(path: Path, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        handle = real_open(path, flags, mode, dir_fd=dir_fd)
        if not first and not flags & os.O_CREAT:
            first.append(Path(path))
            if removed:
                remove_leftovers(tmp_path)
            else:
                cleaners = real_open(path, flags)
                fcntl.flock(cleaners, fcntl.LOCK_EX)
                held.append(cleaners)
        return handle

    held: list[int] = []
    monkeypatch.setattr(os, "open", open_after_cleaner)
    with context(tmp_path / "a") as part:
        assert part.exists() and part != first[0]
        assert first[0].exists() is not removed
    for cleaners in held:
        os.close(cleaners)


@needs_locks
@pytest.mark.parametrize("context", CONTEXTS)
def test_a_leftover_is_locked_while_it_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, context: Writer
) -> None:
    import fcntl

    left = temporary_path(tmp_path / "a")
    if context in (atomic_folder, temporary_folder):
        left.mkdir()
    else:
        left.touch()
    removed = []

    def remove(path: Path) -> None:
        handle = os.open(path, os.O_RDONLY)
        with pytest.raises(BlockingIOError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.close(handle)
        removed.append(path)

    monkeypatch.setattr(Path, "unlink", remove)
    monkeypatch.setattr(shutil, "rmtree", remove)
    remove_leftovers(tmp_path)
    assert removed == [left]


@needs_locks
@pytest.mark.parametrize("context", CONTEXTS)
def test_files_are_written_if_the_file_system_has_no_locks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, context: Writer
) -> None:
    import fcntl

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", refuse)
    with context(tmp_path / "a") as part:
        remove_leftovers(tmp_path)
        assert part.exists()


def test_subfolders_are_searched_only_if_deep_and_links_are_not_followed(tmp_path: Path) -> None:
    inside, outside = tmp_path / "top" / "in", tmp_path / "elsewhere"
    for folder in (inside, outside):
        folder.mkdir(parents=True)
        temporary_path(folder / "x.json").write_text("{")
    (tmp_path / "top" / "link").symlink_to(outside)
    remove_leftovers(tmp_path / "top")
    assert list(inside.iterdir())
    remove_leftovers(tmp_path / "top", deep=True)
    assert not list(inside.iterdir()) and list(outside.iterdir())


def test_other_hidden_files_stay(tmp_path: Path) -> None:
    names = [".a.part", ".a.0123abcd.part.txt", "a.0123abcd.part", ".a.0123ABCD.part", ".hidden"]
    for name in names:
        (tmp_path / name).touch()
    remove_leftovers(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names)
    remove_leftovers(tmp_path / "missing")


def test_a_link_stays_and_its_target_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a.txt").write_text("old")
    (tmp_path / "a.txt").symlink_to(tmp_path / "real" / "a.txt")
    with atomic_file(tmp_path / "a.txt") as part:
        part.write_text("new")
    assert (tmp_path / "a.txt").is_symlink() and (tmp_path / "real" / "a.txt").read_text() == "new"
    assert [path.name for path in (tmp_path / "real").iterdir()] == ["a.txt"]


def fail(context: Writer, target: Path) -> None:
    """Raise an error in the middle of writing."""
    with context(target) as part:
        (part / "half" if part.is_dir() else part).write_text("half")
        raise ZeroDivisionError


def test_a_failed_block_leaves_the_previous_content(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("old")
    with pytest.raises(ZeroDivisionError):
        fail(atomic_file, tmp_path / "a.txt")
    with pytest.raises(ZeroDivisionError):
        fail(atomic_folder, tmp_path / "folder")
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]
    assert (tmp_path / "a.txt").read_text() == "old"
