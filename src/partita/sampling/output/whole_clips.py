"""Clips that are written when they are drawn to their end: in any format, at any level.

Until then each clip waits as a WAV file in one hidden folder beside the output, which the next start removes
if the process is killed. Memory does not grow with the clips. A clip that can't be encoded (a full disk) is
kept as that WAV file, which needs no more room. This file does not draw.
"""

import os
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from partita import storage
from partita.audio.encoding import encode
from partita.audio.level import gain_to_peak
from partita.audio.output_formats import format_of
from partita.audio.pcm import INT16_SCALE, fade_out, to_int16
from partita.audio.wav import wav_header, write_all, writing
from partita.sampling.output.plan import free_path
from partita.signals import Interrupted

PIECE = 1 << 16  # samples in memory at once


class WholeClips:
    """Clips that are kept on the disk and encoded at the end.

    Args:
        paths: a file for each clip, all in one folder, which must exist.
        notes: the comment of each file.
        sample_rate: in Hz.
        normalise: bring each clip to a peak of -1 dBFS, except those that are silent.
        redirect: called with each path (a link's target) just before it is replaced; returns the path in
            the same folder that is written instead.

    Raises:
        PartitaError: the folder can't be written to.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "a.flac"
    >>> clips = WholeClips([path], ["a test"], sample_rate=8000)
    >>> clips.append(np.zeros((1, 50)))
    >>> [path.name for path in clips.finish()], path.read_bytes()[:4]
    (['a.flac'], b'fLaC')
    """

    def __init__(
        self,
        paths: Sequence[Path],
        notes: Sequence[str],
        *,
        sample_rate: int,
        normalise: bool = False,
        redirect: Callable[[Path], Path] | None = None,
    ) -> None:
        self.samples = 0
        self._paths, self._notes, self._sample_rate = list(paths), list(notes), sample_rate
        self._normalise, self._redirect = normalise, redirect
        self._peaks = np.zeros(len(self._paths))
        self._alone = ExitStack()
        target = self._paths[0].resolve()
        with writing(target.parent):
            self._folder = self._alone.enter_context(storage.scratch_folder(target))

    def append(self, block: NDArray[Any]) -> None:
        """Keep a block of every clip, (clips, samples), float in [-1, 1] or int16.

        Raises:
            PartitaError: the disk is full.
        """
        sound = to_int16(block)
        for number, clip in enumerate(sound):
            with writing(self._paths[number]), self._opened(number) as file:
                if self.samples == 0:
                    write_all(file, wav_header(self._sample_rate, 0, self._notes[number]))
                file.seek(self._start(number) + 2 * self.samples)
                write_all(file, clip.astype("<i2").tobytes())
        self._peaks = np.maximum(self._peaks, np.abs(sound.astype(np.int32)).max(1, initial=0))
        self.samples += sound.shape[1]

    def finish(self, fade_seconds: float = 0.0) -> list[Path]:
        """Write the files, the last `fade_seconds` of each fading to silence, and return them.

        Raises:
            PartitaError: the disk is full; the message says where the sound is kept.
            Interrupted: Ctrl-C ended it; the message says where the sound is kept.
        """
        written: list[Path] = []
        with self._alone:
            if self.samples == 0:
                return []
            fade = round(fade_seconds * self._sample_rate)
            try:
                for number in range(len(self._paths)):
                    written.append(self._encode(number, fade))
            except (OSError, soundfile.LibsndfileError) as error:
                kept = self._keep(len(written))
                with writing(self._paths[len(written)], kept=f"; {kept}" if kept else ""):
                    raise error if isinstance(error, OSError) else OSError(str(error)) from None
            except KeyboardInterrupt:
                raise Interrupted(f"interrupted: {self._keep(len(written))}".rstrip(": ")) from None
            except BaseException:
                self._keep(len(written))
                raise
        return written

    def _encode(self, number: int, fade: int) -> Path:
        """Write a clip, make room for the next one, and return where it is."""
        written = self._paths[number]

        def redirect(path: Path) -> Path:
            nonlocal written
            found = path if self._redirect is None else self._redirect(path)
            written = written if found == path else found
            return found

        with closing(self._clip(number, fade)) as sound:  # closes the file, also when the encoding fails
            encode(
                self._paths[number],
                sound,
                form=format_of(self._paths[number]),
                sample_rate=self._sample_rate,
                note=self._notes[number],
                redirect=redirect,
            )
        self._spool(number).unlink()
        return written

    def _keep(self, first: int) -> str:
        """Move the clips from the first one on out of the hidden folder, as WAV, and say where they are."""
        kept: list[Path] = []
        for number in range(first, len(self._paths)):
            with suppress(OSError):
                with self._opened(number) as file:
                    write_all(file, wav_header(self._sample_rate, self.samples, self._notes[number]))
                    file.truncate(self._start(number) + 2 * self.samples)
                path = free_path(self._paths[number].resolve().with_suffix(".wav"))
                self._spool(number).rename(path)
                kept.append(path)
        more = f" and {len(kept) - 1} more" if len(kept) > 1 else ""
        return f"the sound is kept in {kept[0]}{more}" if kept else ""

    def _clip(self, number: int, fade: int) -> Generator[NDArray[np.int16]]:
        """Yield a clip's samples, piece by piece, at their level and with their fade."""
        gain = gain_to_peak(self._peaks[number] / INT16_SCALE) if self._normalise else 1.0
        fade = min(fade, self.samples)
        ramp, begin = fade_out(fade) if fade else np.empty(0), self.samples - fade
        with self._opened(number) as file:
            file.seek(self._start(number))
            for done in range(0, self.samples, PIECE):
                length = min(PIECE, self.samples - done)
                sound = np.frombuffer(file.read(2 * length), "<i2") * gain
                first = min(max(0, begin - done), length)
                sound[first:] *= ramp[max(0, done - begin) :][: length - first]
                yield np.rint(sound).astype(np.int16)

    def _start(self, number: int) -> int:
        """Return how many bytes a clip's header takes."""
        return len(wav_header(self._sample_rate, 0, self._notes[number]))

    def _spool(self, number: int) -> Path:
        return self._folder / f"{number}.wav"

    def _opened(self, number: int) -> Any:
        """Open a clip's file for a moment, so that thousands can wait at once."""
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0)
        return os.fdopen(os.open(self._spool(number), flags, 0o666), "r+b", buffering=0)
