"""Read the notes of a score from a MIDI file, or from a table with a note in each line."""

import csv
import math
from pathlib import Path

from partita.checks import nearest_path
from partita.data.notes.midi import read_midi
from partita.data.notes.note import Note
from partita.errors import PartitaError

MIDI_SUFFIXES = (".mid", ".midi")
FIELDS = ("start_s", "end_s", "midi_pitch")
REMEDY = "write the columns start_s, end_s and midi_pitch, a note in each line"


def read_notes(path: str | Path) -> list[Note]:
    r"""Return the notes in a file, in the order of their starts.

    Args:
        path: a MIDI file (.mid or .midi), or a CSV file with the columns start_s, end_s and midi_pitch.

    Raises:
        PartitaError: the file can't be read, is damaged, or has another suffix.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "a.notes.csv"
    >>> _ = path.write_text("start_s,end_s,midi_pitch\n0.5,1.25,69\n")
    >>> read_notes(path)
    [Note(start_s=0.5, end_s=1.25, midi_pitch=69)]
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in (*MIDI_SUFFIXES, ".csv"):
        raise PartitaError(f"{path} is not a file of notes by its name: give a .mid, .midi or .csv file")
    try:
        data = path.read_bytes()
    except OSError as error:
        close = "" if path.exists() else nearest_path(path)
        raise PartitaError(f"{path} can't be read ({error.strerror}): check the path{close}") from error
    return sorted(read_midi(data, path) if suffix in MIDI_SUFFIXES else _read_csv(data, path))


def _read_csv(data: bytes, path: Path) -> list[Note]:
    try:
        lines = data.decode("utf-8-sig").splitlines()
        table = csv.DictReader(lines, skipinitialspace=True)
        rows = [(table.line_num, row) for row in table]
    except (UnicodeDecodeError, csv.Error) as error:
        raise PartitaError(f"{path} is damaged ({error}): {REMEDY}") from error
    missing = [name for name in FIELDS if name not in (table.fieldnames or ())]
    if missing:
        raise PartitaError(f"{path} has no column {missing[0]}: {REMEDY}")
    notes = []
    for line, row in rows:
        try:
            start, end, pitch = (float(row[name]) for name in FIELDS)
        except (TypeError, ValueError):
            shown = ", ".join(str(row[name]) for name in FIELDS)
            raise PartitaError(
                f"line {line} of {path} is {shown[:60]!r}, must be numbers: {REMEDY}"
            ) from None
        if not math.isfinite(pitch) or pitch != round(pitch) or start < 0:
            raise PartitaError(
                f"line {line} of {path} has the start {start} and the pitch {pitch}, must be 0 or more and a"
                f" whole number: {REMEDY}"
            )
        try:
            notes.append(Note(start, end, int(pitch)))
        except PartitaError as error:
            raise PartitaError(f"line {line} of {path}: {error}") from None
    return notes
