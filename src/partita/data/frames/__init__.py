"""Frames of a corpus's segments: features of the sound, notes and labels, also of sound that is changed.

This package chooses neither the stretches nor the changes.
"""

from partita.data.frames.changes import UNCHANGED, Change, ChangedSegment
from partita.data.frames.excerpts import Excerpt, FrameReader, frames_around, segment_frames

__all__ = [
    "UNCHANGED",
    "Change",
    "ChangedSegment",
    "Excerpt",
    "FrameReader",
    "frames_around",
    "segment_frames",
]
