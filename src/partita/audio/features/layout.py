"""Which columns a frame has, and how many samples lie between two frames."""

from dataclasses import dataclass, replace

from partita.checks import check_count
from partita.errors import PartitaError

HOLD = 16
"""Samples that share one interpolated condition: 1 ms at 16 kHz."""
LOWEST_HZ = 60
"""The lowest pitch whose period counts; lower ones have none."""
PITCH_COLUMNS = 2
"""Columns of the pitch: MIDI note number (69 is 440 Hz), and periodicity from 0 to 1."""
LOWEST_NOTE, HIGHEST_NOTE = 21, 108
"""MIDI note numbers of the piano's range."""
NOTE_COUNT = HIGHEST_NOTE - LOWEST_NOTE + 1
NOTE_COLUMNS = 3 * NOTE_COUNT
"""Columns of the notes: for each pitch whether it sounds, whether it begins, and how long ago it began."""


def hop_length_for(sample_rate: int) -> int:
    """Return the samples from one frame to the next: about 10 ms, and a multiple of `HOLD`.

    Args:
        sample_rate: Hz.

    >>> [hop_length_for(rate) for rate in (8000, 16000, 22050, 44100)]
    [80, 160, 224, 448]
    """
    return HOLD * max(1, round(sample_rate / (100 * HOLD)))


@dataclass(frozen=True, kw_only=True)
class FrameLayout:
    """The columns of a frame, in this order: log-mel bands, pitch and periodicity, notes, labels.

    Raises:
        PartitaError: a value is out of range, or there is no column.

    >>> FrameLayout(hop_length=160, bands=32).columns
    34
    """

    hop_length: int
    """Samples from the centre of one frame to the centre of the next, a multiple of 16."""
    bands: int = 0
    """Log-mel bands, 0 to 256. With bands, pitch and periodicity follow; 0 leaves out all three."""
    notes: bool = False
    """Whether the notes of a score are given."""
    labels: tuple[str, ...] = ()
    """The labels, for example `digit=3`; each is one column, which is 1 where the label holds, else 0."""
    sample_rate: int = 0
    """Hz, by which a pitch has a period in samples; 0 if it is not known."""

    def __post_init__(self) -> None:
        """Check the ranges."""
        check_count("hop_length", self.hop_length, HOLD, 1 << 16)
        check_count("bands", self.bands, 0, 256)
        check_count("sample_rate", self.sample_rate, 0, 1 << 20)
        if self.hop_length % HOLD:
            raise PartitaError(f"`hop_length` is {self.hop_length}, must be a multiple of {HOLD}")
        if not self.columns:
            raise PartitaError("the frames have no columns: give `bands`, `notes` or `labels`")

    @property
    def longest_period(self) -> int:
        """Samples of the longest period that counts as one."""
        return self.sample_rate // LOWEST_HZ

    @property
    def feature_columns(self) -> int:
        """Columns of the features: bands, pitch and periodicity."""
        return self.bands + PITCH_COLUMNS if self.bands else 0

    @property
    def note_columns(self) -> int:
        """Columns of the notes."""
        return NOTE_COLUMNS if self.notes else 0

    @property
    def columns(self) -> int:
        """Columns of a frame."""
        return self.feature_columns + self.note_columns + len(self.labels)


def same_frames(one: FrameLayout | None, other: FrameLayout | None) -> bool:
    """Return whether frames of two layouts are the same, but for the sample rate, which older models lack.

    >>> older = FrameLayout(hop_length=160, bands=32)
    >>> same_frames(older, replace(older, sample_rate=16000)), same_frames(older, None)
    (True, False)
    """
    if one is None or other is None:
        return one is other
    return replace(one, sample_rate=0) == replace(other, sample_rate=0)
