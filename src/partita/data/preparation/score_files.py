"""Find the notes beside recordings: NAME.notes.csv, NAME.mid or NAME.midi beside NAME.wav."""

from collections.abc import Sequence
from pathlib import Path

from partita.data.notes import Note, read_notes
from partita.data.notes.kept import KeptNotes
from partita.data.preparation.sources import SCORE, SCORE_SUFFIXES, Source
from partita.data.preparation.summary import group_notes
from partita.data.prepared_file import PreparedFile
from partita.errors import PartitaError


def find_notes(sources: Sequence[Source], files: Sequence[PreparedFile]) -> tuple[KeptNotes, list[str]]:
    """Read the notes beside all recordings that were prepared.

    Args:
        sources: the recordings.
        files: the same, prepared or skipped.

    Returns:
        The notes; and warnings about the recordings that have none.

    Raises:
        PartitaError: no recording has notes.
    """
    usable = {file.source for file in files if file.reason is None}
    found: dict[str, list[Note]] = {}
    missing = []
    for source in sources:
        if source.name in usable:
            try:
                notes = _read_beside(source.path)
            except PartitaError as error:
                missing.append((source.name, f"its notes are left out: {error}"))
                continue
            if notes is None:
                missing.append(
                    (source.name, f"it has no notes: write them beside it as NAME{SCORE_SUFFIXES[0]}")
                )
            else:
                found[source.name] = notes
    if not found:
        first = f"{missing[0][0]}: {missing[0][1]}" if missing else "no recording can be used"
        raise PartitaError(
            f"`notes` is on, but no recording has notes ({first}): write NAME{SCORE_SUFFIXES[0]} or"
            " NAME.mid beside the recordings"
        )
    return KeptNotes(found), group_notes(missing)


def without_scores(sources: Sequence[Source]) -> list[Source]:
    """Return the sources without the files of notes, which are not skipped recordings."""
    return [s for s in sources if s.problem != SCORE]


def _read_beside(recording: Path) -> list[Note] | None:
    """Return the notes beside a recording, None if there is no file of them."""
    for suffix in SCORE_SUFFIXES:
        path = recording.with_name(recording.stem + suffix)
        if path.is_file():
            return read_notes(path)
    return None
