"""Read and write the JSON state of a checkpoint.

The state has a digest of itself and a digest of each tensor file of the checkpoint, which detect damage.
Checkpoints of older versions have no digests and are read without a check. This file does not know what is
trained.
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
    """Write the state of a checkpoint atomically.

    Args:
        folder: the folder of the checkpoint.
        state: values that JSON can hold, with at least `step`.
        files: maps the name of each tensor file to its digest; empty if the digests are unknown.

    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> write_state(folder, {"step": 3}, {})
    >>> read_state(folder)["step"]
    3
    """
    whole = add_digest({"format": FORMAT} | state | {"files": files})
    storage.write_text(folder / STATE, json.dumps(whole, indent=1, allow_nan=False) + "\n")


def damage_remedy(folder: Path) -> str:
    """Return the remedy for a damaged checkpoint, for an error message.

    >>> damage_remedy(Path("step-000400"))
    'copy it again, or remove step-000400 to use another checkpoint'
    """
    return f"copy it again, or remove {folder} to use another checkpoint"


def read_state(folder: Path) -> dict[str, Any]:
    """Return the JSON state of a checkpoint.

    Args:
        folder: the folder of the checkpoint.

    Raises:
        PartitaError: the state is missing, damaged or has a newer format.
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
    """Return the digests of the tensor files of a checkpoint by file name.

    Args:
        folder: the folder of the checkpoint.

    Returns:
        the digests; None for a checkpoint of an older version, which has none.

    Raises:
        PartitaError: the state is damaged, a listed file is missing, or a tensor file is not listed.

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
    present = {path.name for path in folder.glob(f"*{SUFFIX}")}
    if missing := sorted(files.keys() - present):
        raise PartitaError(f"{folder / missing[0]} is missing: {damage_remedy(folder)}")
    if extra := sorted(present - files.keys()):
        raise PartitaError(f"{folder / extra[0]} is not a file of this checkpoint: remove it")
    return files


def _files(state: Table) -> dict[str, str] | None:
    if not state.values.get("files"):
        return None
    files = state.table("files")
    return {name: files.text(name) for name in files.values}
