"""A prepared corpus on disk: a memory-mapped file of 16-bit samples and `index.json`, which says what is
where.

This file reads; `prepare.py` writes. It knows neither audio formats nor windows.
"""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from partita.errors import PartitaError

FORMAT = "partita corpus 1"
INDEX = "index.json"
SPLITS = ("train", "validation", "test")


@dataclass(frozen=True, kw_only=True)
class Segment:
    """A stretch of a recording without a cut: nothing in it was spliced, and no window leaves it.

    Args:
        recording: place in the index's list of recordings.
        offset: samples from the start of the store.
        length: samples.
        source_start_s: seconds from the start of the source file, where the stretch begins there.
        split: "train", "validation" or "test".
    """

    recording: int
    offset: int
    length: int
    source_start_s: float
    split: str


@dataclass(frozen=True)
class Corpus:
    """A corpus that lies in a folder; get one with `Corpus.open` or `prepare`.

    Args:
        path: the corpus folder.
        index: the content of its `index.json`.
    """

    path: Path
    index: dict[str, Any]

    @classmethod
    def open(cls, path: str | Path) -> "Corpus":
        """Open the corpus in a folder.

        Raises:
            PartitaError: there is no corpus, or its store is missing or has another length than its index
                says.

        >>> Corpus.open("/nowhere")
        Traceback (most recent call last):
        ...
        partita.errors.PartitaError: /nowhere is no corpus: make one with `partita prepare`
        """
        path = Path(path)
        index = read_index(path)
        if index is None:
            raise PartitaError(f"{path} is no corpus: make one with `partita prepare`")
        corpus = cls(path, index)
        store = corpus.store
        size = store.stat().st_size if store.is_file() else 0
        if size != 2 * int(index["samples"]):
            raise PartitaError(
                f"{store} holds {size} bytes, {INDEX} promises {2 * int(index['samples'])}: prepare it again"
            )
        return corpus

    @property
    def store(self) -> Path:
        """Return the file of samples: 16-bit, little endian, mono, no header."""
        return self.path / str(self.index["store"])

    @property
    def sample_rate(self) -> int:
        """Return the samples a second."""
        return int(self.index["sample_rate"])

    @property
    def fingerprint(self) -> str:
        """Return a hexadecimal name of the content: samples, segments, splits and labels."""
        return str(self.index["fingerprint"])

    @cached_property
    def samples(self) -> NDArray[np.int16]:
        """Return the whole store, (samples,) int16, memory-mapped and read-only."""
        return np.memmap(self.store, dtype="<i2", mode="r")

    def segments(self, split: str) -> list[Segment]:
        """Return the segments of one split, in the order of the index.

        Raises:
            PartitaError: no such split.
        """
        if split not in SPLITS:
            raise PartitaError(f"`split` is {split!r}, must be one of {', '.join(SPLITS)}")
        return [
            Segment(recording=number, split=split, **segment)
            for number, recording in enumerate(self.index["recordings"])
            if recording["split"] == split
            for segment in recording["segments"]
        ]

    def seconds(self, split: str) -> float:
        """Return the seconds of sound in one split."""
        return sum(segment.length for segment in self.segments(split)) / self.sample_rate

    def segment_seconds(self, split: str) -> list[float]:
        """Return the seconds of sound in each segment of one split."""
        return [segment.length / self.sample_rate for segment in self.segments(split)]

    def source(self, segment: Segment) -> str:
        """Return the name of the recording that a segment comes from."""
        return str(self.index["recordings"][segment.recording]["source"])

    def summary(self) -> str:
        """Return a few lines for a person: time in each split, and every skipped file with its reason."""
        recordings, skipped = self.index["recordings"], self.index["skipped"]
        lines = [f"{self.path}: {self.sample_rate} Hz, fingerprint {self.fingerprint}"]
        for split in SPLITS:
            count = sum(recording["split"] == split for recording in recordings)
            lines.append(f"  {split}: {self.seconds(split) / 60:.1f} min of {count} recordings")
        lines += [f"  skipped {entry['source']}: {entry['reason']}" for entry in skipped]
        return "\n".join(lines)


def read_index(path: Path) -> dict[str, Any] | None:
    """Return a folder's corpus index, or None when the folder holds no corpus.

    >>> read_index(Path("nowhere")) is None
    True
    """
    try:
        index = json.loads((path / INDEX).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return index if isinstance(index, dict) and index.get("format") == FORMAT else None
