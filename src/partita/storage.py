"""Write files and folders atomically: write to a temporary path, flush to the disk, rename.

A reader never sees an incomplete file. A write that fails or is interrupted (a full disk, a killed process)
leaves the previous content. This file does not know what the files mean.
"""

import errno
import importlib.util
import json
import os
import re
import shutil
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from partita.errors import PartitaError

HAS_LOCKS = importlib.util.find_spec("fcntl") is not None  # not on Windows
PART_NAME = re.compile(r"\.(?P<name>.+)\.[0-9a-f]{8}\.part", re.DOTALL)
DISK_FULL_ERRORS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""Error numbers of the operating system for a full disk, a full quota and a file that is too large."""
LEFTOVER_AGE = 3600.0  # seconds; without locks, an older temporary file counts as a leftover


@contextmanager
def lock_folder(folder: Path) -> Iterator[None]:
    """Lock a folder for this process while the block runs.

    The operating system releases the lock when the process ends, also if it is killed. Without support for
    locks (Windows, some file systems) the block runs without a lock.

    Args:
        folder: an existing folder.

    Raises:
        PartitaError: another process holds the lock.

    >>> import tempfile
    >>> with lock_folder(Path(tempfile.mkdtemp())): print("locked")
    locked
    """
    if not HAS_LOCKS:
        yield
        return
    fcntl = importlib.import_module("fcntl")
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise PartitaError(
            f"another partita is writing to {folder}: wait until it is done, or give another folder"
        ) from None
    except OSError:
        pass  # the file system has no locks
    try:
        yield
    finally:
        os.close(handle)


def temporary_path(path: Path) -> Path:
    """Return a new hidden name in the same folder as `path`, and therefore on the same file system.

    >>> temporary = temporary_path(Path("a/b.json"))
    >>> temporary.parent == Path("a"), temporary.name.startswith(".b.json.")
    (True, True)
    """
    return path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.part")


def flush_to_disk(path: Path) -> None:
    """Wait until the operating system has written a file or a folder to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def remove_leftovers(folder: Path, *, of: str | None = None, deep: bool = False) -> None:
    """Remove the temporary files and folders of processes that were killed.

    Files that a running process is writing are not removed: `atomic_file` and the other functions hold a lock
    on them. A folder that is missing or can't be read is skipped, and so is a file that can't be removed.

    Args:
        folder: the folder to search.
        of: the name of the file or folder that was being written; None for any.
        deep: search all subfolders too; links are not followed.

    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = temporary_path(folder / "a.wav").write_bytes(b"RIFF")
    >>> remove_leftovers(folder, of="b.wav"); len(list(folder.iterdir()))
    1
    >>> remove_leftovers(folder); len(list(folder.iterdir()))
    0
    """
    for where, folders, files in os.walk(folder):
        for name in (*folders, *files):
            found = PART_NAME.fullmatch(name)
            if found and of in (None, found["name"]):
                _clear(Path(where, name))
        folders[:] = [name for name in folders if deep and not PART_NAME.fullmatch(name)]


