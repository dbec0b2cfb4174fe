"""The corpus folder while it is being written: the old corpus stays until the new index takes its place.

A store is named after its content and written before the index that points to it, so the folder holds a whole
corpus at every moment. Knows nothing of audio.
"""

import re
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, fields, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from partita.data.corpus import samples_digest
from partita.data.index import INDEX, STORE, DamagedIndexError, read_index, store_name
from partita.data.old_samples import clear_but_note, note_stores, remove_stale
from partita.data.summary import tell_notes
from partita.digests import with_digest
from partita.errors import PartitaError
from partita.storage import FULL, clear_leftovers, flush_to_disk, sole_writer, write_json

SCRATCH = ".preparing"
OURS = re.compile(rf"{re.escape(SCRATCH)}|{STORE.pattern}|\.{re.escape(INDEX)}\..*\.part")
COPY = 1 << 20


@dataclass(frozen=True, kw_only=True)
class PreparedFile:
    """A source file, as the index's `files` remembers it so that it need not be prepared again.

    Args:
        source: its name in the index.
        size: bytes.
        mtime_ns: when it was last changed.
        digest: of its bytes; empty when next time's judgement may differ though the bytes are the same.
        reason: why it was skipped, else None.
        stretches: what was kept, (start, length) in samples at the corpus's rate from the start of the
            source.
        samples_digest: of the kept samples.
        offset: samples from the start of `store` to its own.
        store: the file that holds its samples now; not written to the index.
        note: what a person should know about the recording, None for nothing.
    """

    source: str
    size: int
    mtime_ns: int
    digest: str
    reason: str | None
    stretches: tuple[tuple[int, int], ...]
    samples_digest: str
    offset: int = 0
    store: Path | None = None
    note: str | None = None

    @property
    def samples(self) -> int:
        """Return how many samples were kept."""
        return sum(length for _, length in self.stretches)

    def renamed(self, source: str, size: int, mtime_ns: int) -> "PreparedFile":
        """Return the same content under another name."""
        return replace(self, source=source, size=size, mtime_ns=mtime_ns)

    def skipped(self, reason: str) -> "PreparedFile":
        """Return the file as one that is not used, and that is looked at anew next time."""
        return replace(self, reason=reason, digest="", stretches=(), samples_digest="", store=None, note=None)

    def as_json(self) -> dict[str, Any]:
        """Return what the index keeps of it."""
        kept = {name: value for name, value in vars(self).items() if name not in ("store", "offset")}
        return {**kept, "stretches": [list(stretch) for stretch in self.stretches]}

    @classmethod
    def from_json(cls, values: dict[str, Any], *, offset: int, store: Path) -> "PreparedFile":
        """Return a file as the index remembers it; keys that are not known here are left aside."""
        names = {field.name for field in fields(cls)} - {"stretches", "offset", "store"}
        kept = {name: value for name, value in values.items() if name in names}
        stretches = tuple((start, length) for start, length in values["stretches"])
        return cls(**kept, stretches=stretches, offset=offset, store=store)

    def is_intact(self) -> bool:
        """Tell whether the store holds the samples that were prepared."""
        if self.store is None or not self.samples:
            return True
        try:
            samples = np.memmap(self.store, dtype="<i2", mode="r")
        except (OSError, ValueError):
            return False
        return samples_digest(samples, self.offset, self.samples) == self.samples_digest


