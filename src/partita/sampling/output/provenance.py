"""The comment by which Partita recognises the clips that it drew.

Every output format can store a comment: in a LIST chunk in WAV, as a tag in other formats. A program that
edits a clip may keep the comment. This file does not write sound.
"""

import re
from collections.abc import Sequence
from pathlib import Path

import soundfile

from partita import __version__

COMMENT = re.compile(r"made by partita \d")


def clip_comment(*, seed: int | None = None, clip: int | None = None, options: Sequence[str] = ()) -> str:
    """Return the comment of a drawn clip, in ASCII.

    Args:
        seed: the seed of the clip; None if it is not known.
        clip: the number of the clip, from 1; None if there is only one.
        options: what the clip was given and how it was drawn, for example "like hum.wav".

    >>> clip_comment(seed=7, clip=2, options=["label digit=3"]).partition(", ")[2]
    'seed 7, clip 2, label digit=3'
    """
    numbers = [("seed", seed), ("clip", clip)]
    parts = [f"{name} {number}" for name, number in numbers if number is not None]
    whole = ", ".join([f"made by partita {__version__}", *parts, *options])
    return whole.encode("ascii", "backslashreplace").decode("ascii")


def drawn_by_partita(path: str | Path) -> bool:
    """Return whether a file is a clip that Partita drew; False if it can't be read.

    Args:
        path: a regular file.

    >>> drawn_by_partita(__file__)
    False
    """
    try:
        with Path(path).open("rb") as raw, soundfile.SoundFile(raw) as sound:
            comment = sound.copy_metadata().get("comment", "")
    except (soundfile.LibsndfileError, TypeError, OSError):  # TypeError: the suffix of a headerless format
        return False
    return COMMENT.match(comment) is not None