def _clear(part: Path) -> None:
    """Remove a temporary file or folder unless a running process is writing it."""
    with suppress(OSError):
        if not HAS_LOCKS:
            if time.time() - part.lstat().st_mtime >= LEFTOVER_AGE:
                _remove(part)
            return
        handle = os.open(part, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            if _lock(handle):
                _remove(part)  # while locked: otherwise a new writer could take it first
        finally:
            os.close(handle)


def _remove(part: Path) -> None:
    if part.is_dir():
        shutil.rmtree(part)
    else:
        part.unlink()


def _lock(handle: int) -> bool | None:
    """Lock an open file; return False if another process holds the lock, None if locks are not supported."""
    fcntl = importlib.import_module("fcntl")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


@contextmanager
def _held(path: Path, make: Callable[[Path], None]) -> Iterator[Path]:
    """Make a temporary file or folder beside `path`, and lock it so that `remove_leftovers` skips it."""
    if not HAS_LOCKS:
        part = temporary_path(path)
        make(part)
        yield part
        return
    part, handle = _made_and_locked(path, make)
    try:
        yield part
    finally:
        os.close(handle)


def _made_and_locked(path: Path, make: Callable[[Path], None]) -> tuple[Path, int]:
    """Make a temporary file or folder; return it with the descriptor that holds its lock.

    Another process may remove the new file as a leftover before it is locked. The function then makes another
    one. It checks that the name exists, which is enough because the name is new. It does not compare inodes,
    because some file systems change them.
    """
    while True:
        part = temporary_path(path)
        make(part)
        with suppress(FileNotFoundError):
            handle = os.open(part, os.O_RDONLY)
            if _lock(handle) is not False and part.exists():
                return part, handle
            os.close(handle)


@contextmanager
def atomic_file(
    path: Path, *, durable: bool = True, redirect: Callable[[Path], Path] | None = None
) -> Iterator[Path]:
    """Yield a temporary path to write to, and rename it to `path` when the block ends without an error.

    If the block fails, the temporary file is removed and `path` is unchanged. If `path` is a link, its target
    is replaced and the link stays.

    Args:
        path: the file to replace or to create.
        durable: wait until the content is on the disk, so that it survives a power failure.
        redirect: a function called just before the rename with `path` (or the target of the link). It returns
            the path in the same folder to replace instead.

    >>> import tempfile
    >>> target = Path(tempfile.mkdtemp()) / "notes.txt"
    >>> with atomic_file(target) as part: _ = part.write_text("done")
    >>> target.read_text(), len(list(target.parent.iterdir()))
    ('done', 1)
    """
    if path.is_symlink():
        path = path.resolve()
    with _held(path, lambda part: part.touch(exist_ok=False)) as part:
        try:
            yield part
            if durable:
                flush_to_disk(part)
            part.replace(path if redirect is None else redirect(path))
            if durable:
                flush_to_disk(path.parent)
        finally:
            part.unlink(missing_ok=True)


@contextmanager
def temporary_file(path: Path) -> Iterator[Path]:
    """Yield an empty temporary file beside `path`, which is removed when the block ends.

    If the process is killed, `remove_leftovers` later removes the file as a leftover of `path`.

    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> with temporary_file(folder / "a") as file: len(list(folder.iterdir()))
    1
    >>> len(list(folder.iterdir()))
    0
    """
    with _held(path, lambda part: part.touch(mode=0o600, exist_ok=False)) as part:
        try:
            yield part
        finally:
            part.unlink(missing_ok=True)


@contextmanager
def temporary_folder(path: Path) -> Iterator[Path]:
    """Yield an empty temporary folder beside `path`, which is removed with its content when the block ends.

    If the process is killed, `remove_leftovers` later removes the folder as a leftover of `path`.

    >>> import tempfile
    >>> parent = Path(tempfile.mkdtemp())
    >>> with temporary_folder(parent / "a") as folder: _ = (folder / "b").write_text("half")
    >>> len(list(parent.iterdir()))
    0
    """
    with _held(path, lambda part: part.mkdir()) as part:
        try:
            yield part
        finally:
            shutil.rmtree(part, ignore_errors=True)


@contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """Yield an empty temporary folder, and rename it to `path` when the block ends without an error.

    If the block fails, the temporary folder is removed.

    Args:
        path: the folder to create; it must not exist.

    Raises:
        FileExistsError: `path` exists when the block ends.
    """
    with _held(path, lambda part: part.mkdir(parents=True)) as part:
        try:
            yield part
            for file in part.rglob("*"):
                if file.is_file():
                    flush_to_disk(file)
            flush_to_disk(part)
            if path.exists():
                raise FileExistsError(f"{path} exists already")
            part.rename(path)
            flush_to_disk(path.parent)
        finally:
            shutil.rmtree(part, ignore_errors=True)


def write_text(path: Path, text: str) -> None:
    """Write a text file atomically, in UTF-8; characters that UTF-8 can't encode are written as escapes."""
    with atomic_file(path) as part:
        part.write_text(text, encoding="utf-8", errors="backslashreplace")


def write_json(path: Path, value: Any) -> None:
    """Write a JSON file atomically.

    Raises:
        ValueError: the value contains NaN or infinity, which JSON can't represent.

    >>> import tempfile
    >>> target = Path(tempfile.mkdtemp()) / "a.json"
    >>> write_json(target, {"bits": 4.5}); json.loads(target.read_text())
    {'bits': 4.5}
    """
    write_text(path, json.dumps(value, indent=2, allow_nan=False) + "\n")
