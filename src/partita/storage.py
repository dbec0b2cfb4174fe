"""Writing files so that they are complete or not there: write beside, flush to the disk, rename.

A reader never sees half a file, and an interrupted or failed write (a full disk, a killed process) leaves
what was there before. This file does not know what the files mean.
"""

import importlib.util
import json
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

from partita.errors import PartitaError

LOCKS = importlib.util.find_spec("fcntl") is not None  # not on Windows


@contextmanager
def sole_writer(folder: Path) -> Iterator[None]:
    """Keep a folder to this process while the block runs; ends with the process, however that ends.

    Where the file system or the operating system has no such locks nothing is kept.

    Raises:
        PartitaError: another process has the folder.

    >>> import tempfile
    >>> with sole_writer(Path(tempfile.mkdtemp())): print("ours")
    ours
    """
    if not LOCKS:
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


def beside(path: Path) -> Path:
    """Return a fresh hidden name in the same folder, hence on the same file system, as `path`.

    >>> beside(Path("a/b.json")).parent == Path("a"), beside(Path("a/b.json")).name.startswith(".b.json.")
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


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a path beside `path` to write to; it takes `path`'s place when the block ends without an error.

    >>> import tempfile
    >>> target = Path(tempfile.mkdtemp()) / "notes.txt"
    >>> with replacing(target) as part: _ = part.write_text("done")
    >>> target.read_text(), len(list(target.parent.iterdir()))
    ('done', 1)
    """
    part = beside(path)
    try:
        yield part
        flush_to_disk(part)
        part.replace(path)
        flush_to_disk(path.parent)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def replacing_folder(path: Path) -> Iterator[Path]:
    """Yield a fresh folder beside `path` to fill; it is renamed to `path`, which must not exist, when the
    block succeeds.

    Raises:
        FileExistsError: `path` exists when the block ends.
    """
    part = beside(path)
    part.mkdir(parents=True)
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
    """Write a text file, complete or not at all."""
    with replacing(path) as part:
        part.write_text(text, encoding="utf-8")


def write_json(path: Path, value: Any) -> None:
    """Write a JSON file, complete or not at all; NaN and infinity are refused, since JSON has none.

    >>> import tempfile
    >>> target = Path(tempfile.mkdtemp()) / "a.json"
    >>> write_json(target, {"bits": 4.5}); json.loads(target.read_text())
    {'bits': 4.5}
    """
    write_text(path, json.dumps(value, indent=2, allow_nan=False) + "\n")


def digest(path: Path) -> str:
    """Return 16 hexadecimal digits that tell a file's content from any other.

    >>> import tempfile
    >>> target = Path(tempfile.mkdtemp()) / "a.txt"
    >>> write_text(target, "abc"); digest(target)
    'ba7816bf8f01cfea'
    """
    return sha256(path.read_bytes()).hexdigest()[:16]


def read_json(path: Path, *, remedy: str) -> dict[str, Any]:
    """Return the table in a JSON file.

    Args:
        path: the file.
        remedy: what to do about a file that is damaged.

    Raises:
        PartitaError: it holds no table.
        OSError: it can't be opened.

    >>> import tempfile
    >>> target = Path(tempfile.mkdtemp()) / "scores.json"
    >>> write_json(target, {"bits": 4.5}); read_json(target, remedy="remove it")
    {'bits': 4.5}
    """
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:  # UnicodeDecodeError is one
        raise PartitaError(f"{path} is damaged ({error}): {remedy}") from error
    if not isinstance(table, dict):
        raise PartitaError(f"{path} is damaged (no table): {remedy}")
    return table
