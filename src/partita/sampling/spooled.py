"""Clips that are written when they are drawn to their end: in any format, at any level.

Until then the samples wait in one unnamed file on the same disk, which the operating system removes with the
process, however that ends. Memory does not grow with the clips. This file does not draw.
"""

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from partita.audio.level import gain_to_peak
from partita.sampling.encoding import encode
from partita.sampling.sound_formats import format_of
from partita.sampling.wav import LOUDEST, fade_out, to_int16, write_all, writing


class SpooledClips:
    """Clips that are kept on the disk and encoded at the end.

    Args:
        paths: a file for each clip; their folder must exist.
        notes: the comment of each file.
        sample_rate: in Hz.
        normalise: bring each clip to a peak of -1 dBFS, except those that are silent.

    Raises:
        PartitaError: the folder can't be written to.

    >>> path = Path(tempfile.mkdtemp()) / "a.flac"
    >>> clips = SpooledClips([path], ["a test"], sample_rate=8000)
    >>> clips.append(np.zeros((1, 50)))
    >>> [path.name for path in clips.finish()], path.read_bytes()[:4]
    (['a.flac'], b'fLaC')
    """

    def __init__(
        self, paths: Sequence[Path], notes: Sequence[str], *, sample_rate: int, normalise: bool = False
    ) -> None:
        self.samples = 0
        self._paths, self._notes, self._sample_rate = list(paths), list(notes), sample_rate
        self._normalise = normalise
        self._peaks = np.zeros(len(self._paths))
        self._lengths: list[int] = []  # samples of each block
        folder = self._paths[0].resolve().parent
        with writing(folder):
            self._spool = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115 - `finish` closes it

    def append(self, block: NDArray[Any]) -> None:
        """Keep a block of every clip, (clips, samples), float in [-1, 1] or int16.

        Raises:
            PartitaError: the disk is full.
        """
        sound = to_int16(block)
        with writing(self._paths[0]):
            self._spool.seek(2 * len(self._paths) * self.samples)
            write_all(self._spool, sound.astype("<i2").tobytes())
        self._peaks = np.maximum(self._peaks, np.abs(sound.astype(np.int32)).max(1, initial=0))
        self._lengths.append(sound.shape[1])
        self.samples += sound.shape[1]

    def finish(self, fade_seconds: float = 0.0) -> list[Path]:
        """Write the files, the last `fade_seconds` of each fading to silence, and return them.

        Raises:
            PartitaError: the disk is full.
        """
        with self._spool:
            if self.samples == 0:
                return []
            for number, path in enumerate(self._paths):
                with writing(path):
                    encode(
                        path,
                        self._clip(number, round(fade_seconds * self._sample_rate)),
                        form=format_of(path),
                        sample_rate=self._sample_rate,
                        note=self._notes[number],
                    )
        return self._paths

    def _clip(self, number: int, fade: int) -> Iterator[NDArray[np.int16]]:
        """Yield a clip's samples, block by block, at their level and with their fade."""
        gain = gain_to_peak(self._peaks[number] / LOUDEST) if self._normalise else 1.0
        fade = min(fade, self.samples)
        ramp, done = fade_out(fade) if fade else np.empty(0), 0
        for length in self._lengths:
            self._spool.seek(2 * (len(self._paths) * done + number * length))
            sound = np.frombuffer(self._spool.read(2 * length), "<i2") * gain
            begin = self.samples - fade - done  # where in this block the fade begins
            done += length
            if begin < length:
                first = max(0, begin)
                sound[first:] *= ramp[first - begin : length - begin]
            yield np.rint(sound).astype(np.int16)
