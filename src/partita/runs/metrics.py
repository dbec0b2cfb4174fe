"""The metrics file of a run: one JSON object a line, the truth about what happened. Knows no record's
meaning.

Every record has a `step`. A record is on its way to the disk as soon as `append` returns, so a killed process
loses none; a run that goes on from an earlier checkpoint first drops what came after it, so no record is
doubled.
"""

import json
from pathlib import Path
from typing import Any

from partita import storage
from partita.errors import PartitaError


def append(path: Path, record: dict[str, Any]) -> None:
    """Append one record; NaN and infinity are refused, since JSON has none.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "metrics.jsonl"
    >>> append(path, {"kind": "train", "step": 10, "bits": 5.5})
    >>> read(path)
    [{'kind': 'train', 'step': 10, 'bits': 5.5}]
    """
    line = json.dumps(record, allow_nan=False)
    with path.open("a", encoding="utf-8") as file:
        file.write(line + "\n")


def read(path: Path) -> list[dict[str, Any]]:
    """Return all records; a last line that was cut off by a kill is left out.

    Raises:
        PartitaError: a line before the last is no JSON object with a step.
    """
    lines = path.read_text(encoding="utf-8", errors="replace").split("\n") if path.exists() else []
    records = []
    for number, line in enumerate(lines[:-1], start=1):  # what follows the last line feed is empty or cut off
        try:
            record = json.loads(line)
            int(record["step"])
        except (ValueError, TypeError, KeyError) as error:
            raise PartitaError(f"line {number} of {path} is no record: remove that line") from error
        records.append(record)
    return records


def truncate(path: Path, *, after_step: int) -> None:
    """Drop every record of a later step, and a line that was cut off."""
    kept = [record for record in read(path) if record["step"] <= after_step]
    storage.write_text(path, "".join(json.dumps(record, allow_nan=False) + "\n" for record in kept))