class CorpusWriter:
    """A corpus folder open for writing; leaves no scratch behind, nor a new folder without a corpus.

    The old corpus is read when the folder is entered, after it has been locked.

    Args:
        out: the corpus folder: new, empty, or a corpus.

    Raises:
        PartitaError: `out` is a file, a folder that holds something other than a corpus, or a corpus of a
            newer version; or another process is writing to it.
    """

    def __init__(self, out: Path) -> None:
        self.out, self.scratch = out, out / SCRATCH
        self._warnings: list[str] = []
        self._damaged: set[tuple[str, Path | None]] = set()
        self._alone = ExitStack()
        self._old: dict[str, Any] | None = None
        self._new: dict[str, Any] | None = None
        self._existed = out.exists()
        if self._existed and not out.is_dir():
            raise PartitaError(f"{out} is a file, must be a folder: name a new folder for the corpus")

    def __enter__(self) -> Self:
        """Lock the folder, read the old corpus, and clear away what a killed run left."""
        try:
            self.out.mkdir(parents=True, exist_ok=True)
            self._alone.enter_context(sole_writer(self.out))
            self._old = self._read_old()
            self._clear()
            self.scratch.mkdir(exist_ok=True)
        except OSError as error:
            self._alone.close()
            if error.errno in FULL:
                raise
            raise PartitaError(
                f"{self.out} can't be written to ({error.strerror}): name another folder"
            ) from None
        except PartitaError:
            self._alone.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Clear away the scratch folder, and the store that no index names."""
        with suppress(PartitaError):
            self._clear()
        if not self._existed:
            with suppress(OSError):  # it holds a corpus now
                self.out.rmdir()
        self._alone.close()

    def note_damaged(self, file: PreparedFile) -> None:
        """Remember a file whose samples in the old corpus are damaged."""
        self._damaged.add((file.source, file.store))

    def lines(self) -> list[str]:
        """Return what the person who prepares the corpus is to know of the old one; the index keeps it."""
        again = ((name, f"prepared again, since {store} was damaged") for name, store in self._damaged)
        return [*self._warnings, *tell_notes(sorted(again))]

    def _read_old(self) -> dict[str, Any] | None:
        """Return the index of the old corpus; None where there is none, or a damaged one."""
        names = {path.name for path in self.out.iterdir()} - {INDEX}
        foreign = [name for name in names if not OURS.fullmatch(name)]
        try:
            old = read_index(self.out)
        except DamagedIndexError as error:
            if foreign or not any(STORE.fullmatch(name) for name in names):
                raise PartitaError(
                    f"{self.out} holds a damaged {INDEX} and is no corpus otherwise: name a new folder"
                ) from error
            self._warnings.append(f"{error}; everything was prepared anew")
            return None
        if old is None and (foreign or (self.out / INDEX).exists()):
            raise PartitaError(f"{self.out} exists and is not a corpus: name a new folder, or empty this one")
        return old

    def _clear(self) -> None:
        """Remove the scratch folder, what a killed writer left, and the store that is no longer used."""
        if remove_stale(self.out, self.scratch, self._new):
            shutil.rmtree(self.scratch, ignore_errors=True)
        else:  # a later start will know which stores may go
            clear_but_note(self.scratch)
        clear_leftovers(self.out, of=INDEX)

    @property
    def old_settings(self) -> Any:
        """Return the settings that the old corpus's samples were prepared with, None without one."""
        return self._old["sound"] if self._old else None

    @property
    def old_root(self) -> Any:
        """Return the folder that the old corpus's names start from, None without one."""
        return self._old["root"] if self._old else None

    def old_files(self) -> list[PreparedFile]:
        """Return the files that the old corpus remembers, with the places of their samples."""
        if self._old is None or not self._whole(self._old["store"], self._old["samples"]):
            return []
        files = []
        offset = 0
        for values in self._old["files"]:
            files.append(PreparedFile.from_json(values, offset=offset, store=self.out / self._old["store"]))
            offset += files[-1].samples
        return files

    def commit(self, index: dict[str, Any], files: list[PreparedFile]) -> dict[str, Any]:
        """Write the store, then the index; then the old store may go. What needs no change gets none.

        Returns:
            The index as it was written.

        Args:
            index: the content of `index.json`, without `store` and `digest`.
            files: what the store is to hold, in order; those of the old corpus have been found intact.
        """
        name = store_name([file.samples_digest for file in files])
        index = with_digest({**index, "store": name})
        if not self._holds(name, files):
            part = self.scratch / name
            with part.open("wb") as target:
                for file in files:
                    _append(target, file)
            flush_to_disk(part)
            old = {self._old["store"]: self._old["samples"]} if self._old else {}
            note_stores(self.scratch, {**old, name: index["samples"]})
            part.replace(self.out / name)
        if index != self._old:
            write_json(self.out / INDEX, index)
        self._new = index
        return index

    def _holds(self, name: str, files: list[PreparedFile]) -> bool:
        """Tell whether a store holds just these files' samples, in this order."""
        offset = 0
        for file in files:
            if file.samples and (file.store, file.offset) != (self.out / name, offset):
                return False
            offset += file.samples
        return self._whole(name, offset)

    def _whole(self, store: str, samples: int) -> bool:
        path = self.out / store
        return path.is_file() and not path.is_symlink() and path.stat().st_size == 2 * samples


def _append(target: Any, file: PreparedFile) -> None:
    if file.store is None or not file.samples:
        return
    with file.store.open("rb") as source:
        source.seek(2 * file.offset)
        left = 2 * file.samples
        while left:
            block = source.read(min(COPY, left))
            if not block:
                raise PartitaError(f"{file.store} is shorter than it was: prepare the recordings again")
            target.write(block)
            left -= len(block)


@contextmanager
def clear_disk_errors(out: Path) -> Iterator[None]:
    """Turn a full disk into one clear line.

    >>> with clear_disk_errors(Path("corpus")): raise OSError(28, "No space left on device")
    Traceback (most recent call last):
    ...
    partita.errors.PartitaError: no room left on the disk of corpus: free some; what was there is unharmed
    """
    try:
        yield
    except OSError as error:
        if error.errno not in FULL:
            raise
        raise PartitaError(
            f"no room left on the disk of {out}: free some; what was there is unharmed"
        ) from None
