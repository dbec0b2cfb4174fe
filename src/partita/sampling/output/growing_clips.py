"""Write several clips as WAV files that grow with each block."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from partita.audio.wav import GrowingWav


class GrowingClips:
    """WAV files that grow together, one for each clip.

    Args:
        paths: a file for each clip; their folder must exist.
        notes: the comment of each file.
        sample_rate: in Hz.
        redirect: called with each path just before the first block is written; returns the path to write
            instead, in the same folder.

    Raises:
        PartitaError: a path can't be written to.

    >>> import tempfile
    >>> import numpy as np
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
        """End the files, fade the last `fade_seconds` of each to silence, and return those with sound."""
        for file in self._files:
            file.close(fade_seconds)
        return [file.path for file in self._files if file.samples]
