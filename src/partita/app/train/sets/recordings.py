"""The recordings that visitors give for training, in sets: a set is a folder, and a corpus is made of it.

This file decodes nothing. `preparing` says which files can be used.
"""

import contextlib
import hashlib
import re
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from partita import storage
from partita.app.train.names import clean_name, is_name, unused_name
from partita.app.uploads.store import clean_title
from partita.app.web.errors import BusyError, MissingError
from partita.errors import PartitaError
from partita.sampling.output.plan import free_path

MOST_BYTES = 2 << 30
"""The most that all recordings of the page may take."""
MOST_FILES = 5000
FIRST_SET = "recordings"


@dataclass(frozen=True, kw_only=True)
class Recording:
    """A file of a set.

    Args:
        name: its file name.
        size: bytes.
        known: whether the set had this file already.
    """

    name: str
    size: int
    known: bool = False


class RecordingSets:
    """The sets of recordings in a folder.

    Args:
        folder: is made when it is needed.
        most_bytes: the most that all of them may take.
    """

    def __init__(self, folder: Path, *, most_bytes: int = MOST_BYTES) -> None:
        self._folder, self.most_bytes = folder, most_bytes
        self._arriving = 0  # bytes that are expected of files that are being received

    def names(self) -> list[str]:
        """Return the names of all sets, the one that was changed last first."""
        if not self._folder.is_dir():
            return []
        folders = [path for path in self._folder.iterdir() if path.is_dir() and is_name(path.name)]
        return [path.name for path in sorted(folders, key=lambda path: path.stat().st_mtime, reverse=True)]

    def make(self, title: str) -> str:
        """Make an empty set and return its name, which is its title without what a folder's name can't have.

        Args:
            title: what the visitor calls it.
        """
        name = unused_name(clean_name(title, FIRST_SET), self._folder)
        (self._folder / name).mkdir(parents=True)
        return name

    def folder(self, name: str) -> Path:
        """Return the folder of a set.

        Args:
            name: of the set.

        Raises:
            MissingError: there is none of this name, or it was removed.
        """
        path = self._folder / name
        if not is_name(name) or not path.is_dir():
            raise MissingError("this set of recordings is not there any more: reload the page")
        return path

    def files(self, name: str) -> list[Recording]:
        """Return the files of a set, in alphabetical order.

        Args:
            name: of the set.

        Raises:
            MissingError: there is no such set.
        """
        found = []
        for path in sorted(self.folder(name).iterdir()):
            with contextlib.suppress(OSError):  # removed meanwhile
                if path.is_file() and not path.name.startswith("."):
                    found.append(Recording(name=path.name, size=path.stat().st_size))
        return found

    def bytes_left(self) -> int:
        """Return how many bytes of recordings the page still takes."""
        taken = sum(one.size for name in self.names() for one in self.files(name))
        return max(0, self.most_bytes - taken - self._arriving)

    async def add(self, name: str, chunks: AsyncIterator[bytes], *, title: str, expected: int) -> Recording:
        """Keep a file as it is.

        Args:
            name: of the set.
            chunks: its bytes.
            title: what the visitor calls it; its folders and unusual characters are left out.
            expected: its bytes, as far as they are known; else 0.

        Raises:
            MissingError: there is no such set.
            BusyError: there is no room for it.
            PartitaError: it is empty.
        """
        folder = self.folder(name)
        if expected > (room := self.bytes_left()):
            raise self._no_room(room)
        if (count := len(self.files(name))) >= MOST_FILES:
            raise BusyError(f"{count} recordings are in this set already: take another set")
        try:
            return await self._stored(folder / clean_title(title), chunks, expected)
        except OSError as error:
            if error.errno not in storage.DISK_FULL_ERRORS:
                raise
            raise BusyError("the disk is full: make room, then give the recording again") from None

    async def _stored(self, path: Path, chunks: AsyncIterator[bytes], expected: int) -> Recording:
        """Write a file while its room is reserved: what was announced, or what came if that is more."""
        reserved = expected
        self._arriving += reserved

        async def counted() -> AsyncIterator[bytes]:
            nonlocal reserved
            size = 0
            async for chunk in chunks:
                size += len(chunk)
                if size > reserved:
                    if size - reserved > (room := self.bytes_left()):
                        raise self._no_room(room)
                    self._arriving += size - reserved
                    reserved = size
                yield chunk

        try:
            return await self._written(path, counted())
        finally:
            self._arriving -= reserved

    async def _written(self, path: Path, chunks: AsyncIterator[bytes]) -> Recording:
        """Write a file, unless the set has one with this name and content."""
        digest, size = hashlib.sha256(), 0
        with storage.temporary_file(path) as part:
            with part.open("wb") as file:
                async for chunk in chunks:
                    size += len(chunk)
                    file.write(chunk)
                    digest.update(chunk)
            if not size:
                raise PartitaError(f"{path.name} is empty: it has 0 bytes")
            if (same := _same_file(path, size, digest.hexdigest())) is not None:
                return Recording(name=same.name, size=size, known=True)
            free = free_path(path)
            part.rename(free)
        return Recording(name=free.name, size=size)

    def remove(self, name: str, file: str) -> None:
        """Remove a file from a set.

        Args:
            name: of the set.
            file: its name in the set.

        Raises:
            MissingError: there is no such file.
        """
        path = self.folder(name) / file
        if clean_title(file) != file or not path.is_file():
            raise MissingError("this recording is not there any more")
        path.unlink()

    def remove_set(self, name: str) -> None:
        """Remove a set with all its files.

        Args:
            name: of the set.

        Raises:
            MissingError: there is no such set.
        """
        shutil.rmtree(self.folder(name))

    def _no_room(self, room: int) -> BusyError:
        return BusyError(
            f"all recordings of this page may take {in_words(self.most_bytes)}, and {in_words(room)} of it"
            " are left: remove some first, or use `partita prepare` on the command line"
        )


def in_words(size: int) -> str:
    """Return a size in words.

    Args:
        size: bytes.

    >>> in_words(2 << 30), in_words(300 << 20)
    ('2.0 GB', '300 MB')
    """
    return f"{size / (1 << 30):.1f} GB" if size >= 1 << 30 else f"{size / (1 << 20):.0f} MB"


def _same_file(path: Path, size: int, digest: str) -> Path | None:
    """Return the file with this content that has this name, or this name with a number."""
    numbered = re.compile(rf"{re.escape(path.stem)}(-\d+)?{re.escape(path.suffix)}")
    for other in path.parent.iterdir():
        if numbered.fullmatch(other.name) and other.stat().st_size == size:
            with other.open("rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() == digest:
                    return other
    return None
