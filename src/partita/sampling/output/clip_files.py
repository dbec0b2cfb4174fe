"""Clips become files while they are drawn: one file for one clip, a folder of numbered ones for several.

WAV files grow as the blocks come; other formats, and clips whose level is changed, are written at the end.
This file does not know models or command lines: it takes blocks of waveforms from whoever has them.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from partita.audio.level import SILENCE
from partita.audio.wav import GrowingWav
from partita.errors import PartitaError
from partita.sampling.output.limits import check_format, waits_for_the_end
from partita.sampling.output.plan import OutputPlan
from partita.sampling.output.provenance import clip_comment
from partita.sampling.output.whole_clips import WholeClips
from partita.signals import deferred_signals, stopping_on_sigterm

FADE_SECONDS = 0.02


@dataclass(frozen=True)
class WriteResult:
    """What `write_clips` wrote."""

    paths: list[Path]
    """The files, one a clip; none for a stream, or when it was interrupted before the first block."""
    seconds: float
    """Length of each clip, in seconds of sound."""
    times_real_time: float
    """Seconds of sound, all clips together, over seconds spent."""
    interrupted: bool
    """Whether Ctrl-C or SIGTERM ended it."""
    silent: int
    """Clips in which nothing was to be heard: louder than `SILENCE` at no moment."""
    moved: dict[Path, Path] = field(default_factory=dict)
    """Where clips are whose own names were taken by something else while they were drawn."""


class ClipWriter(Protocol):
    """What takes the blocks: `GrowingClips`, or `WholeClips`."""

    samples: int

    def append(self, block: NDArray[Any]) -> None:
        """Write or keep a block of every clip, (clips, samples)."""

    def finish(self, fade_seconds: float = 0.0) -> list[Path]:
        """End the clips, the last `fade_seconds` of each fading to silence, and return the files."""


class GrowingClips:
    """WAV files that grow together.

    Args:
        paths: a file for each clip; their folder must exist.
        notes: the comment of each file.
        sample_rate: in Hz.
        redirect: called with each path just before the first block takes its place; returns the path in the
            same folder that is written instead.

    Raises:
        PartitaError: a path can't be written to.

    >>> import tempfile
    >>> clips = GrowingClips([Path(tempfile.mkdtemp()) / "a.wav"], [""], sample_rate=8000)
    >>> clips.append(np.zeros((1, 50)))
    >>> [path.name for path in clips.finish()]
    ['a.wav']
    """

    def __init__(
        self,
        paths: Sequence[Path],
        notes: Sequence[str],
        *,
        sample_rate: int,
        redirect: Callable[[Path], Path] | None = None,
    ) -> None:
        self.samples = 0
        self._files = [
            GrowingWav(path, sample_rate, text, redirect=redirect)
            for path, text in zip(paths, notes, strict=True)
        ]

    def append(self, block: NDArray[Any]) -> None:
        """Write a block of every clip, (clips, samples)."""
        for file, waveform in zip(self._files, block, strict=True):
            file.write(waveform)
        self.samples += block.shape[1]

    def finish(self, fade_seconds: float = 0.0) -> list[Path]:
        """End the files, the last `fade_seconds` of each fading to silence, and return what is there."""
        for file in self._files:
            file.close(fade_seconds)
        return [file.path for file in self._files if file.samples]


def write_clips(
    blocks: Iterable[NDArray[Any]],
    outputs: OutputPlan,
    *,
    sample_rate: int,
    seed: int | None = None,
    normalise: bool = False,
    progress: Callable[[int], None] | None = None,
) -> WriteResult:
    """Write blocks of sound to files; Ctrl-C, or SIGTERM, ends them with a short fade.

    What took a file's name after `plan_outputs` was asked, and would be refused there, is not replaced: the
    clip gets a free name beside it.

    Args:
        blocks: (clips, samples) waveforms in [-1, 1], one after the other.
        outputs: the files, as `plan_outputs` returns them; their folder is made.
        sample_rate: in Hz.
        seed: what the clips are drawn with, for the files' comments.
        normalise: bring each clip to a peak of -1 dBFS, except those that are silent.
        progress: called after each block with the samples each clip has so far.

    Returns:
        The files, their length, and how many times faster than real time it went.

    Raises:
        PartitaError: a file can't be written, or its format can't hold the sound.

    >>> import tempfile, numpy as np
    >>> from partita.sampling.output.plan import plan_outputs
    >>> outputs = plan_outputs(Path(tempfile.mkdtemp()) / "clips", 2)
    >>> [path.name for path in write_clips([np.zeros((2, 50))], outputs, sample_rate=100).paths]
    ['clip-01.wav', 'clip-02.wav']
    """
    clips, moved = len(outputs.paths), dict[Path, Path]()
    check_format(outputs.paths[0], sample_rate=sample_rate)
    writer = _writer(outputs, moved, sample_rate=sample_rate, seed=seed, normalise=normalise)
    begun, interrupted, peaks = time.perf_counter(), False, np.zeros(clips)
    with stopping_on_sigterm():
        try:
            for block in blocks:
                with deferred_signals() as request:  # a block is written to all files, or to none
                    writer.append(block)
                peaks = np.maximum(peaks, np.abs(block).max(1, initial=0.0))
                if progress is not None:
                    progress(writer.samples)
                if request.signal_name is not None:
                    raise KeyboardInterrupt
        except KeyboardInterrupt:
            interrupted = True
        finally:
            with deferred_signals() as request:
                written = writer.finish(FADE_SECONDS if interrupted else 0.0)
            interrupted = interrupted or request.signal_name is not None
    spent = max(time.perf_counter() - begun, 1e-9)
    seconds = writer.samples / sample_rate
    silent = int((peaks <= SILENCE).sum()) if writer.samples else 0
    return WriteResult(written, seconds, clips * seconds / spent, interrupted, silent, moved)


def _writer(
    outputs: OutputPlan, moved: dict[Path, Path], *, sample_rate: int, seed: int | None, normalise: bool
) -> ClipWriter:
    """Return what writes the clips and notes in `moved` those with new names, having made their folder."""
    paths = outputs.paths
    _make_folder(paths[0])
    numbers = range(1, len(paths) + 1) if len(paths) > 1 else [None]
    notes = [clip_comment(seed=seed, clip=number) for number in numbers]

    def redirect(path: Path) -> Path:
        found = outputs.redirect(path)
        if found != path:
            moved[path] = found
        return found

    if waits_for_the_end(paths, normalise=normalise):
        return WholeClips(paths, notes, sample_rate=sample_rate, normalise=normalise, redirect=redirect)
    return GrowingClips(paths, notes, sample_rate=sample_rate, redirect=redirect)


def _make_folder(path: Path) -> None:
    """Make the folder that a file is in, or that what a link of that name leads to is in."""
    folder = path.resolve().parent if path.is_symlink() else path.parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PartitaError(f"{folder} can't be made: {error.strerror}: write elsewhere") from None
