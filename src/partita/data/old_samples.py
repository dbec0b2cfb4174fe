"""Removing the old store of a corpus folder, also when its writer is killed before it can.

A writer notes the old and the new store, with their sizes, before it changes anything. Later the one that the
index names stays and the other goes. No file that was not noted is ever removed.
"""

import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

from partita.data.index import STORE, read_index
from partita.errors import PartitaError
from partita.storage import write_json
from partita.tables import read_json

NOTE = "stores.json"


def note_stores(scratch: Path, samples: dict[str, int]) -> None:
    """Note the stores of which only one is to stay, beside those that are noted already.

    Args:
        scratch: the writer's scratch folder.
        samples: a store's name to how many samples it holds.
    """
    write_json(scratch / NOTE, _noted(scratch) | samples)


def remove_stale(out: Path, scratch: Path, index: dict[str, Any] | None = None) -> bool:
    """Remove the noted stores that the index does not name; with a damaged index, none.

    Args:
        out: the corpus folder.
        scratch: the scratch folder of this writer, or of one that was killed.
        index: the corpus's index, where it is known; it is read otherwise.

    Returns:
        Whether the note is of no more use: False where the index is damaged or a store could not be removed.

    >>> import tempfile
    >>> out = Path(tempfile.mkdtemp())
    >>> for name in ("samples-0123456789ab.i16", "samples-00000000abcd.i16"):
    ...     _ = (out / name).write_bytes(b"1234")
    >>> note_stores(out, {"samples-0123456789ab.i16": 2}); remove_stale(out, out)
    True
    >>> sorted(path.name for path in out.iterdir())
    ['samples-00000000abcd.i16', 'stores.json']
    """
    noted = _noted(scratch)
    try:
        index = index or (read_index(out) if noted else None)
    except PartitaError:
        return False
    settled = True
    for name, samples in noted.items():
        path = out / name
        used = index is not None and name == index["store"]
        if used or not STORE.fullmatch(name) or type(samples) is not int or path.is_symlink():
            continue
        if path.is_file() and path.stat().st_size == 2 * samples:
            try:
                path.unlink()
            except OSError:  # open elsewhere, on systems that mind
                settled = False
    return settled


def clear_but_note(scratch: Path) -> None:
    """Remove everything in a scratch folder but the note; what can't be removed stays."""
    for path in scratch.iterdir():
        if path.name != NOTE and path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        elif path.name != NOTE:
            with suppress(OSError):
                path.unlink()


def _noted(scratch: Path) -> dict[str, Any]:
    """Return the noted stores; none where there is no note, or a damaged one."""
    if not (scratch / NOTE).is_file():
        return {}
    try:
        return read_json(scratch / NOTE, remedy="remove it").values
    except PartitaError:
        return {}
