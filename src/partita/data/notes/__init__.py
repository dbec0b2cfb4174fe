"""Notes of a score: read from MIDI and CSV files, kept in a corpus, and turned into columns of frames.

This package knows neither sound nor the splits of a corpus.
"""

from partita.data.notes.columns import note_columns
from partita.data.notes.note import Note
from partita.data.notes.reading import read_notes

__all__ = ["Note", "note_columns", "read_notes"]
