"""Where a new run goes: a folder of its own that appears whole, or an empty one that is there already.

This file does not know what a run is, but for the file that makes it one.
"""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from partita import storage
from partita.errors import PartitaError

MOUNTED = "lost+found"  # what a new file system has in its top folder
BEGUN = ("checkpoints", "metrics.jsonl")  # what comes before the last file, in the order of their names
FIRST = "step-000000"
LAST = "last.txt"  # the name of the checkpoint that was saved last


def is_available(path: Path) -> bool:
    """Return whether a run may be made at a path: nothing is there, or an empty folder.

    What a process left that was killed while it made a run counts as nothing.

    >>> is_available(Path("nowhere")), is_available(Path("/"))
    (True, False)
    """
    if not path.is_dir():
        if path.is_symlink():
            _refuse_loop(path)
        return not path.exists()
    names = _content(path)
    return not names or _is_begun(path, names)


def _refuse_loop(link: Path) -> None:
    """Refuse a link that leads back to itself, in which no folder can be made."""
    try:
        link.resolve(strict=True)
    except FileNotFoundError:  # where it leads to is made
        return
    except (OSError, RuntimeError) as error:  # RuntimeError before Python 3.13
        raise PartitaError(f"{link} is a link that leads back to itself: give another folder") from error


@contextmanager
def new_folder(path: Path, *, last: str) -> Iterator[Path]:
    """Yield a folder to fill; what is in it is at `path` when the block succeeds, and else nothing is.

    A folder that is there already is filled, never replaced, so that it may be a mount point or have rights
    of its own; a link stays.

    Args:
        path: where to; nothing, or an empty folder.
        last: the name of the file that appears last.

    Raises:
        PartitaError: another process has put something there in the meantime.

    >>> import tempfile
    >>> home = Path(tempfile.mkdtemp())
    >>> with new_folder(home, last="done") as part: _ = (part / "done").write_text("yes")
    >>> [path.name for path in home.iterdir()]
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
            f"{path} appeared while this run was made: another training took it; give another folder with"
            " `--out`"
        ) from error


@contextmanager
def _filling(path: Path, last: str) -> Iterator[Path]:
    """Yield a hidden folder inside `path`, whose content is moved up when the block succeeds."""
    if not is_available(path):
        raise PartitaError(f"{path} was taken by another training: give another folder with `--out`")
    storage.remove_leftovers(path)
    for name in _content(path):  # of one that was begun
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
    """Return the names in a folder, but for leftovers and for what a new file system has."""
    names = {name for name in os.listdir(path) if not storage.PART_NAME.fullmatch(name)}  # noqa: PTH208
    return names - {MOUNTED} if os.path.ismount(path) else names


def _is_begun(path: Path, names: set[str]) -> bool:
    """Return whether a folder holds the first parts of a run that was never there: no step was made."""
    checkpoints, metrics = (path / name for name in BEGUN)
    if not names <= set(BEGUN) or "checkpoints" not in names:
        return False
    steps = {step.name for step in checkpoints.iterdir()} if checkpoints.is_dir() else None
    return steps in ({FIRST}, {FIRST, LAST}) and (not metrics.exists() or metrics.stat().st_size == 0)


def _remove(path: Path) -> None:
    with suppress(OSError):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
