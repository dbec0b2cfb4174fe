"""What in a file is decoded as one: the pieces of joined and chained files, and headers that are made anew.

The scanners of the formats (`chunks.py`, `mpeg.py`, `ogg.py`) make these; `soundfiles.py` decodes them.
"""

from dataclasses import dataclass, replace

NO_SOUND = "cut off or damaged: no sound in it can be decoded"
NOTED_S = 0.1  # a length that is wrong by less is no reason for a note


@dataclass(frozen=True, kw_only=True)
class Part:
    """A stretch of a file that a decoder takes for a whole file.

    Args:
        start: bytes from the start of the file.
        stop: bytes from the start of the file.
        front: bytes that stand before the stretch in place of its own header.
        endless: whether the decoder is told a length far beyond the true one; see `FileSlice`.
        seconds: how long the sound is at least, where that is known before it is decoded.
        note: what a person should know about this part.
        goes_on: whether it is of the same file as the part before, behind damage.

    >>> Part(start=0, stop=100).size
    100
    """

    start: int
    stop: int
    front: bytes = b""
    endless: bool = False
    seconds: float | None = None
    note: str | None = None
    goes_on: bool = False

    @property
    def size(self) -> int:
        """Return the bytes of the stretch."""
        return self.stop - self.start

    def noted(self, note: str) -> "Part":
        """Return the part with one more note."""
        return replace(self, note=f"{self.note}; {note}" if self.note else note)


def damaged_within(used: float, promised: float | None) -> str:
    """Return the note on a recording with damage in the middle, behind which it goes on.

    Args:
        used: seconds that are used, about.
        promised: seconds that there should be; None where no header tells.

    >>> damaged_within(26.7, 30)
    'damaged in the middle: 26.7 of 30.0 s are used'
    """
    of = "" if promised is None else f" of {promised:.1f}"
    return f"damaged in the middle: {used:.1f}{of} s are used"


def ends_early(there: float, promised: float) -> str:
    """Return the note on a recording that is shorter than it says, both in seconds.

    >>> ends_early(4, 10)
    'cut off or damaged: it ends after 4.0 of 10.0 s'
    """
    digits = 1 if min(there, promised - there) >= 0.05 else 3
    return f"cut off or damaged: it ends after {there:.{digits}f} of {promised:.{digits}f} s"
