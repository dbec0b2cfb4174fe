"""Clips become WAV files while they are drawn: one file for one clip, a folder of numbered files for several.

This file does not know models or command lines: it takes blocks of waveforms from whoever has them.
"""

import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from partita.errors import PartitaError
from partita.sampling.wav import GrowingWav

FADE_SECONDS = 0.02
SILENCE = 10.0 ** (-50 / 20)
"""What is never louder than this, 50 dB below full scale, is called silent."""


@dataclass(frozen=True)
class Written:
    """What `write_clips` wrote."""

    paths: list[Path]
    """The files, one a clip; none for a stream, or when it was interrupted before the first block."""
    seconds: float
    """Length of each clip, in seconds of sound."""
    times_real_time: float
    """Seconds of sound, all clips together, over seconds spent."""
    interrupted: bool
    """Whether Ctrl-C ended it."""
    silent: int
    """Clips in which nothing was to be heard: louder than `SILENCE` at no moment."""


def clip_paths(out: str | Path, clips: int) -> list[Path]:
    """Return a path for each clip: `out` itself for one, clip-01.wav ... in the folder `out` for several.

    One clip goes into a folder too where `out` is one, or ends as a folder's name does, with a slash.

    Raises:
        PartitaError: `out` must be a folder but is a file.

    >>> [path.as_posix() for path in clip_paths("music", 2)]
    ['music/clip-01.wav', 'music/clip-02.wav']
    >>> clip_paths("music/", 1)[0].as_posix()
    'music/clip-01.wav'
    """
    named_as_folder, out = str(out).endswith(("/", os.sep)), Path(out)
    if clips == 1 and not named_as_folder and not out.is_dir():
        return [out]
    if out.exists() and not out.is_dir():
        wanted = f"{clips} clips need a folder" if clips > 1 else "its name is given as a folder's"
        raise PartitaError(f"{out} is a file, but {wanted}: give another name")
    width = max(2, len(str(clips)))
    return [out / f"clip-{number:0{width}d}.wav" for number in range(1, clips + 1)]


def write_clips(
    blocks: Iterable[NDArray[Any]],
    out: str | Path,
    *,
    clips: int,
    sample_rate: int,
    progress: Callable[[int], None] | None = None,
) -> Written:
    """Write blocks of sound to WAV files that grow as the blocks come; Ctrl-C ends them with a short fade.

    Args:
        blocks: (clips, samples) waveforms in [-1, 1], one after the other.
        out: a file for one clip, a folder for several or with a slash at its end; folders are made.
        clips: rows of each block.
        sample_rate: in Hz.
        progress: called after each block with the samples each clip has so far.

    Returns:
        The files, their length, and how many times faster than real time it went.

    Raises:
        PartitaError: `out` can't be written to.

    >>> import tempfile, numpy as np
    >>> out = Path(tempfile.mkdtemp()) / "clips"
    >>> [path.name for path in write_clips([np.zeros((2, 50))], out, clips=2, sample_rate=100).paths]
    ['clip-01.wav', 'clip-02.wav']
    """
    paths = clip_paths(out, clips)
    try:
        paths[0].parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PartitaError(f"{paths[0].parent} can't be made: {error.strerror}") from None
    files = [GrowingWav(path, sample_rate) for path in paths]
    begun, interrupted, peaks = time.perf_counter(), False, np.zeros(clips)
    try:
        for block in blocks:
            peaks = np.maximum(peaks, np.abs(block).max(1, initial=0.0))
            for file, waveform in zip(files, block, strict=True):
                file.write(waveform)
            if progress is not None:
                progress(files[0].samples)
    except KeyboardInterrupt:
        interrupted = True
    finally:
        samples = min(file.samples for file in files)
        for file in files:
            file.close(FADE_SECONDS if interrupted else 0.0)
    spent = max(time.perf_counter() - begun, 1e-9)
    written = [path for path, file in zip(paths, files, strict=True) if file.samples]
    seconds = samples / sample_rate
    silent = int((peaks <= SILENCE).sum()) if samples else 0
    return Written(written, seconds, clips * seconds / spent, interrupted, silent)
