"""One note: when it sounds, and its pitch."""

import math
from dataclasses import dataclass

from partita.errors import PartitaError

HIGHEST_PITCH = 127
"""The highest MIDI note number."""


@dataclass(frozen=True, order=True)
class Note:
    """A note of a score; notes are in the order of their starts.

    Args:
        start_s: when it begins, seconds; negative if it began before the time 0.
        end_s: when it ends, seconds; some scores have notes that end where they begin.
        midi_pitch: MIDI note number, 69 for 440 Hz.

    Raises:
        PartitaError: the note ends before it begins, or a value is out of range.

    >>> Note(0.5, 1.0, 69).shifted(-0.25)
    Note(start_s=0.25, end_s=0.75, midi_pitch=69)
    """

    start_s: float
    end_s: float
    midi_pitch: int

    def __post_init__(self) -> None:
        """Check the values."""
        if not (math.isfinite(self.start_s) and self.start_s <= self.end_s < math.inf):
            raise PartitaError(
                f"a note is from {self.start_s} s to {self.end_s} s, which is before it begins: correct it"
            )
        if not 0 <= self.midi_pitch <= HIGHEST_PITCH:
            raise PartitaError(f"`midi_pitch` is {self.midi_pitch}, must be 0 to {HIGHEST_PITCH}: correct it")

    def shifted(self, seconds: float) -> "Note":
        """Return the note so many seconds later."""
        return Note(self.start_s + seconds, self.end_s + seconds, self.midi_pitch)
