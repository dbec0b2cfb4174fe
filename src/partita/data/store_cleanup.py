"""Remove the old stores of a corpus folder, also after a writer was killed.

Before a writer changes the folder, it records the names and sizes of the old and the new stores in a file of
its scratch folder. The recorded stores that the index does not name are removed later. A file that was not
recorded is never removed.
"""

import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

from partita.data.index import read_index
from partita.data.stores import STORE_NAME, store_bytes, store_items
from partita.errors import PartitaError
from partita.storage import write_json
from partita.tables import read_json

RECORD = "stores.json"


def record_stores(scratch: Path, items: dict[str, int]) -> None:
    """Record stores of which some will be unused, in addition to those already recorded.

    Args:
        scratch: the writer's scratch folder.
        items: {name of a store: number of its samples, or of its numbers of pitch}.
    """
    write_json(scratch / RECORD, _recorded(scratch) | items)


def remove_unused_stores(out: Path, scratch: Path, index: dict[str, Any] | None = None) -> bool:
    """Remove the recorded stores that the index does not name; with a damaged index, remove none.

    Args:
        out: the corpus folder.
        scratch: the scratch folder of this writer, or of a killed one.
        index: the corpus's index if it is known; otherwise it is read.

    Returns:
        Whether the record is no longer needed. False if the index is damaged or a store could not be removed.

    >>> import tempfile
    >>> out = Path(tempfile.mkdtemp())
    >>> for name in ("samples-0123456789ab.i16", "samples-00000000abcd.i16"):
    ...     _ = (out / name).write_bytes(b"1234")
    >>> record_stores(out, {"samples-0123456789ab.i16": 2}); remove_unused_stores(out, out)
    True
    >>> sorted(path.name for path in out.iterdir())
    ['samples-00000000abcd.i16', 'stores.json']
    """
    recorded = _recorded(scratch)
    try:
        index = index or (read_index(out) if recorded else None)
    except PartitaError:
        return False
    complete, used = True, store_items(index) if index is not None else {}
    for name, items in recorded.items():
        path = out / name
        if name in used or not STORE_NAME.fullmatch(name) or type(items) is not int or path.is_symlink():
            continue
        if path.is_file() and path.stat().st_size == store_bytes(name, items):
            try:
                path.unlink()
            except OSError:  # some systems refuse while another process has it open
                complete = False
    return complete


def clear_scratch(scratch: Path) -> None:
    """Remove everything in a scratch folder but the record of stores; ignore what can't be removed."""
    for path in scratch.iterdir():
        if path.name != RECORD and path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        elif path.name != RECORD:
            with suppress(OSError):
                path.unlink()


def _recorded(scratch: Path) -> dict[str, Any]:
    """Return the recorded stores; empty if there is no record or it is damaged."""
    if not (scratch / RECORD).is_file():
        return {}
    try:
        return read_json(scratch / RECORD, remedy="remove it").values
    except PartitaError:
        return {}
