"""Read one recording whole, for prompts that a person gives. It makes no corpora: `prepare.py` does."""

from collections import deque
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from partita.audio.decoding import Decoder
from partita.audio.errors import UnreadableError
from partita.audio.spooling import seekable
from partita.errors import PartitaError
from partita.standard_streams import without_libraries


def read_audio(path: str | Path, sample_rate: int, *, last_samples: int | None = None) -> NDArray[np.float32]:
    """Return a recording, or its end, as mono sound at one rate; level and offset stay as they are.

    Args:
        path: an audio file in any format that `prepare` takes, or a pipe that gives one.
        sample_rate: Hz, of the result.
        last_samples: keep so many samples of the end and no more; memory does not grow with the rest. All of
            the recording is decoded nevertheless, so that the end is the same to the bit. None keeps all.

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
        with without_libraries(), seekable(path) as file:
            again: Decoder | None = Decoder(file, sample_rate)
            while again:
                decoding, sound = again, _end_of(again, last_samples)
                again = decoding.second_pass()
    except (UnreadableError, OSError) as error:
        raise PartitaError(f"{path} can't be used: {error}") from error
    if not sound.size:
        raise PartitaError(f"{path} holds no sound: name a file with at least one sample")
    return sound


def _end_of(blocks: Iterable[NDArray[np.float32]], samples: int | None) -> NDArray[np.float32]:
    """Return the last samples of all blocks together, all of them when `samples` is None."""
    kept: deque[NDArray[np.float32]] = deque([np.empty(0, dtype=np.float32)])
    held = 0
    for block in blocks:
        kept.append(block)
        held += len(block)
        while samples is not None and held - len(kept[0]) >= samples:
            held -= len(kept.popleft())
    sound = np.concatenate(kept)
    return sound if samples is None else sound[max(0, len(sound) - samples) :]
