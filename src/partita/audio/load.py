"""Read a whole recording from a file or a pipe, as one array: the prompts that the user gives.

`data/preparation` does not use this: it decodes block by block.
"""

import stat
import tempfile
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from partita import storage
from partita.audio.decoding import Decoder
from partita.audio.errors import UnreadableError
from partita.checks import nearest_path
from partita.errors import PartitaError
from partita.standard_streams import suppress_library_messages

MAX_PIPE_BYTES = 1 << 30
"""The most bytes that are read from a pipe: an hour and a half of CD sound. Files have no limit."""
COPY_CHUNK = 1 << 20  # bytes
COPY_NAME = "partita-prompt"


def read_audio(path: str | Path, sample_rate: int, *, last_samples: int | None = None) -> NDArray[np.float32]:
    """Read a recording, or its end, as mono sound at a sample rate; its level is not changed.

    Args:
        path: an audio file in any format that `partita prepare` reads, or a pipe that carries one.
        sample_rate: of the result, in Hz.
        last_samples: return only this many samples from the end; None returns all. The whole recording is
            decoded in either case, so the end has the same values to the last bit, but only the returned part
            is held in memory.

    Returns:
        (samples,) float32, in [-1, 1] unless the file exceeds that.

    Raises:
        PartitaError: there is no such file, it is not audio, it holds no sound, or a value is not finite.

    >>> read_audio("nowhere.wav", 16000)
    Traceback (most recent call last):
    ...
    partita.errors.PartitaError: nowhere.wav does not exist: give an audio file
    """
    path = Path(path)
    if path.is_dir():
        raise PartitaError(f"{path} is a folder: give an audio file")
    if not path.exists():
        raise PartitaError(f"{path} does not exist: give an audio file{nearest_path(path)}")
    try:
        with suppress_library_messages(), seekable_file(path) as file:
            following: Decoder | None = Decoder(file, sample_rate)
            while following:
                decoder, sound = following, _end_of(following, last_samples)
                following = decoder.second_pass()
    except (UnreadableError, OSError) as error:
        raise PartitaError(f"{path} can't be used: {error}") from error
    if not sound.size:
        raise PartitaError(f"{path} holds no sound: give a file with at least one sample")
    return sound


@contextmanager
def seekable_file(path: Path, *, max_bytes: int = MAX_PIPE_BYTES) -> Iterator[Path]:
    """Yield a path that decoders can seek in: the path itself, or a temporary copy of what a pipe carries.

    Args:
        path: a file, a pipe, or a device.
        max_bytes: the most bytes to copy from a pipe or device.

    Raises:
        PartitaError: the path can't be read, is a terminal, or gives more than `max_bytes`.

    >>> with seekable_file(Path(__file__)) as path: path == Path(__file__)
    True
    """
    try:
        regular = stat.S_ISREG(path.stat().st_mode)
    except OSError as error:
        raise PartitaError(f"{path} can't be read ({error.strerror}): give an audio file") from None
    if regular:
        yield path
        return
    folder = Path(tempfile.gettempdir())
    storage.remove_leftovers(folder, of=COPY_NAME)
    with storage.temporary_file(folder / COPY_NAME) as copy:
        try:
            with path.open("rb", buffering=0) as source, copy.open("wb") as target:
                if source.isatty():
                    raise PartitaError(
                        f"{path} is a terminal: pipe a recording into it, or give an audio file"
                    )
                _copy(path, source, target, max_bytes)
        except OSError as error:
            raise PartitaError(f"{path} can't be read ({error.strerror}): give an audio file") from None
        yield copy


def _copy(path: Path, source: BinaryIO, target: BinaryIO, max_bytes: int) -> None:
    left = max_bytes
    while data := source.read(COPY_CHUNK):
        left -= len(data)
        if left < 0:
            raise PartitaError(
                f"{path} gives more than {max_bytes >> 20} MiB: save the recording to a file, and give that"
            )
        target.write(data)


def _end_of(blocks: Iterable[NDArray[np.float32]], samples: int | None) -> NDArray[np.float32]:
    """Return the last `samples` of all blocks joined; all of them if `samples` is None."""
    kept: deque[NDArray[np.float32]] = deque([np.empty(0, dtype=np.float32)])
    held = 0
    for block in blocks:
        kept.append(block)
        held += len(block)
        while samples is not None and held - len(kept[0]) >= samples:
            held -= len(kept.popleft())
    sound = np.concatenate(kept)
    return sound if samples is None else sound[max(0, len(sound) - samples) :]
