"""The notes of a corpus: one file in its folder, whose name contains the digest of its content."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from partita.data.notes.note import Note
from partita.digests import bytes_digest, file_digest
from partita.errors import PartitaError
from partita.storage import atomic_file

NOTES_NAME = re.compile(r"notes-([0-9a-f]{16})\.json")


@dataclass(frozen=True)
class KeptNotes:
    """The notes of a corpus's recordings.

    Args:
        by_source: {name of a recording: its notes in the order of their starts, seconds from its start}.

    >>> KeptNotes({"a.wav": [Note(0.5, 1.0, 69)]}).name
    'notes-9fef35b257d317b9.json'
    """

    by_source: Mapping[str, Sequence[Note]]

    @property
    def _content(self) -> bytes:
        rows = {name: [vars(note) for note in notes] for name, notes in self.by_source.items()}
        plain = {name: [list(row.values()) for row in notes] for name, notes in rows.items()}
        return json.dumps(plain, sort_keys=True).encode()

    @property
    def name(self) -> str:
        """The name of the file, which depends on the notes alone."""
        return f"notes-{bytes_digest(self._content)}.json"

    def write(self, folder: Path) -> None:
        """Write the file into a folder, if it is not there."""
        path = folder / self.name
        if not _is_intact(path):
            with atomic_file(path) as part:
                part.write_bytes(self._content)

    @classmethod
    def read(cls, path: Path, *, remedy: str) -> "KeptNotes":
        """Read the file.

        Args:
            path: the file.
            remedy: what the user can do about a damaged file.

        Raises:
            PartitaError: the file is missing or damaged.
        """
        try:
            data = path.read_bytes()
        except OSError as error:
            raise PartitaError(f"{path} can't be read ({error.strerror}): {remedy}") from error
        found = NOTES_NAME.fullmatch(path.name)
        if not found or bytes_digest(data) != found[1]:
            raise PartitaError(f"{path} is damaged (its content does not match its name): {remedy}")
        values: dict[str, list[Any]] = json.loads(data)
        return cls({name: [Note(*row) for row in rows] for name, rows in values.items()})

    def within(self, source: str, start_s: float, length_s: float) -> list[Note]:
        """Return the notes that sound in a stretch of a recording, in seconds from the start of the stretch.

        Args:
            source: name of the recording.
            start_s: start of the stretch, seconds.
            length_s: length of the stretch, seconds.

        >>> notes = [Note(0.0, 1.0, 60), Note(1.5, 2.5, 62), Note(4.0, 5.0, 64)]
        >>> KeptNotes({"a.wav": notes}).within("a.wav", 2.0, 2.0)
        [Note(start_s=-0.5, end_s=0.5, midi_pitch=62)]
        """
        end_s = start_s + length_s
        notes = (n for n in self.by_source.get(source, ()) if n.end_s >= start_s and n.start_s < end_s)
        return [note.shifted(-start_s) for note in notes]


def remove_unused_notes(folder: Path, used: str | None) -> None:
    """Remove the files of notes that an index does not name; other files are never removed.

    Args:
        folder: the corpus folder.
        used: the name of the file that stays.
    """
    for path in folder.iterdir():
        if NOTES_NAME.fullmatch(path.name) and path.name != used and _is_intact(path):
            path.unlink(missing_ok=True)


def _is_intact(path: Path) -> bool:
    """Return whether a file exists, is no link, and has the content that its name says."""
    found = NOTES_NAME.fullmatch(path.name)
    return bool(found and not path.is_symlink() and path.is_file() and file_digest(path) == found[1])
