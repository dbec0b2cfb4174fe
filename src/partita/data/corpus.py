"""A prepared corpus on disk: a memory-mapped file of 16-bit samples and `index.json`, which says what is
where.

This file reads; `prepare.py` writes. It knows neither audio formats nor windows.
"""

import os
import stat
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from partita.data.index import INDEX, REMEDY, SPLITS, read_index
from partita.digests import samples_hash
from partita.errors import PartitaError

__all__ = ["INDEX", "SPLITS", "Corpus", "Segment", "read_index"]

BLOCK = 1 << 20  # samples hashed at once
FLAGS = ("O_RDONLY", "O_NOFOLLOW", "O_NONBLOCK", "O_BINARY")  # no link, and no waiting for a pipe's writer
READ = sum(getattr(os, name, 0) for name in FLAGS)


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

        The store is mapped at once, so the corpus stays as it is when `prepare` replaces it on the disk.

        Raises:
            PartitaError: there is no corpus, its index is damaged, or its store is missing, a link, or of
                another length than its index says.

        >>> Corpus.open("/nowhere")
        Traceback (most recent call last):
        ...
        partita.errors.PartitaError: /nowhere is no corpus: make one with `partita prepare`
        """
        path = Path(path)
        index = read_index(path)
        while True:
            if index is None:
                raise PartitaError(f"{path} is no corpus: make one with `partita prepare`")
            try:
                return cls.mapped(path, index)
            except PartitaError:
                newest = read_index(path)
                if newest == index:
                    raise
                index = newest  # `prepare` replaced the corpus between index and store

    @classmethod
    def mapped(cls, path: Path, index: dict[str, Any]) -> "Corpus":
        """Return the corpus in a folder whose index is known, with its store mapped.

        Args:
            path: the corpus folder.
            index: the content of its `index.json`, which is not read again.

        Raises:
            PartitaError: its store is missing, a link, or of another length than the index says.

        >>> Corpus.mapped(Path("/nowhere"), {"store": "a.i16", "samples": 1})
        Traceback (most recent call last):
        ...
        partita.errors.PartitaError: /nowhere/a.i16 is missing: prepare the recordings again
        """
        corpus = cls(path, index)
        corpus.__dict__["samples"] = _map(corpus.store, int(index["samples"]))
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

    @cached_property
    def _intact(self) -> set[int]:
        """Return where the recordings start whose samples have been compared; filled by `verify`."""
        return set()

    def verify(
        self, stop: Callable[[], bool] = lambda: False, *, splits: Collection[str] | None = None
    ) -> None:
        """Compare samples with the digests in the index, those of each recording once.

        Args:
            stop: asked now and then; when it says yes, the comparison ends early.
            splits: whose recordings to compare, as a whole also where only a part is in the split; None for
                every sample.

        Raises:
            PartitaError: the store is damaged; the message names it, the recording and the remedy.

        >>> import tempfile, soundfile
        >>> from partita.data.preparation.prepare import PrepareConfig, prepare
        >>> folder = Path(tempfile.mkdtemp())
        >>> soundfile.write(folder / "a.wav", np.sin(np.arange(80000) / 5), 8000)
        >>> corpus = prepare([folder / "a.wav"], folder / "corpus", PrepareConfig(sample_rate=8000))
        >>> corpus.verify()
        """
        named = {r["source"] for r in self.index["recordings"] if splits is not None and r["split"] in splits}
        offset = 0
        for file in self.index["files"]:
            if file["reason"] is not None:
                continue
            start, length = offset, sum(length for _, length in file["stretches"])
            offset += length
            if start in self._intact or (splits is not None and file["source"] not in named):
                continue
            found = samples_digest(self.samples, start, length, stop)
            if stop():
                return
            if found != file["samples_digest"]:
                raise PartitaError(
                    f"{self.store} is damaged: it does not hold the samples of {file['source']} as they were"
                    f" prepared: {REMEDY}"
                )
            self._intact.add(start)

    def segments(self, split: str) -> list[Segment]:
        """Return the segments of one split, in the order of the index.

        Raises:
            PartitaError: no such split.
        """
        if split not in SPLITS:
            raise PartitaError(f"`split` is {split!r}, must be one of {', '.join(SPLITS)}")
        return [
            Segment(
                recording=number,
                offset=segment["offset"],
                length=segment["length"],
                source_start_s=segment["source_start_s"],
                split=split,
            )
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
        """Return a few lines for a person: time in each split, what was held out and how, every warning, and
        every skipped file with its reason."""
        recordings, skipped = self.index["recordings"], self.index["skipped"]
        lines = [f"{self.path}: {self.sample_rate} Hz, fingerprint {self.fingerprint}"]
        for split in SPLITS:
            count = sum(recording["split"] == split for recording in recordings)
            lines.append(f"  {split}: {self.seconds(split) / 60:.1f} min of {count} recordings")
        lines += [f"  {line}" for line in self.index.get("held_out", [])]
        lines += [f"  warning: {line}" for line in self.index.get("warnings", [])]
        lines += [f"  skipped {entry['source']}: {entry['reason']}" for entry in skipped]
        return "\n".join(lines)


def samples_digest(
    samples: NDArray[np.int16], offset: int, length: int, stop: Callable[[], bool] = lambda: False
) -> str:
    """Return the digest of a recording's samples, as the index has it.

    Args:
        samples: (samples,) int16, the store.
        offset: the recording's first sample.
        length: how many samples it has.
        stop: asked before each block; when it says yes, the rest is left out.

    >>> samples_digest(np.zeros(4, np.int16), 0, 0)
    'cae66941d9efbd404e4d88758ea67670'
    """
    digest = samples_hash()
    for start in range(offset, offset + length, BLOCK):
        if stop():
            break
        digest.update(samples[start : min(start + BLOCK, offset + length)].data)
    return digest.hexdigest()


def _map(store: Path, samples: int) -> NDArray[np.int16]:
    """Map a store, which must be a plain file of so many samples."""
    try:
        handle = os.open(store, READ)
    except FileNotFoundError:
        raise PartitaError(f"{store} is missing: {REMEDY}") from None
    except OSError as error:
        link = store.is_symlink()
        reason = "it is a link, must be a file in the corpus's folder" if link else error.strerror
        raise PartitaError(f"{store} can't be read ({reason}): {REMEDY}") from error
    with os.fdopen(handle, "rb") as file:
        facts = os.fstat(handle)
        size = facts.st_size if stat.S_ISREG(facts.st_mode) else 0
        if size != 2 * samples:
            raise PartitaError(f"{store} holds {size} bytes, {INDEX} promises {2 * samples}: {REMEDY}")
        return np.memmap(file, dtype="<i2", mode="r")
