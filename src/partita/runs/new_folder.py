"""Make the folder of a new run atomically, or fill an empty folder that exists.

This file knows the names of the files of an unfinished run, so that it can remove them. It does not know what
the files contain.
"""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from partita import storage
from partita.errors import PartitaError

LOST_AND_FOUND = "lost+found"  # a folder in the root of a new file system
MOVED_FIRST = ("checkpoints", "metrics.jsonl")  # moved before the last file, in alphabetical order
FIRST_CHECKPOINT = "step-000000"
LAST_SAVED = "last.txt"  # the file that names the checkpoint that was saved last


def is_available(path: Path) -> bool:
    """Return whether a run can be made at a path: the path does not exist or is an empty folder.

    A folder with the files of a process that was killed while it made a run counts as empty.

    Args:
        path: the folder of the new run.

    Raises:
        PartitaError: the path is a link to itself.

    >>> is_available(Path("nowhere")), is_available(Path("/"))
    (True, False)
    """
    if not path.is_dir():
        if path.is_symlink():
            _check_link(path)
        return not path.exists()
    names = _content(path)
    return not names or _is_unfinished(path, names)


def _check_link(link: Path) -> None:
    """Raise an error if a link points to itself."""
    try:
        link.resolve(strict=True)
    except FileNotFoundError:  # the target is created later
        return
    except (OSError, RuntimeError) as error:  # RuntimeError before Python 3.13
        raise PartitaError(f"{link} is a link to itself: give another folder") from error


@contextmanager
def new_folder(path: Path, *, last: str) -> Iterator[Path]:
    """Yield a temporary folder to fill; its content appears at `path` when the block ends without an error.

    If the block fails, nothing appears. A folder that exists is filled and not replaced, because it can be a
    mount point or have its own permissions. A link stays.

    Args:
        path: the folder to make; it does not exist or is empty.
        last: the name of the file that is moved last.

    Raises:
        PartitaError: another process has written to `path` in the meantime.

    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> with new_folder(folder, last="done") as part: _ = (part / "done").write_text("yes")
    >>> [path.name for path in folder.iterdir()]
    ['done']
    """
    path = Path(os.path.realpath(path)) if path.is_symlink() else path
    storage.remove_leftovers(path.parent, of=path.name)
    if path.is_dir():
        with storage.lock_folder(path), _filling(path, last) as part:
            yield part
        return
    try:
        with storage.atomic_folder(path) as part:
            yield part
    except OSError as error:
        if not isinstance(error, FileExistsError) and error.errno != errno.ENOTEMPTY:
            raise
        raise PartitaError(
            f"{path} is now in use by another training run: give another folder with `--out`"
        ) from error


@contextmanager
def _filling(path: Path, last: str) -> Iterator[Path]:
    """Yield a temporary folder inside `path`; move its content into `path` if the block succeeds."""
    if not is_available(path):
        raise PartitaError(f"{path} is now in use by another training run: give another folder with `--out`")
    storage.remove_leftovers(path)
    for name in _content(path):  # of an unfinished run
        _remove(path / name)
    part = storage.temporary_path(path / "run")
    part.mkdir()
    moved: list[Path] = []
    try:
        yield part
        for entry in sorted(part.iterdir(), key=lambda entry: (entry.name == last, entry.name)):
            moved.append(path / entry.name)
            storage.flush_to_disk(entry)
            entry.rename(moved[-1])
        storage.flush_to_disk(path)
    except BaseException:
        for entry in moved:
            _remove(entry)
        raise
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _content(path: Path) -> set[str]:
    """Return the names in a folder, without temporary files and without `lost+found` of a mount point."""
    names = {name for name in os.listdir(path) if not storage.PART_NAME.fullmatch(name)}  # noqa: PTH208
    return names - {LOST_AND_FOUND} if os.path.ismount(path) else names


def _is_unfinished(path: Path, names: set[str]) -> bool:
    """Return whether a folder holds only files of a run that was not completely made, before any update."""
    checkpoints, metrics = (path / name for name in MOVED_FIRST)
    if not names <= set(MOVED_FIRST) or "checkpoints" not in names:
        return False
    steps = {step.name for step in checkpoints.iterdir()} if checkpoints.is_dir() else None
    return steps in ({FIRST_CHECKPOINT}, {FIRST_CHECKPOINT, LAST_SAVED}) and (
        not metrics.exists() or metrics.stat().st_size == 0
    )


def _remove(path: Path) -> None:
    with suppress(OSError):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
