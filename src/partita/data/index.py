"""Read the index of a corpus, `index.json`, and check every value in it.

An index that this module returns needs no further checks: types and ranges are right, every segment is inside
the store, and the digests match. This module does not open the store, and it writes nothing.
"""

import hashlib
import json
import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

from partita.audio.features.layout import PITCH_COLUMNS
from partita.data.notes.kept import NOTES_NAME
from partita.data.stores import STORE_NAME, pitch_store_name, store_name
from partita.digests import DIGEST, verify_digest
from partita.errors import PartitaError
from partita.tables import Table, read_json

T = TypeVar("T")

FAMILY = "partita corpus "
FORMAT = f"{FAMILY}1"
INDEX = "index.json"
SPLITS = ("train", "validation", "test")
REMEDY = "prepare the recordings again"
MOST_COLUMNS = 1 << 10
MAX_SAMPLE_RATE = 384_000  # Hz, of a corpus and of a model; recordings may have more (`audio.decoding`)


class DamagedIndexError(PartitaError):
    """The index was changed after it was written: the corpus must be prepared again."""


def read_index(path: Path) -> dict[str, Any] | None:
    """Read and check the index of a corpus folder.

    Args:
        path: the corpus folder.

    Returns:
        The content of `index.json`, or None if the folder holds no corpus.

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
        raise PartitaError(f"{file} can't be read ({error.strerror}): check its permissions") from error
    try:
        table = read_json(file, remedy=REMEDY)
        if not _is_corpus_index(table):
            return None
        check_index(table)
    except PartitaError as error:
        if isinstance(error.__cause__, OSError) or type(error) is not PartitaError:
            raise
        raise DamagedIndexError(str(error)) from error
    return table.values


class _NewerIndexError(PartitaError):
    """The index was written by a newer version of Partita."""


def _is_corpus_index(table: Table) -> bool:
    """Return whether an index, intact or damaged, is that of a corpus, and not of some other program."""
    written = table.values.get("format")
    if written == FORMAT:
        return True
    if isinstance(written, str) and re.fullmatch(rf"{FAMILY}[1-9][0-9]{{0,5}}", written):
        raise _NewerIndexError(
            f"{table.source} is of the format {written!r}, which a newer version of partita wrote:"
            " update partita, or give another folder"
        )
    if {"fingerprint", "recordings"} <= table.values.keys():
        table.reject("format", f"must be {FORMAT!r}")
    return False


def check_index(table: Table) -> None:
    """Check every value of an index, and that the values are consistent.

    Args:
        table: the content of `index.json`.

    Raises:
        PartitaError: a value is wrong; the message names the first such key.

    >>> check_index(Table({"sample_rate": "16000"}, source="index.json", remedy=REMEDY))
    Traceback (most recent call last):
    ...
    partita.errors.PartitaError: `sample_rate` in index.json is '16000', must be an integer of at least 1: \
