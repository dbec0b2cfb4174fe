"""Writing files so that they are complete or not there: write beside, flush to the disk, rename.

A reader never sees half a file, and an interrupted or failed write (a full disk, a killed process) leaves
what was there before. This file does not know what the files mean.
"""

import errno
import hashlib
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
"""What the operating system says where a disk, a quota or a file can hold no more."""
FORGOTTEN = 3600.0  # seconds after which a leftover is taken for one where no lock can tell


@contextmanager
def lock_folder(folder: Path) -> Iterator[None]:
    """Keep a folder to this process while the block runs; ends with the process, however that ends.

    Where the file system or the operating system has no such locks nothing is kept.

    Raises:
        PartitaError: another process has the folder.

    >>> import tempfile
    >>> with lock_folder(Path(tempfile.mkdtemp())): print("ours")
    ours
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
            f"another partita is writing to {folder}: wait until it is done, or name another folder"
        ) from None
    except OSError:
        pass  # no locks here
    try:
        yield
    finally:
        os.close(handle)


def temporary_path(path: Path) -> Path:
    """Return a fresh hidden name in the same folder, hence on the same file system, as `path`.

    >>> temporary_path(Path("a/b.json")).parent == Path("a"), temporary_path(Path("a/b.json")).name.startswith(".b.json.")
    (True, True)
    """
    return path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.part")


def flush_to_disk(path: Path) -> None:
    """Ask the operating system to put a file's or a folder's content on the disk now."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def remove_leftovers(folder: Path, *, of: str | None = None, deep: bool = False) -> None:
    """Remove what writers that were killed left beside the files and folders that they were writing.

    What a living process is writing stays: `atomic_file` and `atomic_folder` hold a lock on it. A folder
    that is missing or can't be read is left alone, as is a leftover that can't be removed.

    Args:
        folder: where to look.
        of: the name of the file or folder that was being written; None for any.
        deep: look into all folders below too; links are not followed.

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
    """Remove a leftover that no living process is writing."""
    with suppress(OSError):
        if not HAS_LOCKS:
            if time.time() - part.lstat().st_mtime >= FORGOTTEN:
                _remove(part)
            return
        handle = os.open(part, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            if _lock(handle):
                _remove(part)  # before the lock is given back: a writer may have just made it
        finally:
            os.close(handle)


def _remove(part: Path) -> None:
    if part.is_dir():
        shutil.rmtree(part)
    else:
        part.unlink()


def _lock(handle: int) -> bool | None:
    """Lock an open file for this process; False where another has it, None where there are no locks."""
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
    """Make a fresh file or folder beside `path`, and lock it so that `remove_leftovers` lets it be."""
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
    """Return a fresh file or folder, and the descriptor that holds its lock.

    Another process may take it for a leftover before it is locked: then it is gone, or locked by the one
    that removes it, and another is made. Its name is fresh, so what has the name is what was made; inodes
    are not compared, since some file systems make up new ones.
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
    """Yield a path beside `path` to write to; it takes `path`'s place when the block ends without an error.

    A link stays: what it leads to is replaced.

    Args:
        path: the file to replace or to make.
        durable: wait until the content is on the disk, so that a power cut can't lose it.
        redirect: called with the path (a link's target) just before it is replaced; returns the path in the
            same folder that is replaced instead.

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
    """Yield an empty file beside `path` to write to, which is removed when the block ends.

    What a killed process leaves, `remove_leftovers` finds as a leftover of `path`.

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
    """Yield an empty folder beside `path`, which is removed with what is in it when the block ends.

    What a killed process leaves, `remove_leftovers` finds as a leftover of `path`.

    >>> import tempfile
    >>> home = Path(tempfile.mkdtemp())
    >>> with temporary_folder(home / "a") as folder: _ = (folder / "b").write_text("half")
    >>> len(list(home.iterdir()))
    0
    """
    with _held(path, lambda part: part.mkdir()) as part:
        try:
            yield part
        finally:
            shutil.rmtree(part, ignore_errors=True)


@contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """Yield a fresh folder beside `path` to fill; it is renamed to `path`, which must not exist, when the
    block succeeds.

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
    """Write a text file, complete or not at all; what UTF-8 can't hold is written as an escape."""
    with atomic_file(path) as part:
        part.write_text(text, encoding="utf-8", errors="backslashreplace")


def write_json(path: Path, value: Any) -> None:
    """Write a JSON file, complete or not at all; NaN and infinity are refused, since JSON has none.

    >>> import tempfile
    >>> target = Path(tempfile.mkdtemp()) / "a.json"
    >>> write_json(target, {"bits": 4.5}); json.loads(target.read_text())
    {'bits': 4.5}
    """
    write_text(path, json.dumps(value, indent=2, allow_nan=False) + "\n")


def file_digest(path: Path) -> str:
    """Return 16 hexadecimal digits that tell a file's content from any other.

    >>> import tempfile
    >>> target = Path(tempfile.mkdtemp()) / "a.txt"
    >>> write_text(target, "abc"); file_digest(target)
    'ba7816bf8f01cfea'
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]
