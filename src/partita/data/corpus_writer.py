"""Write a corpus folder. The old corpus stays complete until the new index replaces the old one.

A store is named after its content and written before the index that names it, so the folder holds a complete
corpus at every moment. This module does not know how audio is prepared.
"""

import re
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from partita.data.index import INDEX, DamagedIndexError, read_index
from partita.data.notes.kept import NOTES_NAME, KeptNotes, remove_unused_notes
from partita.data.prepared_file import PreparedFile, StorePart
from partita.data.store_cleanup import clear_scratch, record_stores, remove_unused_stores
from partita.data.stores import (
    FLOAT_BYTES,
    SAMPLE_BYTES,
    STORE_NAME,
    count_frames,
    frame_columns,
    pitch_store_name,
    store_bytes,
    store_items,
    store_name,
)
from partita.digests import add_digest
from partita.errors import PartitaError
from partita.storage import DISK_FULL_ERRORS, flush_to_disk, lock_folder, remove_leftovers, write_json

SCRATCH = ".preparing"
OWN_NAMES = re.compile(
    rf"{re.escape(SCRATCH)}|{STORE_NAME.pattern}|{NOTES_NAME.pattern}|\.{re.escape(INDEX)}\..*\.part"
)


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
        """Remove the scratch folder, and the stores that the index does not name."""
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
        """Remove the scratch folder, what a killed writer left, and the stores that are no longer used."""
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
        """Return the files of the old corpus, with the places of samples and pitch; empty without stores."""
        old = self._old
        if old is None or not all(self._has_size(*store) for store in store_items(old).items()):
            return []
        files, sample, frame, hop_length = [], 0, 0, old.get("pitch_hop_length", 0)
        for values in old["files"]:
            stretches = values["stretches"] if values["reason"] is None else []
            samples = sum(length for _, length in stretches)
            part = StorePart(self.out / old["store"], SAMPLE_BYTES * sample, SAMPLE_BYTES * samples)
            sample += samples
            pitch_part = None
            if "pitch_store" in old:
                frames = count_frames(stretches, hop_length)
                store = self.out / old["pitch_store"]
                size = FLOAT_BYTES * frame_columns(old)
                pitch_part = StorePart(store, size * frame, size * frames)
                frame += frames
            used = bool(stretches)
            files.append(
                PreparedFile.from_json(
                    values, samples=part if used else None, pitch=pitch_part if used else None
                )
            )
        return files

    def commit(
        self, index: dict[str, Any], files: list[PreparedFile], notes: KeptNotes | None = None
    ) -> dict[str, Any]:
        """Write the stores and the notes, then the index. What is unchanged is not written again.

        Args:
            index: the content of `index.json`, without `store`, `pitch_store` and `digest`. With
                `pitch_hop_length`, the corpus has pitch.
            files: the files whose samples the store holds, in order; those of the old corpus must be intact.
            notes: the notes that the index names, if it does.

        Returns:
            The index as it was written.
        """
        names = {"store": store_name([file.samples_digest for file in files])}
        parts = {names["store"]: [file.samples_part for file in files if file.samples_part]}
        if "pitch_hop_length" in index:
            names["pitch_store"] = pitch_store_name([file.pitch_digest for file in files])
            parts[names["pitch_store"]] = [file.pitch_part for file in files if file.pitch_part]
        index = add_digest({**index, **names})
        changed = [name for name in parts if not self._store_is_current(name, parts[name])]
        if changed:
            old = store_items(self._old) if self._old else {}
            record_stores(self.scratch, old | store_items(index))
        for name in changed:
            part = self.scratch / name
            with part.open("wb") as target:
                for one in parts[name]:
                    one.append_to(target)
            flush_to_disk(part)
            part.replace(self.out / name)
        if notes is not None:
            notes.write(self.out)
        if index != self._old:
            write_json(self.out / INDEX, index)
        self._new = index
        return index

    def _store_is_current(self, name: str, parts: list[StorePart]) -> bool:
        """Return whether a store exists that holds exactly these parts, in this order."""
        offset = 0
        for part in parts:
            if (part.store, part.offset) != (self.out / name, offset):
                return False
            offset += part.size
        return self._has_bytes(name, offset)

    def _has_size(self, store: str, items: int) -> bool:
        return self._has_bytes(store, store_bytes(store, items))

    def _has_bytes(self, store: str, size: int) -> bool:
        path = self.out / store
        return path.is_file() and not path.is_symlink() and path.stat().st_size == size


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
