"""Read and write the metrics file of a run: one JSON object a line.

Every record has a `kind` and a `step`. A line ends with a checksum, `crc`, which detects damage; lines of
older versions have none. `append` passes each record to the operating system before it returns, so that a
killed process loses no record. A resumed run first removes the records after its checkpoint, so that no
record appears twice. This file does not know what the records mean.
"""

import json
import re
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any

from partita import storage
from partita.errors import PartitaError
from partita.tables import reject_json_constant

TEXT_KEYS = {"kind", "words"}  # all other values are numbers
LARGEST_NUMBER = 1e300
CHECKED_LINE = re.compile(r'(?P<record>.+), "crc": "(?P<sum>[0-9a-f]{8})"\}', re.DOTALL)


def append(path: Path, record: dict[str, Any]) -> None:
    """Append one record to the metrics file.

    Args:
        path: the metrics file.
        record: `kind`, `step` and other values.

    Raises:
        ValueError: a value is NaN or infinite, which JSON can't represent.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "metrics.jsonl"
    >>> append(path, {"kind": "train", "step": 10, "bits": 5.5})
    >>> read(path)
    [{'kind': 'train', 'step': 10, 'bits': 5.5}]
    """
    with path.open("a", encoding="utf-8") as file:
        file.write(_line(record))


def read(path: Path) -> list[dict[str, Any]]:
    """Return all records; an incomplete last line, left by a killed process, is ignored.

    Args:
        path: the metrics file; if it does not exist, there are no records.

    Raises:
        PartitaError: a complete line is damaged: its checksum does not match, or it is not a JSON object
            with a kind and a step.
    """
    lines = path.read_text(encoding="utf-8", errors="replace").split("\n") if path.exists() else []
    records = []
    for number, line in enumerate(lines[:-1], start=1):  # after the last line feed: empty or incomplete
        try:
            records.append(_record(line))
        except (ValueError, RecursionError) as error:
            raise PartitaError(
                f"line {number} of {path} is damaged ({error}): copy the file again, or remove that line"
            ) from error
    return records


def read_from(path: Path, start: int) -> tuple[list[dict[str, Any]], int]:
    """Return the complete records from a place in the file on, and the place after them.

    So a reader of a run that is being trained reads each record once. Damaged lines are left out.

    Args:
        path: the metrics file.
        start: bytes to leave out; 0, or what an earlier call has returned.

    Raises:
        OSError: the file can't be read, for example because it was removed.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "metrics.jsonl"
    >>> append(path, {"kind": "train", "step": 10, "bits": 5.5})
    >>> records, end = read_from(path, 0)
    >>> append(path, {"kind": "train", "step": 20, "bits": 5.25})
    >>> read_from(path, end)[0]
    [{'kind': 'train', 'step': 20, 'bits': 5.25}]
    """
    with path.open("rb") as file:
        file.seek(start)
        found = file.read()
    whole = found[: found.rfind(b"\n") + 1]
    records = []
    for line in whole.decode("utf-8", errors="replace").split("\n")[:-1]:
        with suppress(ValueError, RecursionError):
            records.append(_record(line))
    return records, start + len(whole)


def count(path: Path) -> int:
    """Return the number of records, without reading them."""
    return path.read_bytes().count(b"\n") if path.exists() else 0


def truncate(path: Path, *, after_step: int, at_most: int | None = None) -> int:
    """Remove the records after a step and an incomplete last line.

    Args:
        path: the metrics file.
        after_step: the last step whose records stay.
        at_most: the largest number of records that stay; None if it is unknown.

    Returns:
        the number of records that are left.
    """
    records = [record for record in read(path)[:at_most] if record["step"] <= after_step]
    storage.write_text(path, "".join(map(_line, records)))
    return len(records)


def _line(record: dict[str, Any]) -> str:
    text = json.dumps(record, allow_nan=False)[:-1]
    return f'{text}, "crc": "{zlib.crc32(text.encode()):08x}"}}\n'


def _record(line: str) -> dict[str, Any]:
    """Return the record in a line.

    Raises:
        ValueError: the line is damaged.
    """
    if checked := CHECKED_LINE.fullmatch(line):
        if zlib.crc32(checked["record"].encode()) != int(checked["sum"], 16):
            raise ValueError("its checksum does not match")
        line = checked["record"] + "}"
    record = json.loads(line, parse_constant=reject_json_constant)
    if not isinstance(record, dict) or type(record.get("step")) is not int:
        raise ValueError("it is not a record with a step")
    if not isinstance(record.get("kind"), str):
        raise ValueError("it is not a record with a kind")
    for name, value in record.items():
        is_number = type(value) in (int, float) and abs(value) < LARGEST_NUMBER
        if name not in TEXT_KEYS and not is_number:
            raise ValueError(f"`{name}` is not a finite number")
    return record
