"""Removing the old store of a corpus folder, also when its writer is killed before it can.

A writer notes the old and the new store, with their sizes, before it changes anything. Later the one that the
index names stays and the other goes. No file that was not noted is ever removed.
"""

import json
from contextlib import suppress
from pathlib import Path

from partita.audio.index import STORE, read_index
from partita.errors import PartitaError
from partita.tables import read_json

NOTE = "stores.json"


def note_stores(scratch: Path, samples: dict[str, int]) -> None:
    """Note the stores of which only one is to stay.

    Args:
        scratch: the writer's scratch folder.
        samples: a store's name to how many samples it holds.
    """
    (scratch / NOTE).write_text(json.dumps(samples))


def remove_stale(out: Path, scratch: Path) -> None:
    """Remove the noted stores that the index does not name; with a damaged note or index, none.

    Args:
        out: the corpus folder.
        scratch: the scratch folder of this writer, or of one that was killed.

    >>> import tempfile
    >>> out = Path(tempfile.mkdtemp())
    >>> for name in ("samples-0123456789ab.i16", "samples-00000000abcd.i16"):
    ...     _ = (out / name).write_bytes(b"1234")
    >>> note_stores(out, {"samples-0123456789ab.i16": 2}); remove_stale(out, out)
    >>> sorted(path.name for path in out.iterdir())
    ['samples-00000000abcd.i16', 'stores.json']
    """
    if not (scratch / NOTE).is_file():
        return
    try:
        noted = read_json(scratch / NOTE, remedy="remove it").values
        index = read_index(out)
    except PartitaError:
        return
    for name, samples in noted.items():
        path = out / name
        used = index is not None and name == index["store"]
        if used or not STORE.fullmatch(name) or type(samples) is not int or path.is_symlink():
            continue
        if path.is_file() and path.stat().st_size == 2 * samples:
            with suppress(OSError):  # open elsewhere, on systems that mind
                path.unlink()
