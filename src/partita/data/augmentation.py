"""Change how training sound is played: its speed (and with it its pitch), its level and its sign.

This module draws the changes; `frames.changes` applies them to the sound of a segment.
"""

from dataclasses import dataclass

import numpy as np

from partita.data.frames.changes import Change
from partita.errors import PartitaError

KEPT_SPEED = 0.5
"""Share of the windows whose speed stays as it is."""


@dataclass(frozen=True, kw_only=True)
class Augmentation:
    """How much training windows may differ from the recordings.

    Half of the windows keep their speed. The others are played faster or slower, as a tape would be, so that
    pitch and tempo change together.

    Raises:
        PartitaError: a value is out of range.

    >>> Augmentation(varispeed_semitones=0.0, gain_db=0.0, polarity=False).changes
    False
    """

    varispeed_semitones: float = 2.0
    """Largest change of speed, up or down, in semitones (0 to 12)."""
    gain_db: float = 6.0
    """Largest decrease of the level, in decibels (0 to 60)."""
    polarity: bool = True
    """Change the sign of half of the windows."""

    def __post_init__(self) -> None:
        """Check the ranges."""
        for name, most in (("varispeed_semitones", 12), ("gain_db", 60)):
            value = getattr(self, name)
            if not 0 <= value <= most:
                raise PartitaError(f"`{name}` is {value}, must be 0 to {most}")

    @property
    def changes(self) -> bool:
        """Whether anything is changed."""
        return bool(self.varispeed_semitones or self.gain_db or self.polarity)

    def draw(self, rng: np.random.Generator, count: int, *, whole_semitones: bool = False) -> list[Change]:
        """Draw a change for each of some windows.

        Args:
            rng: the random stream; the same number of values is drawn whatever the settings.
            count: windows.
            whole_semitones: change the speed by whole semitones only, because notes of a score are given.
        """
        kept, speed, level, sign = rng.random((4, count))
        semitones = np.where(kept < KEPT_SPEED, 0.0, self.varispeed_semitones * (2 * speed - 1))
        if whole_semitones:
            most = int(self.varispeed_semitones)
            steps = np.minimum((speed * (2 * most + 1)).astype(int), 2 * most) - most
            semitones = np.where(kept < KEPT_SPEED, 0.0, steps)
        gain = 10 ** (-self.gain_db * level / 20)
        gain = np.where((sign < 0.5) & self.polarity, -gain, gain)
        return [Change(semitones=float(a), gain=float(b)) for a, b in zip(semitones, gain, strict=True)]
