"""Reading `index.json`, which says what lies where in a corpus, and checking every value in it.

What this file returns can be used without further checks: types and ranges are right, every segment lies in
the store, and the content is what its writer wrote. It does not open the store, and it writes nothing.
"""

import hashlib
import json
import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

from partita.digests import DIGEST, without_digest
from partita.errors import PartitaError
from partita.tables import Table, read_json

T = TypeVar("T")

FAMILY = "partita corpus "
FORMAT = f"{FAMILY}1"
INDEX = "index.json"
SPLITS = ("train", "validation", "test")
STORE = re.compile(r"samples-[0-9a-f]{12}\.i16")
REMEDY = "prepare the recordings again"
HIGHEST_RATE = 384_000  # Hz, of a corpus and of a model; headers of recordings may say more (decoding.py)


class DamagedIndexError(PartitaError):
    """An index that is no longer what its writer wrote: the corpus has to be prepared again."""


def read_index(path: Path) -> dict[str, Any] | None:
    """Return a folder's corpus index, checked, or None when the folder holds no corpus.

    Args:
        path: the corpus folder.

    Raises:
        DamagedIndexError: the index is damaged; the message names the key, the rule and the remedy.
        PartitaError: the index can't be read, or a newer version of Partita wrote it.

    >>> read_index(Path("nowhere")) is None
    True
    """
    file = path / INDEX
    try:
        file.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise PartitaError(f"{file} can't be read ({error.strerror}): check who may read it") from error
    try:
        table = read_json(file, remedy=REMEDY)
        if not _is_ours(table):
            return None
        check_index(table)
    except PartitaError as error:
        if isinstance(error.__cause__, OSError) or type(error) is not PartitaError:
            raise
        raise DamagedIndexError(str(error)) from error
    return table.values


class _NewerIndexError(PartitaError):
    """The index of a later version of this program."""


def _is_ours(table: Table) -> bool:
    """Tell a corpus's index, damaged or not, from the index of something else."""
    written = table.values.get("format")
    if written == FORMAT:
        return True
    if isinstance(written, str) and re.fullmatch(rf"{FAMILY}[1-9][0-9]{{0,5}}", written):
        raise _NewerIndexError(
            f"{table.where} is of the format {written!r}, which a newer version of partita wrote:"
            " update partita, or name another folder"
        )
    if {"fingerprint", "recordings"} <= table.values.keys():
        table.refuse("format", f"must be {FORMAT!r}")
    return False


def check_index(table: Table) -> None:
    """Check every value of an index, and that the values fit each other.

    Args:
        table: the content of `index.json`.

    Raises:
        PartitaError: the message names the first key that is wrong.

    >>> check_index(Table({"sample_rate": "16000"}, where="index.json", remedy=REMEDY))
    Traceback (most recent call last):
    ...
    partita.errors.PartitaError: `sample_rate` in index.json is '16000', must be an integer of at least 1: \
prepare the recordings again
    """
    table.integer("sample_rate", least=1, most=HIGHEST_RATE)
    samples = table.integer("samples", least=1)
    table.text("fingerprint")
    table.text("root")
    if table.values.get("sound") != "classes":
        table.table("sound")
        table.number("gap", least=0)
    for entry in table.tables("skipped"):
        _check_source(entry)
        entry.text("reason")
    for name in ("warnings", "held_out"):
        if name in table.values and not all(type(line) is str for line in table.items(name)):
            table.refuse(name, "must be a list of strings")
    kept = sum(_check_file(entry) for entry in table.tables("files"))
    if kept != samples:
        table.refuse("samples", f"must be {kept}, the sum over `files`")
    _check_recordings(table, samples)
    _check_content(table)


def _check_source(entry: Table) -> None:
    """Check the name of a recording, which messages show."""
    source = entry.text("source")
    if not source or source.encode(errors="replace").decode() != source:
        entry.refuse("source", "must be a name of whole characters")


