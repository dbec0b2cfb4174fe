"""Read one recording whole, for openings that a person gives. It makes no corpora: `prepare.py` does."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from partita.audio.decoding import Decoding, UnreadableError
from partita.audio.spooling import seekable
from partita.errors import PartitaError


def read_audio(path: str | Path, sample_rate: int) -> NDArray[np.float32]:
    """Return a recording as mono sound at one rate; level and offset stay as they are.

    Args:
        path: an audio file in any format that `prepare` takes, or a pipe that gives one.
        sample_rate: Hz, of the result.

    Returns:
        (samples,) float32, in [-1, 1] unless the file goes beyond.

    Raises:
        PartitaError: no such file, not audio, no sound in it, or values that are not finite.

    >>> read_audio("nowhere.wav", 16000)
    Traceback (most recent call last):
    ...
    partita.errors.PartitaError: nowhere.wav does not exist: name an audio file
    """
    path = Path(path)
    if path.is_dir() or not path.exists():
        raise PartitaError(
            f"{path} {'is a folder' if path.is_dir() else 'does not exist'}: name an audio file"
        )
    try:
        with seekable(path) as file:
            blocks = list(Decoding(file, sample_rate))
    except (UnreadableError, OSError) as error:
        raise PartitaError(f"{path} can't be used: {error}") from error
    sound = np.concatenate([*blocks, np.empty(0, dtype=np.float32)])
    if not sound.size:
        raise PartitaError(f"{path} holds no sound: name a file with at least one sample")
    if not np.isfinite(sound).all():
        raise PartitaError(f"{path} holds NaN or infinity: mend it, or name another file")
    return sound
