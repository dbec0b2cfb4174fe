"""The metrics file of a run: one JSON object a line, the truth about what happened. Knows no record's
meaning.

Every record has a `kind` and a `step`, and last in its line a check sum, `crc`, by which a line that was
damaged is told; lines of older versions have none. A record is on its way to the disk as soon as `append`
returns, so a killed process loses none; a run that goes on from an earlier checkpoint first drops what came
after it, so no record is doubled.
"""

import json
import re
import zlib
from pathlib import Path
from typing import Any

from partita import storage
from partita.errors import PartitaError
from partita.tables import reject_json_constant

WORDS = {"kind", "words"}  # all else are numbers
LARGEST = 1e300
CHECKED = re.compile(r'(?P<record>.+), "crc": "(?P<sum>[0-9a-f]{8})"\}', re.DOTALL)


def append(path: Path, record: dict[str, Any]) -> None:
    """Append one record; NaN and infinity are refused, since JSON has none.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "metrics.jsonl"
    >>> append(path, {"kind": "train", "step": 10, "bits": 5.5})
    >>> read(path)
    [{'kind': 'train', 'step': 10, 'bits': 5.5}]
    """
    with path.open("a", encoding="utf-8") as file:
        file.write(_line(record))


def read(path: Path) -> list[dict[str, Any]]:
    """Return all records; a last line that was cut off by a kill is left out.

    Raises:
        PartitaError: a line before the last is damaged: no JSON object with a kind and a step, or another
            than was written.
    """
    lines = path.read_text(encoding="utf-8", errors="replace").split("\n") if path.exists() else []
    records = []
    for number, line in enumerate(lines[:-1], start=1):  # what follows the last line feed is empty or cut off
        try:
            records.append(_record(line))
        except (ValueError, RecursionError) as error:
            raise PartitaError(
                f"line {number} of {path} is damaged ({error}): copy the file again, or remove that line"
            ) from error
    return records


def count(path: Path) -> int:
    """Return how many records there are; none is looked at."""
    return path.read_bytes().count(b"\n") if path.exists() else 0


def truncate(path: Path, *, after_step: int, most: int | None = None) -> int:
    """Drop every record of a later step, and a line that was cut off; return how many are left.

    Args:
        path: the metrics file.
        after_step: the last step that stays.
        most: records that stay at most, if that is known: those of the last step may be too many.
    """
    kept = [record for record in read(path)[:most] if record["step"] <= after_step]
    storage.write_text(path, "".join(map(_line, kept)))
    return len(kept)


def _line(record: dict[str, Any]) -> str:
    text = json.dumps(record, allow_nan=False)[:-1]
    return f'{text}, "crc": "{zlib.crc32(text.encode()):08x}"}}\n'


def _record(line: str) -> dict[str, Any]:
    """Return the record in a line; a ValueError says what is wrong."""
    if checked := CHECKED.fullmatch(line):
        if zlib.crc32(checked["record"].encode()) != int(checked["sum"], 16):
            raise ValueError("its check sum is another")
        line = checked["record"] + "}"
    record = json.loads(line, parse_constant=reject_json_constant)
    if not isinstance(record, dict) or type(record.get("step")) is not int:
        raise ValueError("it is no record with a step")
    if not isinstance(record.get("kind"), str):
        raise ValueError("it is no record of a kind")
    for name, value in record.items():
        if name not in WORDS and not (type(value) in (int, float) and -LARGEST < value < LARGEST):
            raise ValueError(f"`{name}` is no finite number")
    return record
