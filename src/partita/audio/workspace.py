"""The corpus folder while it is being written: the old corpus stays until the new index takes its place.

A store is named after its content and written before the index that points to it, so the folder holds a whole
corpus at every moment. Knows nothing of audio.
"""

import errno
import hashlib
import re
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from partita.audio.corpus import INDEX, read_index
from partita.errors import PartitaError
from partita.storage import flush_to_disk, sole_writer, write_json

SCRATCH = ".preparing"
OURS = re.compile(rf"{re.escape(SCRATCH)}|samples-[0-9a-f]{{12}}\.i16|\.{re.escape(INDEX)}\..*\.part")
COPY = 1 << 20
NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


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
        """Return what the index keeps."""
        kept = {name: value for name, value in vars(self).items() if name not in ("store", "offset")}
        return {**kept, "stretches": [list(stretch) for stretch in self.stretches]}


class Workspace:
    """A corpus folder open for writing; leaves no scratch behind, nor a new folder without a corpus.

    Raises:
        PartitaError: `out` is a file, or a folder that holds something other than a corpus.
    """

    def __init__(self, out: Path) -> None:
        if out.exists() and not out.is_dir():
            raise PartitaError(f"{out} is a file, must be a folder: name a new folder for the corpus")
        self.out, self.scratch = out, out / SCRATCH
        self._alone = ExitStack()
        self._old = read_index(out)
        self._existed = out.exists()
        if self._old is None and self._existed and not all(OURS.fullmatch(p.name) for p in out.iterdir()):
            raise PartitaError(f"{out} exists and is not a corpus: name a new folder, or empty this one")

    def __enter__(self) -> Self:
        """Make the scratch folder, and clear away what a killed run left."""
        try:
            self.out.mkdir(parents=True, exist_ok=True)
            self._alone.enter_context(sole_writer(self.out))
            shutil.rmtree(self.scratch, ignore_errors=True)
            for part in self.out.glob(f".{INDEX}.*.part"):
                part.unlink()
            self.scratch.mkdir()
        except OSError as error:
            self._alone.close()
            if error.errno in NO_ROOM:
                raise
            raise PartitaError(
                f"{self.out} can't be written to ({error.strerror}): name another folder"
            ) from None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Clear away the scratch folder."""
        shutil.rmtree(self.scratch, ignore_errors=True)
        self._alone.close()
        if not self._existed:
            with suppress(OSError):  # it holds a corpus now
                self.out.rmdir()

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
            stretches = tuple((start, length) for start, length in values["stretches"])
            store = self.out / self._old["store"]
            files.append(PreparedFile(**{**values, "stretches": stretches}, offset=offset, store=store))
            offset += files[-1].samples
        return files

    def commit(self, index: dict[str, Any], files: list[PreparedFile]) -> None:
        """Write the store, then the index; then the old store may go. What needs no change gets none."""
        name = store_name(files)
        index = {**index, "store": name}
        if not self._whole(name, index["samples"]):
            part = self.scratch / name
            with part.open("wb") as target:
                for file in files:
                    _append(target, file)
            flush_to_disk(part)
            part.replace(self.out / name)
        if index != self._old:
            write_json(self.out / INDEX, index)
        for store in self.out.glob("samples-*.i16"):
            if store.name != name:
                with suppress(OSError):  # open elsewhere, on systems that mind
                    store.unlink()

    def _whole(self, store: str, samples: int) -> bool:
        path = self.out / store
        return path.is_file() and path.stat().st_size == 2 * samples


def store_name(files: list[PreparedFile]) -> str:
    """Return the store's file name, made from its content."""
    digests = "".join(file.samples_digest for file in files)
    return f"samples-{hashlib.sha256(digests.encode()).hexdigest()[:12]}.i16"


def _append(target: Any, file: PreparedFile) -> None:
    if file.store is None or not file.samples:
        return
    with file.store.open("rb") as source:
        source.seek(2 * file.offset)
        left = 2 * file.samples
        while left:
            block = source.read(min(COPY, left))
            assert block
            target.write(block)
            left -= len(block)


@contextmanager
def clear_disk_errors(out: Path) -> Iterator[None]:
    """Turn a full disk into one clear line.

    >>> with clear_disk_errors(Path("corpus")): raise OSError(errno.ENOSPC, "No space left on device")
    Traceback (most recent call last):
    ...
    partita.errors.PartitaError: no room left on the disk of corpus: free some; what was there is unharmed
    """
    try:
        yield
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        raise PartitaError(
            f"no room left on the disk of {out}: free some; what was there is unharmed"
        ) from None