prepare the recordings again
    """
    table.integer("sample_rate", minimum=1, maximum=MAX_SAMPLE_RATE)
    samples = table.integer("samples", minimum=1)
    table.text("fingerprint")
    table.text("root")
    if table.values.get("sound") != "classes":
        table.table("sound")
        table.number("gap", minimum=0)
    for entry in table.tables("skipped"):
        _check_source(entry)
        entry.text("reason")
    for name in ("warnings", "held_out"):
        if name in table.values and not all(type(line) is str for line in table.array(name)):
            table.reject(name, "must be a list of strings")
    notes = table.optional("notes", table.text)
    if notes is not None and not NOTES_NAME.fullmatch(notes):
        table.reject("notes", "must be the name of a file of notes in the corpus folder")
    total = sum(_check_file(entry) for entry in table.tables("files"))
    if total != samples:
        table.reject("samples", f"must be {total}, the sum over `files`")
    _check_recordings(table, samples)
    _check_content(table)


def _check_source(entry: Table) -> None:
    """Check the name of a recording, which messages quote."""
    source = entry.text("source")
    if not source or source.encode(errors="replace").decode() != source:
        entry.reject("source", "must be a name without incomplete characters")


def _check_file(entry: Table) -> int:
    """Check an entry of `files`; return the number of its samples in the store."""
    _check_source(entry)
    for name in ("digest", "samples_digest", "pitch_digest"):
        if not re.fullmatch("[0-9a-f]*", entry.text(name, default="" if name == "pitch_digest" else None)):
            entry.reject(name, "must be hexadecimal digits")
    entry.integer("size", minimum=0)
    entry.integer("mtime_ns")
    entry.optional("note", entry.text)
    reason = _optional(entry, "reason", entry.text)
    total = 0
    for stretch in entry.array("stretches"):
        if type(stretch) is not list or [type(value) for value in stretch] != [int, int]:
            entry.reject("stretches", "must be a list of pairs of integers")
        if stretch[0] < 0 or stretch[1] < 1:
            entry.reject("stretches", "must be pairs of a start of at least 0 and a length of at least 1")
        total += stretch[1]
    return total if reason is None else 0


def _optional(table: Table, name: str, take: Callable[[str], T]) -> T | None:
    """Return a value that may be null but must not be missing."""
    if name not in table.values:
        table.reject(name, "")
    return table.optional(name, take)


def _check_recordings(table: Table, samples: int) -> None:
    """Check the recordings, and that no two segments overlap."""
    spans = []
    for recording in table.tables("recordings"):
        _check_source(recording)
        if recording.text("split") not in SPLITS:
            recording.reject("split", f"must be one of {', '.join(SPLITS)}")
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
                f"`recordings` in {table.source} has two segments that both hold sample {start} of the store:"
                f" {table.remedy}"
            )


def _check_segment(segment: Table, samples: int) -> tuple[int, int]:
    """Check a segment; return its first sample in the store and one past its last."""
    segment.number("source_start_s", minimum=0)
    start = segment.integer("offset", minimum=0)
    stop = start + segment.integer("length", minimum=1)
    if stop > samples:
        segment.reject("length", f"must end inside the store, which has {samples} samples")
    return start, stop


def _check_content(table: Table) -> None:
    """Check the name of the store, the digest and the fingerprint."""
    index = table.values
    digests = [entry["samples_digest"] for entry in index["files"]]
    if table.text("store") != store_name(digests) or not STORE_NAME.fullmatch(index["store"]):
        table.reject("store", f"must be {store_name(digests)}, a file in the corpus folder")
    if "pitch_store" in index:  # older versions tracked no pitch
        table.integer("pitch_hop_length", minimum=1)
        name = pitch_store_name([entry.get("pitch_digest", "") for entry in index["files"]])
        if table.text("pitch_store") != name:
            table.reject("pitch_store", f"must be {name}, a file in the corpus folder")
        table.optional(
            "feature_columns", lambda key: table.integer(key, minimum=PITCH_COLUMNS + 1, maximum=MOST_COLUMNS)
        )
    elif "feature_columns" in index:
        table.reject("feature_columns", "needs `pitch_store`, the store that holds them")
    if "warnings" in index:  # older versions wrote neither warnings nor a digest
        table.text(DIGEST)
    verify_digest(table)
    if index["fingerprint"] != fingerprint(index):
        table.reject("fingerprint", "does not match the recordings, which are damaged or were edited")


def fingerprint(index: dict[str, Any]) -> str:
    """Return a digest of all that a model learns from: samples, segments, splits, labels, notes, rate, gap.

    It does not depend on the folder of the files or on the time when they were prepared, nor on the pitch,
    unless the corpus holds the features that its clips were drawn with.

    Args:
        index: the content of `index.json`; its own `fingerprint` is ignored.

    >>> fingerprint({"sample_rate": 8000, "files": [], "recordings": []})
    '2060c706a261cee569c752004d358e19'
    """
    digests = [entry["samples_digest"] for entry in index["files"] if entry["reason"] is None]
    gap = [index["gap"]] if "gap" in index else []
    notes = [index["notes"]] if "notes" in index else []
    has_features = "feature_columns" in index
    given = [entry.get("pitch_digest", "") for entry in index["files"]] if has_features else []
    content = [index["sample_rate"], *gap, digests, index["recordings"], *notes, *given]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:32]
