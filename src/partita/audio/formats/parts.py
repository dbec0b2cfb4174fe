"""A part of a file that is decoded as a file of its own, and the notes on damaged parts.

`completeness.py`, `flac.py`, `mp3.py` and `ogg.py` find the parts; `libsndfile.py` decodes them.
"""

from dataclasses import dataclass, replace

NO_SOUND = "cut off or damaged: no sound in it can be decoded"
NOTED_S = 0.1  # a length that is wrong by less than this, in seconds, gets no note


@dataclass(frozen=True, kw_only=True)
class Part:
    """A range of bytes that a decoder reads as a whole file.

    Args:
        start: first byte, from the start of the file.
        stop: end, in bytes from the start of the file.
        header: bytes that replace the part's own header; empty if the part has a valid header.
        unknown_length: whether to hide the length of the part from the decoder; see `FileSlice`.
        seconds: the least duration of the sound, where it is known before decoding.
        note: what the user should know about this part; None for nothing.
        continues: whether the part belongs to the same file as the part before, after some damage.

    >>> Part(start=0, stop=100).size
    100
    """

    start: int
    stop: int
    header: bytes = b""
    unknown_length: bool = False
    seconds: float | None = None
    note: str | None = None
    continues: bool = False

    @property
    def size(self) -> int:
        """Return the number of bytes, without `header`."""
        return self.stop - self.start

    def with_note(self, note: str) -> "Part":
        """Return the part with a note added."""
        return replace(self, note=f"{self.note}; {note}" if self.note else note)


def damaged_within(used: float, expected: float | None) -> str:
    """Return the note on a recording that is damaged in the middle and continues after that.

    Args:
        used: how much of it is used, about, in seconds.
        expected: its whole length in seconds; None where no header gives it.

    >>> damaged_within(26.7, 30)
    'damaged in the middle: 26.7 of 30.0 s are used'
    """
    of = "" if expected is None else f" of {expected:.1f}"
    return f"damaged in the middle: {used:.1f}{of} s are used"


def ends_early(found: float, expected: float) -> str:
    """Return the note on a recording that is shorter than its header says.

    Args:
        found: the length of the sound in the file, in seconds.
        expected: the length by the header, in seconds.

    >>> ends_early(4, 10)
    'cut off or damaged: it ends after 4.0 of 10.0 s'
    """
    digits = 1 if min(found, expected - found) >= 0.05 else 3
    return f"cut off or damaged: it ends after {found:.{digits}f} of {expected:.{digits}f} s"
