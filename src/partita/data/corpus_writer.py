"""Write a corpus folder. The old corpus stays complete until the new index replaces the old one.

The store is named after its content and written before the index that names it, so the folder holds a
complete corpus at every moment. This module does not know how audio is prepared.
"""

import re
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from partita.data.index import INDEX, STORE_NAME, DamagedIndexError, read_index, store_name
from partita.data.notes.kept import NOTES_NAME, KeptNotes, remove_unused_notes
from partita.data.prepared_file import PreparedFile
from partita.data.store_cleanup import clear_scratch, record_stores, remove_unused_stores
from partita.digests import add_digest
from partita.errors import PartitaError
from partita.storage import DISK_FULL_ERRORS, flush_to_disk, lock_folder, remove_leftovers, write_json

SCRATCH = ".preparing"
OWN_NAMES = re.compile(
    rf"{re.escape(SCRATCH)}|{STORE_NAME.pattern}|{NOTES_NAME.pattern}|\.{re.escape(INDEX)}\..*\.part"
)
COPY_BYTES = 1 << 20


class CorpusWriter:
    """A corpus folder that is open for writing; use it in a `with` statement.

    At the start of the block the folder is locked, then the old corpus is read. At the end the scratch folder
    is removed, and a new folder too if it holds no corpus.

    Args:
        out: the corpus folder: new, empty, or a corpus.

    Raises:
        PartitaError: `out` is a file, a folder that holds something else than a corpus, or a corpus of a
            newer version; or another process is writing to it.
    """

    def __init__(self, out: Path) -> None:
        self.out, self.scratch = out, out / SCRATCH
        self.warnings: list[str] = []
        self._lock = ExitStack()
        self._old: dict[str, Any] | None = None
        self._new: dict[str, Any] | None = None
        self._existed = out.exists()
        if self._existed and not out.is_dir():
            raise PartitaError(f"{out} is a file, must be a folder: give a new folder for the corpus")

    def __enter__(self) -> Self:
        """Lock the folder, read the old corpus, and remove what a killed writer left."""
        try:
            self.out.mkdir(parents=True, exist_ok=True)
            self._lock.enter_context(lock_folder(self.out))
            self._old = self._read_old()
            self._clean_up()
            self.scratch.mkdir(exist_ok=True)
        except OSError as error:
            self._lock.close()
            if error.errno in DISK_FULL_ERRORS:
                raise
            raise PartitaError(
                f"{self.out} can't be written to ({error.strerror}): give another folder"
            ) from None
        except PartitaError:
            self._lock.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Remove the scratch folder, and the store that the index does not name."""
        with suppress(PartitaError):
            self._clean_up()
            self._remove_notes()
        if not self._existed:
            with suppress(OSError):  # not empty: it holds a corpus now
                self.out.rmdir()
        self._lock.close()

    def _read_old(self) -> dict[str, Any] | None:
        """Return the index of the old corpus, None if there is none or it is damaged."""
        names = {path.name for path in self.out.iterdir()} - {INDEX}
        foreign = [name for name in names if not OWN_NAMES.fullmatch(name)]
        try:
            old = read_index(self.out)
        except DamagedIndexError as error:
            if foreign or not any(STORE_NAME.fullmatch(name) for name in names):
                raise PartitaError(
                    f"{self.out} holds a damaged {INDEX} and is not a corpus otherwise: give a new folder"
                ) from error
            self.warnings.append(f"{error}; everything was prepared again")
            return None
        if old is None and (foreign or (self.out / INDEX).exists()):
            raise PartitaError(f"{self.out} exists and is not a corpus: give a new folder, or empty this one")
        return old

    def _clean_up(self) -> None:
        """Remove the scratch folder, what a killed writer left, and the store that is no longer used."""
        if remove_unused_stores(self.out, self.scratch, self._new):
            shutil.rmtree(self.scratch, ignore_errors=True)
        else:  # a later writer can tell which stores are unused
            clear_scratch(self.scratch)
        remove_leftovers(self.out, of=INDEX)

    def _remove_notes(self) -> None:
        """Remove files of notes that the index does not name."""
        index = self._new or read_index(self.out)
        if index is not None:
            remove_unused_notes(self.out, index.get("notes"))

    @property
    def old_settings(self) -> Any:
        """The settings that the old corpus was prepared with, None without an old corpus."""
        return self._old["sound"] if self._old else None

    @property
    def old_root(self) -> Any:
        """The folder that the old corpus's names are relative to, None without an old corpus."""
        return self._old["root"] if self._old else None

    def old_files(self) -> list[PreparedFile]:
        """Return the files of the old corpus with the places of their samples; empty if it has no store."""
        if self._old is None or not self._has_size(self._old["store"], self._old["samples"]):
            return []
        files = []
        offset = 0
        for values in self._old["files"]:
            files.append(PreparedFile.from_json(values, offset=offset, store=self.out / self._old["store"]))
            offset += files[-1].samples
        return files

    def commit(
        self, index: dict[str, Any], files: list[PreparedFile], notes: KeptNotes | None = None
    ) -> dict[str, Any]:
        """Write the store and the notes, then the index. What is unchanged is not written again.

        Args:
            index: the content of `index.json`, without `store` and `digest`.
            files: the files whose samples the store holds, in order; those of the old corpus must be intact.
            notes: the notes that the index names, if it does.

        Returns:
            The index as it was written.
        """
        name = store_name([file.samples_digest for file in files])
        index = add_digest({**index, "store": name})
        if not self._store_is_current(name, files):
            part = self.scratch / name
            with part.open("wb") as target:
                for file in files:
                    _append(target, file)
            flush_to_disk(part)
            old = {self._old["store"]: self._old["samples"]} if self._old else {}
            record_stores(self.scratch, {**old, name: index["samples"]})
            part.replace(self.out / name)
        if notes is not None:
            notes.write(self.out)
        if index != self._old:
            write_json(self.out / INDEX, index)
        self._new = index
        return index

    def _store_is_current(self, name: str, files: list[PreparedFile]) -> bool:
        """Return whether a store exists that holds exactly these files' samples, in this order."""
        offset = 0
        for file in files:
            if file.samples and (file.store, file.offset) != (self.out / name, offset):
                return False
            offset += file.samples
        return self._has_size(name, offset)

    def _has_size(self, store: str, samples: int) -> bool:
        path = self.out / store
        return path.is_file() and not path.is_symlink() and path.stat().st_size == 2 * samples


def _append(target: IO[bytes], file: PreparedFile) -> None:
    """Copy a file's samples to the end of `target`."""
    if file.store is None or not file.samples:
        return
    with file.store.open("rb") as source:
        source.seek(2 * file.offset)
        left = 2 * file.samples
        while left:
            block = source.read(min(COPY_BYTES, left))
            if not block:
                raise PartitaError(f"{file.store} is shorter than it was: prepare the recordings again")
            target.write(block)
            left -= len(block)


@contextmanager
def explain_full_disk(out: Path) -> Iterator[None]:
    """Turn the `OSError` of a full disk into a `PartitaError` of one line.

    Args:
        out: the folder that is written to, for the message.

    >>> with explain_full_disk(Path("corpus")): raise OSError(28, "No space left on device")
    Traceback (most recent call last):
    ...
    partita.errors.PartitaError: no room left on the disk of corpus: free some, earlier files are unchanged
    """
    try:
        yield
    except OSError as error:
        if error.errno not in DISK_FULL_ERRORS:
            raise
        raise PartitaError(
            f"no room left on the disk of {out}: free some, earlier files are unchanged"
        ) from None
