"""The files that visitors have given, under names of the page's own. Nothing is decoded here."""

import asyncio
import json
import re
import secrets
import tempfile
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath

from partita import storage
from partita.app.uploads.decode import SCORE, SOUND
from partita.app.uploads.sandbox import decode
from partita.app.web.errors import BusyError, MissingError
from partita.errors import PartitaError

ID = re.compile(r"[A-Za-z0-9_-]{16}")
MOST_FILES, MOST_BYTES = 200, 8 << 30
MOST_ARRIVING, MOST_AT_ONCE = 8, 2
"""Files that arrive at once, and processes that read them."""
LONGEST_NAME = 120
"""Bytes of a name in UTF-8: file systems take 255."""
LONGEST_SUFFIX = 8
SUFFIXES = {SOUND: ".wav", SCORE: ".csv"}


@dataclass(frozen=True, kw_only=True)
class Upload:
    """A file that a visitor has given.

    Args:
        name: an unguessable name.
        title: what the visitor called it.
        kind: `sound` or `score`.
        seconds: its length.
    """

    name: str
    title: str
    kind: str
    seconds: float


class UploadStore:
    """The uploaded files in a folder.

    Args:
        folder: is made when it is needed.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._decoding = asyncio.Semaphore(MOST_AT_ONCE)
        self._arriving = 0

    async def add(self, chunks: AsyncIterator[bytes], *, title: str, kind: str) -> Upload:
        """Keep a file after it was read.

        Args:
            chunks: its bytes.
            title: what the visitor calls it; used in texts and for its suffix, never as a path.
            kind: `sound` or `score`.

        Raises:
            BusyError: there are too many files.
            PartitaError: it can't be read.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        self._refuse_too_many()
        self._arriving += 1
        try:
            return await self._kept(chunks, title=title, kind=kind)
        except OSError as error:
            raise PartitaError(
                f"the file can't be kept ({error.strerror}): make room, then try again"
            ) from None
        finally:
            self._arriving -= 1

    def _refuse_too_many(self) -> None:
        if self._arriving >= MOST_ARRIVING:
            raise BusyError("other files are being read: try again in a moment")
        files = [path.stat().st_size for path in self._folder.iterdir()]
        if len(files) + 2 * self._arriving >= 2 * MOST_FILES or sum(files) >= MOST_BYTES:
            raise BusyError(
                f"{len(files) // 2} files are kept already, {sum(files) / 1e6:.0f} MB: remove some from"
                f" {self._folder}, then try again"
            )

    async def _kept(self, chunks: AsyncIterator[bytes], *, title: str, kind: str) -> Upload:
        name, title = secrets.token_urlsafe(12), clean_title(title)
        with tempfile.TemporaryDirectory() as scratch:
            given = Path(scratch) / f"given{PurePosixPath(title).suffix.lower()}"
            with given.open("wb") as file:
                async for chunk in chunks:
                    file.write(chunk)
            try:
                async with self._decoding:
                    with storage.atomic_file(self.path(name, kind)) as decoded:
                        seconds = await decode(given, decoded, kind)
            except PartitaError as error:
                raise PartitaError(f"{title}: {error}") from None
        upload = Upload(name=name, title=title, kind=kind, seconds=seconds)
        storage.write_json(self._folder / f"{name}.json", asdict(upload))
        return upload

    def path(self, name: str, kind: str) -> Path:
        """Return the path of a file.

        Args:
            name: of an upload.
            kind: of an upload.

        Raises:
            MissingError: this is not a name that the page gives.
        """
        if not ID.fullmatch(name) or kind not in SUFFIXES:
            raise MissingError("there is no such file: give it again")
        return self._folder / f"{name}{SUFFIXES[kind]}"

    def get(self, name: str, kind: str) -> Path:
        """Return the path of a file that is there.

        Args:
            name: of an upload.
            kind: of an upload.

        Raises:
            MissingError: it is not there, or not any more.
        """
        path = self.path(name, kind)
        if not path.is_file():
            raise MissingError("this file is not there any more: give it again")
        return path

    def title(self, name: str) -> str:
        """Return what the visitor calls a file, or its name if that is not known.

        Args:
            name: of an upload.
        """
        if not ID.fullmatch(name):
            return name
        found = self._read(self._folder / f"{name}.json")
        return found.title if found else name

    def uploads(self) -> list[Upload]:
        """Return all files, newest first."""
        paths = sorted(self._folder.glob("*.json"), key=lambda path: path.stat().st_mtime, reverse=True)
        found = [one for one in map(self._read, paths) if one is not None]
        return [one for one in found if ID.fullmatch(one.name) and self.path(one.name, one.kind).is_file()]

    def _read(self, path: Path) -> Upload | None:
        """Return what is known of an upload; None if this page has not written it."""
        try:
            return Upload(**json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None


def clean_title(title: str) -> str:
    r"""Return a file name without folders and control characters, and not too long.

    Args:
        title: as a visitor's browser gives it.

    >>> clean_title("../../etc/pass\x00wd.wav"), clean_title("C:\\sounds\\a.wav"), clean_title("..")
    ('passwd.wav', 'a.wav', 'file')
    """
    last = PureWindowsPath(PurePosixPath(title).name).name
    kept = "".join(char for char in last if char.isprintable() and char not in '/\\"<>|:*?')
    stem, dot, suffix = kept.strip(" .").rpartition(".")
    if not (stem and suffix.isascii() and len(suffix) <= LONGEST_SUFFIX):
        stem, dot, suffix = kept.strip(" ."), "", ""
    room = LONGEST_NAME - len(dot) - len(suffix)
    short = stem.encode("utf-8", "ignore")[:room].decode("utf-8", "ignore").strip(" .")
    return short + dot + suffix if short else "file"
