"""A stretch of a recording in a corpus. This file knows no stores."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Segment:
    """A stretch of a recording in which nothing was cut out; no window crosses its ends.

    Args:
        recording: position in the index's list of recordings.
        offset: samples from the start of the store.
        length: samples.
        source_start_s: start of the stretch in the source file, seconds.
        split: "train", "validation" or "test".
    """

    recording: int
    offset: int
    length: int
    source_start_s: float
    split: str
