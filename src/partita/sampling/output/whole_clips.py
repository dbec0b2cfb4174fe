"""Write clips that are encoded when they are complete: in any format, with a normalised peak if wanted.

Until then each clip is stored as a WAV file in a hidden folder beside the output; if the process is killed,
the next call removes the folder. The memory does not grow with the clips. A clip that can't be encoded, on a
full disk for example, is kept as that WAV file.
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
from partita.audio.wav import wav_header
from partita.audio.writing import write_all, write_errors
from partita.sampling.output.plan import free_path
from partita.signals import Interrupted

BLOCK = 1 << 16  # samples in memory at once


class WholeClips:
    """Clips that are stored on the disk and encoded at the end.

    Args:
        paths: a file for each clip, all in one folder, which must exist.
        notes: the comment of each file.
        sample_rate: in Hz.
        normalise: scale each clip to a peak of -1 dBFS, except silent ones.
        redirect: called with each path (for a link, with its target) just before it is written; returns the
            path to write instead, in the same folder.

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
        self._stack = ExitStack()
        target = self._paths[0].resolve()
        with write_errors(target.parent):
            self._folder = self._stack.enter_context(storage.temporary_folder(target))

    def append(self, block: NDArray[Any]) -> None:
        """Store a block of every clip, (clips, samples), float in [-1, 1] or int16.

        Raises:
            PartitaError: the disk is full.
        """
        sound = to_int16(block)
        for number, clip in enumerate(sound):
            with write_errors(self._paths[number]), self._opened(number) as file:
                if self.samples == 0:
                    write_all(file, wav_header(self._sample_rate, 0, self._notes[number]))
                file.seek(self._header_bytes(number) + 2 * self.samples)
                write_all(file, clip.astype("<i2").tobytes())
        self._peaks = np.maximum(self._peaks, np.abs(sound.astype(np.int32)).max(1, initial=0))
        self.samples += sound.shape[1]

    def finish(self, fade_seconds: float = 0.0) -> list[Path]:
        """Encode the clips, fade the last `fade_seconds` of each to silence, and return the files.

        Raises:
            PartitaError: the disk is full; the message says where the sound is kept.
            Interrupted: a second Ctrl-C ended it; the message says where the sound is kept.
        """
        written: list[Path] = []
        with self._stack:
            if self.samples == 0:
                return []
            fade = round(fade_seconds * self._sample_rate)
            try:
                for number in range(len(self._paths)):
                    written.append(self._encode(number, fade))
            except (OSError, soundfile.LibsndfileError) as error:
                kept = self._keep(len(written))
                with write_errors(self._paths[len(written)], kept=f"; {kept}" if kept else ""):
                    raise error if isinstance(error, OSError) else OSError(str(error)) from None
            except KeyboardInterrupt:
                raise Interrupted(f"interrupted: {self._keep(len(written))}".rstrip(": ")) from None
            except BaseException:
                self._keep(len(written))
                raise
        return written

    def _encode(self, number: int, fade: int) -> Path:
        """Encode a clip, remove its temporary file, and return the path that was written."""
        written = self._paths[number]

        def redirect(path: Path) -> Path:
            nonlocal written
            found = path if self._redirect is None else self._redirect(path)
            written = written if found == path else found
            return found

        with closing(self._clip(number, fade)) as sound:  # close the temporary file, also if encoding fails
            encode(
                self._paths[number],
                sound,
                form=format_of(self._paths[number]),
                sample_rate=self._sample_rate,
                note=self._notes[number],
                redirect=redirect,
            )
        self._temporary_file(number).unlink()
        return written

    def _keep(self, first: int) -> str:
        """Move the clips from `first` on out of the hidden folder, as WAV, and return a message on them."""
        kept: list[Path] = []
        for number in range(first, len(self._paths)):
            with suppress(OSError):
                with self._opened(number) as file:
                    write_all(file, wav_header(self._sample_rate, self.samples, self._notes[number]))
                    file.truncate(self._header_bytes(number) + 2 * self.samples)
                path = free_path(self._paths[number].resolve().with_suffix(".wav"))
                self._temporary_file(number).rename(path)
                kept.append(path)
        more = f" and {len(kept) - 1} more" if len(kept) > 1 else ""
        return f"the sound is kept in {kept[0]}{more}" if kept else ""

    def _clip(self, number: int, fade: int) -> Generator[NDArray[np.int16]]:
        """Yield the samples of a clip in blocks, normalised and faded out as wanted."""
        gain = gain_to_peak(self._peaks[number] / INT16_SCALE) if self._normalise else 1.0
        fade = min(fade, self.samples)
        ramp, begin = fade_out(fade) if fade else np.empty(0), self.samples - fade
        with self._opened(number) as file:
            file.seek(self._header_bytes(number))
            for done in range(0, self.samples, BLOCK):
                length = min(BLOCK, self.samples - done)
                sound = np.frombuffer(file.read(2 * length), "<i2") * gain
                first = min(max(0, begin - done), length)
                sound[first:] *= ramp[max(0, done - begin) :][: length - first]
                yield np.rint(sound).astype(np.int16)

    def _header_bytes(self, number: int) -> int:
        """Return the length of a clip's header in bytes."""
        return len(wav_header(self._sample_rate, 0, self._notes[number]))

    def _temporary_file(self, number: int) -> Path:
        return self._folder / f"{number}.wav"

    def _opened(self, number: int) -> Any:
        """Open the temporary file of a clip; it is closed after each block, as there may be thousands."""
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0)
        return os.fdopen(os.open(self._temporary_file(number), flags, 0o666), "r+b", buffering=0)
