"""A recording that comes through a pipe is copied to a temporary file: decoders jump within what they read.

This file does not decode.
"""

import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from partita import storage
from partita.errors import PartitaError

MOST_BYTES = 1 << 30
"""Of a recording that comes through a pipe: an hour and a half of CD sound. A file may have any size."""
CHUNK = 1 << 20
COPY = "partita-prompt"


@contextmanager
def seekable(path: Path, *, most_bytes: int = MOST_BYTES) -> Iterator[Path]:
    """Yield a path with a recording's content that can be read from any place: itself, or a copy of a pipe's.

    Args:
        path: a file, a pipe, or a device that gives a recording.
        most_bytes: how much to copy at most.

    Raises:
        PartitaError: nothing can be read there, it is a terminal, or it gives more than `most_bytes`.

    >>> with seekable(Path(__file__)) as path: path == Path(__file__)
    True
    """
    try:
        regular = stat.S_ISREG(path.stat().st_mode)
    except OSError as error:
        raise PartitaError(f"{path} can't be read ({error.strerror}): name an audio file") from None
    if regular:
        yield path
        return
    folder = Path(tempfile.gettempdir())
    storage.clear_leftovers(folder, of=COPY)
    with storage.scratch(folder / COPY) as copy:
        try:
            with path.open("rb", buffering=0) as source, copy.open("wb") as target:
                if source.isatty():
                    raise PartitaError(
                        f"{path} is a terminal: pipe a recording into it, or name an audio file"
                    )
                _copy(path, source, target, most_bytes)
        except OSError as error:
            raise PartitaError(f"{path} can't be copied ({error.strerror}): name an audio file") from None
        yield copy


def _copy(path: Path, source: BinaryIO, target: BinaryIO, most_bytes: int) -> None:
    left = most_bytes
    while data := source.read(CHUNK):
        left -= len(data)
        if left < 0:
            raise PartitaError(
                f"{path} gives more than {most_bytes >> 20} MiB: save the recording to a file, and name that"
            )
        target.write(data)
