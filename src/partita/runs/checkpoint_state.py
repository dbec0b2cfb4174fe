"""The JSON state of a checkpoint. It lists the checkpoint's tensor files with a digest of each, and has a
digest of itself, so that damage is noticed.

Checkpoints of older versions have neither, and are read without. This file does not know what is trained.
"""

import json
from pathlib import Path
from typing import Any

from partita import storage
from partita.digests import DIGEST, add_digest, verify_digest
from partita.errors import PartitaError
from partita.tables import Table, read_json

FORMAT = 1
STATE = "state.json"
SUFFIX = ".safetensors"


def write_state(folder: Path, state: dict[str, Any], files: dict[str, str]) -> None:
    """Write the state of a checkpoint, complete or not at all.

    Args:
        folder: the checkpoint.
        state: fit for JSON; holds at least `step`.
        files: name -> digest of each tensor file; empty where they are not known.

    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> write_state(folder, {"step": 3}, {})
    >>> read_state(folder)["step"]
    3
    """
    whole = add_digest({"format": FORMAT} | state | {"files": files})
    storage.write_text(folder / STATE, json.dumps(whole, indent=1, allow_nan=False) + "\n")


def damage_remedy(folder: Path) -> str:
    """Return what to do about a checkpoint that is damaged.

    >>> damage_remedy(Path("step-000400"))
    'copy it again, or remove step-000400 to use another checkpoint'
    """
    return f"copy it again, or remove {folder} to use another checkpoint"


def read_state(folder: Path) -> dict[str, Any]:
    """Return the JSON state of a checkpoint.

    Raises:
        PartitaError: it is missing, damaged, or from a newer version.
    """
    table = read_json(folder / STATE, remedy=damage_remedy(folder))
    number = table.integer("format", minimum=1)
    if number > FORMAT:
        raise PartitaError(
            f"{table.source} has format {number}, this version reads up to {FORMAT}: install a newer partita"
        )
    if "files" in table.values:
        table.text(DIGEST)
    table = verify_digest(table)
    table.integer("step", minimum=0)
    table.boolean("finished", default=False)
    table.optional("records", lambda name: table.integer(name, minimum=0))
    table.optional("chosen", lambda name: table.integer(name, minimum=0))
    return table.values


def read_file_digests(folder: Path) -> dict[str, str] | None:
    """Return name -> digest of the tensor files of a checkpoint; None for one of an older version.

    Raises:
        PartitaError: the state is damaged, a file that it lists is missing, or one is there that it doesn't
            list.

    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> write_state(folder, {"step": 3}, {"average.safetensors": "00"})
    >>> read_file_digests(folder)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    partita.errors.PartitaError: /.../average.safetensors is missing: copy it again, or remove ...
    """
    files = _files(Table(read_state(folder), str(folder / STATE), damage_remedy(folder)))
    if files is None:
        return None
    there = {path.name for path in folder.glob(f"*{SUFFIX}")}
    if missing := sorted(files.keys() - there):
        raise PartitaError(f"{folder / missing[0]} is missing: {damage_remedy(folder)}")
    if extra := sorted(there - files.keys()):
        raise PartitaError(f"{folder / extra[0]} is no file of this checkpoint: remove it")
    return files


def _files(state: Table) -> dict[str, str] | None:
    if not state.values.get("files"):
        return None
    files = state.table("files")
    return {name: files.text(name) for name in files.values}
