"""Write clips to files while they are drawn: a file for one clip, a folder of numbered files for several.

WAV files grow with each block. Other formats, and clips whose peak is normalised, are written at the end.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from partita.audio.level import SILENT_PEAK
from partita.errors import PartitaError
from partita.sampling.output.growing_clips import GrowingClips
from partita.sampling.output.limits import check_format, is_written_at_end
from partita.sampling.output.plan import OutputPlan
from partita.sampling.output.provenance import clip_comment
from partita.sampling.output.stopwatch import Stopwatch
from partita.sampling.output.whole_clips import WholeClips
from partita.signals import deferred_signals, stopping_on_sigterm

FADE_SECONDS = 0.02
SLOW_START_SECONDS = 3.0


@dataclass(frozen=True)
class WriteResult:
    """What `write_clips` or `write_pipe` wrote."""

    paths: list[Path]
    """The files, one for each clip; empty for a stream, or if writing stopped before the first block."""
    seconds: float
    """Length of each clip, in seconds of sound."""
    times_real_time: float
    """Seconds of sound, all clips together, in each second of drawing after the first block."""
    start_seconds: float
    """Seconds until the first block."""
    interrupted: bool
    """Whether Ctrl-C or SIGTERM ended it."""
    silent: int
    """Number of silent clips: their peak is not above `SILENT_PEAK`."""
    moved: dict[Path, Path] = field(default_factory=dict)
    """The file that was written instead, by the path that another program took while the clip was drawn."""

    @property
    def speed(self) -> str:
        """The speed, and a slow start, in words.

        >>> WriteResult([], 2.0, 4.0, 25.0, interrupted=False, silent=0).speed
        '4.00 times real time after 25 s of starting, in which code may have been compiled'
        """
        words = f"{self.times_real_time:.2f} times real time"
        if self.start_seconds <= SLOW_START_SECONDS:
            return words
        return f"{words} after {self.start_seconds:.0f} s of starting, in which code may have been compiled"


class ClipWriter(Protocol):
    """What `write_clips` gives the blocks to: `GrowingClips` or `WholeClips`."""

    samples: int

    def append(self, block: NDArray[Any]) -> None:
        """Take a block of every clip, (clips, samples)."""

    def finish(self, fade_seconds: float = 0.0) -> list[Path]:
        """End the clips, fade the last `fade_seconds` of each to silence, and return the files."""


def write_clips(
    blocks: Iterable[NDArray[Any]],
    outputs: OutputPlan,
    *,
    sample_rate: int,
    seed: int | None = None,
    options: Sequence[str] = (),
    normalise: bool = False,
    progress: Callable[[int], None] | None = None,
) -> WriteResult:
    """Write blocks of sound to files; on Ctrl-C or SIGTERM, fade the clips out and stop.

    If another program has written to one of the paths since `plan_outputs`, its file is not replaced: the
    clip is written to a free path beside it.

    Args:
        blocks: (clips, samples) waveforms in [-1, 1], in order.
        outputs: the files, from `plan_outputs`; their folder is created.
        sample_rate: in Hz.
        seed: the seed of the clips, for the files' comments.
        options: what the comments say besides; see `clip_comment`.
        normalise: scale each clip to a peak of -1 dBFS, except silent ones.
        progress: called after each block with the number of samples of each clip so far.

    Returns:
        The files, their length, and the speed.

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
    notes = _comments(clips, seed, options)
    writer = _writer(outputs, notes, moved, sample_rate=sample_rate, normalise=normalise)
    watch, interrupted, peaks = Stopwatch(), False, np.zeros(clips)
    with stopping_on_sigterm():
        try:
            for block in blocks:
                watch.block(block.shape[1])
                with deferred_signals() as request:  # write a block to all files, or to none
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
    speed = clips * watch.rate / sample_rate
    silent = int((peaks <= SILENT_PEAK).sum()) if writer.samples else 0
    seconds = writer.samples / sample_rate
    return WriteResult(written, seconds, speed, watch.start_seconds, interrupted, silent, moved)


def _comments(clips: int, seed: int | None, options: Sequence[str]) -> list[str]:
    """Return the comment of each file."""
    numbers = range(1, clips + 1) if clips > 1 else [None]
    return [clip_comment(seed=seed, clip=number, options=options) for number in numbers]


def _writer(
    outputs: OutputPlan,
    notes: Sequence[str],
    moved: dict[Path, Path],
    *,
    sample_rate: int,
    normalise: bool,
) -> ClipWriter:
    """Create the folder and return the writer, which adds paths that were taken meanwhile to `moved`."""
    paths = outputs.paths
    _make_folder(paths[0])

    def redirect(path: Path) -> Path:
        found = outputs.redirect(path)
        if found != path:
            moved[path] = found
        return found

    if is_written_at_end(paths, normalise=normalise):
        return WholeClips(paths, notes, sample_rate=sample_rate, normalise=normalise, redirect=redirect)
    return GrowingClips(paths, notes, sample_rate=sample_rate, redirect=redirect)


def _make_folder(path: Path) -> None:
    """Create the folder of a file; for a link, the folder of its target."""
    folder = path.resolve().parent if path.is_symlink() else path.parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PartitaError(f"{folder} can't be made: {error.strerror}: write elsewhere") from None
