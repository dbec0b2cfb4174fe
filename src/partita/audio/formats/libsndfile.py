"""Sound files through libsndfile: from start to end in blocks, with the true length, joined files in full."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import soundfile
from numpy.typing import NDArray

from partita.audio.errors import UnreadableError
from partita.audio.formats.completeness import scan_chunks
from partita.audio.formats.detection import CHUNKED, scan_flac
from partita.audio.formats.file_slice import FileSlice
from partita.audio.formats.mp3 import scan_mpeg
from partita.audio.formats.ogg import scan_ogg
from partita.audio.formats.parts import NOTED_S, Part, ends_early
from partita.audio.formats.track import BLOCK_VALUES, Track
from partita.filenames import for_c

SMALL_BLOCK = 1024  # samples, where a decoder ended with an error and what came before is wanted
UNTOLD = 1 << 62  # a number of samples that stands for "unknown"
MOST_CHANNELS = 256
WITH_HEADER = {  # formats with a header that says what they hold, beyond doubt
    *("AIFF", "AU", "AVR", "CAF", "FLAC", "IRCAM", "MP3", "NIST", "OGG", "PVF", "RF64", "SVX", "VOC"),
    *("W64", "WAV", "WAVEX"),
}


class _StraightReading(soundfile.SoundFile):  # type: ignore[misc]
    """A sound file that is read from start to end without a jump.

    soundfile seeks to where it stands after every read, which makes an Opus decoder begin anew in the middle
    of the sound; it does not when the file calls itself unseekable. The one jump, to the start, drops what an
    Opus encoder put before it (RFC 7845, section 4.2), which libsndfile forgets in files of some encoders.
    Files are opened one at a time: why one can't be opened is a single note that libsndfile keeps for all
    threads.
    """

    _prompt: ClassVar = threading.Lock()

    def __init__(self, file: Path | FileSlice) -> None:
        with self._prompt:
            super().__init__(for_c(file) if isinstance(file, Path) else file)
        if super().seekable():
            self.seek(0)

    def seekable(self) -> bool:
        return False


@dataclass
class SoundFiles:
    """The tracks of a file that libsndfile reads.

    Args:
        path: the file.
        kind: what `container` calls it.
        notes: what a person should know about the file is added here.

    Raises:
        UnreadableError: when iterated: no sound, no header, damaged.
        soundfile.LibsndfileError: when iterated: libsndfile can't open it.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "a.wav"
    >>> soundfile.write(path, np.full((8000, 2), 0.1), 8000)
    >>> [(track.rate, track.channels, track.samples) for track in SoundFiles(path, "wav")]
    [(8000, 2, 8000)]
    """

    path: Path
    kind: str | None
    notes: list[str] = field(default_factory=list)

    def __iter__(self) -> Iterator[Track]:
        """Yield the tracks; each is to be read to its end before the next."""
        size = self.path.stat().st_size
        parts = self._parts(size)
        if (files := sum(not part.goes_on for part in parts)) > 1:
            self.notes.append(f"made of {files} files joined together")
        failed = []
        for number, part in enumerate(parts, 1):
            try:
                yield from self._track(part, size)
            except soundfile.LibsndfileError as error:
                failed.append(error)
                if len(failed) == len(parts):
                    self.notes.extend(part.note for part in parts if part.note)  # FFmpeg may decode it
                    raise failed[0] from None
                self.notes.append(f"part {number} of {len(parts)} can't be decoded")
            if part.note:
                self.notes.append(part.note)

    def _parts(self, size: int) -> list[Part]:
        whole = [Part(start=0, stop=size)]
        with self.path.open("rb") as file:
            if self.kind in CHUNKED:
                return scan_chunks(file, size, self.kind)
            if self.kind == "ogg":
                return scan_ogg(file, size)
            if self.kind == "flac":
                starts = scan_flac(file, size)
                stops = [*starts[1:], size]
                return [Part(start=a, stop=b) for a, b in zip(starts, stops, strict=True)]
            with _StraightReading(self.path) as sound:
                if sound.format not in WITH_HEADER:
                    raise UnreadableError("not an audio file: it has no header that says what it holds")
                return scan_mpeg(file, size) if sound.format == "MP3" else whole

    def _track(self, part: Part, size: int) -> Iterator[Track]:
        with self._opened(part, size) as source:
            with _StraightReading(source) as sound:
                if sound.format not in WITH_HEADER or sound.channels > MOST_CHANNELS:
                    raise UnreadableError("its header is damaged")
                frames = sound.frames if sound.frames < UNTOLD else 0
                expected = frames if part.seconds is None else round(part.seconds * sound.samplerate)
                yield Track(
                    sound.samplerate,
                    sound.channels,
                    sound.subtype in ("FLOAT", "DOUBLE"),
                    self._blocks(sound, part, expected),
                    expected,
                    (part.start / size, part.stop / size),
                )
            if isinstance(source, FileSlice) and source.error:
                raise source.error

    @contextmanager
    def _opened(self, part: Part, size: int) -> Iterator[Path | FileSlice]:
        """Yield what libsndfile opens: the file itself where it is one part."""
        if part.size == size and not part.front and not part.endless:
            yield self.path
            return
        with FileSlice(self.path, part.start, part.stop, front=part.front, endless=part.endless) as view:
            yield view

    def _blocks(self, sound: Any, part: Part, expected: int) -> Iterator[NDArray[np.float32]]:
        rows = max(SMALL_BLOCK, BLOCK_VALUES // sound.channels)
        buffer = np.empty((rows, sound.channels), dtype=np.float32)
        read = 0
        try:
            while len(block := sound.read(out=buffer)):
                read += len(block)
                yield block
        except soundfile.LibsndfileError:
            for block in self._until_error(part, read):
                read += len(block)
                yield block
            if not read:
                raise
        if expected - read > NOTED_S * sound.samplerate and not (part.note and "damaged" in part.note):
            self.notes.append(ends_early(read / sound.samplerate, expected / sound.samplerate))

    def _until_error(self, part: Part, skipped: int) -> Iterator[NDArray[np.float32]]:
        """Yield what can be decoded after the first `skipped` samples, in small blocks."""
        with self._opened(part, self.path.stat().st_size) as source, _StraightReading(source) as sound:
            buffer = np.empty((SMALL_BLOCK, sound.channels), dtype=np.float32)
            try:
                while len(block := sound.read(out=buffer)):
                    if skipped < len(block):
                        yield block[skipped:]
                    skipped = max(0, skipped - len(block))
            except soundfile.LibsndfileError:
                return
