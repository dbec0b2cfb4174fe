"""Write a complete clip in any of `output_formats.FORMATS`, through libsndfile.

A file that can't be written completely is not written at all.
"""

import io
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from partita import storage
from partita.audio.output_formats import OutputFormat
from partita.audio.writing import write_all
from partita.errors import PartitaError

TRIAL = np.zeros(2048, np.int16)


class _ErrorKeepingFile:
    """An unbuffered file for libsndfile that keeps the first write error.

    libsndfile calls `write` from C, so an exception raised in it would be lost.
    """

    def __init__(self, file: Any) -> None:
        self._file = file
        self.error: OSError | None = None
        self.seek, self.tell, self.read = file.seek, file.tell, file.read

    def write(self, data: bytes) -> int:
        """Write the bytes; keep an error instead of raising it."""
        try:
            write_all(self._file, data)
        except OSError as error:
            self.error = self.error or error
        return len(data)


def encode(
    path: Path,
    sound: Iterable[NDArray[np.int16]],
    *,
    form: OutputFormat,
    sample_rate: int,
    note: str,
    redirect: Callable[[Path], Path] | None = None,
) -> None:
    """Write one clip; a file that already has this name is replaced when the new one is complete.

    Args:
        path: the file; its folder must exist.
        sound: the clip's samples, in blocks of any length.
        form: the format.
        sample_rate: in Hz.
        note: the file's comment.
        redirect: called with the path (for a link, with its target) when the clip is encoded; returns the
            path to write instead, in the same folder.

    Raises:
        OSError: the disk is full, or the path can't be written to.

    >>> import tempfile
    >>> from partita.audio.output_formats import FORMATS
    >>> path = Path(tempfile.mkdtemp()) / "a.flac"
    >>> encode(path, [np.zeros(99, np.int16)], form=FORMATS[".flac"], sample_rate=8000, note="a test")
    >>> soundfile.info(path).frames
    99
    """
    with storage.atomic_file(path, redirect=redirect) as part, part.open("w+b", buffering=0) as file:
        _write(file, sound, form=form, sample_rate=sample_rate, note=note)


def check_encoder(path: Path, form: OutputFormat, sample_rate: int) -> None:
    """Raise an error if libsndfile can't write a format at a sample rate; find out by encoding a short trial.

    Args:
        path: the file, which the message names.
        form: its format.
        sample_rate: in Hz.

    Raises:
        PartitaError: the format can't be written.

    >>> from partita.audio.output_formats import FORMATS
    >>> check_encoder(Path("a.opus"), FORMATS[".opus"], 48000)
    """
    remedy = f"give `--out {path.with_suffix('.wav')}`"
    if form.max_rate is not None and sample_rate > form.max_rate:
        raise PartitaError(
            f"{path} can hold sound of at most {form.max_rate} Hz, the model's has {sample_rate}: {remedy}"
        )
    try:
        _write(io.BytesIO(), [TRIAL], form=form, sample_rate=sample_rate, note="a trial")
    except soundfile.LibsndfileError as error:
        reason = str(error.error_string).removeprefix("Error : ").strip().rstrip(".")
        raise PartitaError(f"{path} can't hold sound at {sample_rate} Hz ({reason}): {remedy}") from None


def _write(
    file: Any, sound: Iterable[NDArray[np.int16]], *, form: OutputFormat, sample_rate: int, note: str
) -> None:
    """Write the clip to an open file.

    Raises:
        OSError: a write failed, which libsndfile itself does not report.
    """
    target = _ErrorKeepingFile(file)
    with soundfile.SoundFile(target, "w", sample_rate, 1, format=form.name, subtype=form.subtype) as writer:
        writer.comment = note
        for block in sound:
            writer.write(block)
            if target.error is not None:
                break
    if target.error is not None:
        raise target.error