def _check_file(entry: Table) -> int:
    """Check an entry of `files`; return how many samples the store holds of it."""
    _check_source(entry)
    for name in ("digest", "samples_digest"):
        if not re.fullmatch("[0-9a-f]*", entry.text(name)):
            entry.refuse(name, "must be hexadecimal digits")
    entry.integer("size", least=0)
    entry.integer("mtime_ns")
    entry.optional("note", entry.text)
    reason = _optional(entry, "reason", entry.text)
    total = 0
    for stretch in entry.items("stretches"):
        if type(stretch) is not list or [type(value) for value in stretch] != [int, int]:
            entry.refuse("stretches", "must be a list of pairs of integers")
        if stretch[0] < 0 or stretch[1] < 1:
            entry.refuse("stretches", "must be pairs of a start of at least 0 and a length of at least 1")
        total += stretch[1]
    return total if reason is None else 0


def _optional(table: Table, name: str, take: Callable[[str], T]) -> T | None:
    """Return a value that may be null but not missing."""
    if name not in table.values:
        table.refuse(name, "")
    return table.optional(name, take)


def _check_recordings(table: Table, samples: int) -> None:
    """Check the recordings, and that no two segments overlap."""
    spans = []
    for recording in table.tables("recordings"):
        _check_source(recording)
        if recording.text("split") not in SPLITS:
            recording.refuse("split", f"must be one of {', '.join(SPLITS)}")
        label = _optional(recording, "label", recording.table)
        if label is not None:
            for name in label.values:
                label.text(name)
        for segment in recording.tables("segments"):
            spans.append(_check_segment(segment, samples))
    spans.sort()
    for (_, stop), (start, _) in pairwise(spans):
        if start < stop:
            raise PartitaError(
                f"`recordings` in {table.where} has two segments with sample {start} of the store in both:"
                f" {table.remedy}"
            )


def _check_segment(segment: Table, samples: int) -> tuple[int, int]:
    """Check a segment; return where it starts and stops in the store."""
    segment.number("source_start_s", least=0)
    start = segment.integer("offset", least=0)
    stop = start + segment.integer("length", least=1)
    if stop > samples:
        segment.refuse("length", f"must end inside the store, which has {samples} samples")
    return start, stop


def _check_content(table: Table) -> None:
    """Check that the index is what its writer wrote."""
    index = table.values
    digests = [entry["samples_digest"] for entry in index["files"]]
    if table.text("store") != store_name(digests) or not STORE.fullmatch(index["store"]):
        table.refuse("store", f"must be {store_name(digests)}, a file in the folder of the corpus")
    if "warnings" in index:  # older versions wrote neither these nor a digest
        table.text(DIGEST)
    without_digest(table)
    if index["fingerprint"] != fingerprint(index):
        table.refuse("fingerprint", "does not fit the recordings, which are damaged or were edited")


def fingerprint(index: dict[str, Any]) -> str:
    """Return a name of what a model learns from: samples, segments, splits, labels, rate and gap.

    Where the files lay, and when they were prepared, makes no difference.

    Args:
        index: the content of `index.json`; its own `fingerprint` is left aside.

    >>> fingerprint({"sample_rate": 8000, "files": [], "recordings": []})
    '2060c706a261cee569c752004d358e19'
    """
    digests = [entry["samples_digest"] for entry in index["files"] if entry["reason"] is None]
    gap = [index["gap"]] if "gap" in index else []
    content = [index["sample_rate"], *gap, digests, index["recordings"]]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:32]


def store_name(samples_digests: list[str]) -> str:
    """Return the store's file name, made from its content.

    Args:
        samples_digests: of every file's samples, in their order; empty for files that are not used.

    >>> store_name(["ab", "", "cd"])
    'samples-88d4266fd4e6.i16'
    """
    return f"samples-{hashlib.sha256(''.join(samples_digests).encode()).hexdigest()[:12]}.i16"
