"""The note inside each sound file that Partita draws, by which it knows the file as its own.

The note is the file's comment, which every format here can hold: a LIST chunk in WAV, a tag elsewhere. A
program that edits a clip may keep the note. This file does not write sound.
"""

import re
from pathlib import Path

import soundfile

from partita import __version__

NOTE = re.compile(r"made by partita \d")


def clip_comment(*, seed: int | None = None, clip: int | None = None) -> str:
    """Return the comment of a drawn clip.

    Args:
        seed: what the clip was drawn with, if known.
        clip: the clip's number among several, from 1.

    >>> clip_comment(seed=7, clip=2).partition(", ")[2]
    'seed 7, clip 2'
    """
    numbers = [("seed", seed), ("clip", clip)]
    said = [f"{name} {number}" for name, number in numbers if number is not None]
    return ", ".join([f"made by partita {__version__}", *said])


def is_generated_clip(path: str | Path) -> bool:
    """Return whether a file is a clip that Partita drew; False where that can't be told.

    Args:
        path: a regular file.

    >>> is_generated_clip(__file__)
    False
    """
    try:
        with Path(path).open("rb") as raw, soundfile.SoundFile(raw) as sound:
            comment = sound.copy_metadata().get("comment", "")
    except (soundfile.LibsndfileError, TypeError, OSError):  # TypeError: a name that means headerless sound
        return False
    return NOTE.match(comment) is not None
