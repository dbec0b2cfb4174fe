"""Decode sound files through libsndfile, in blocks.

All of the sound is decoded, also where the header gives a wrong length or several files were joined.
"""

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
from partita.audio.formats.completeness import chunked_parts
from partita.audio.formats.detection import CHUNKED
from partita.audio.formats.file_slice import FileSlice
from partita.audio.formats.flac import flac_parts
from partita.audio.formats.mp3 import mp3_parts
from partita.audio.formats.ogg import ogg_parts
from partita.audio.formats.parts import NOTED_S, Part, ends_early
from partita.audio.formats.track import BLOCK_VALUES, Track
from partita.filenames import c_library_path

SMALL_BLOCK = 1024  # samples of a block when decoding as far as possible before an error
UNKNOWN_FRAMES = 1 << 62  # a number of samples from here on means "unknown"
MOST_CHANNELS = 256
WITH_HEADER = {  # libsndfile's names of formats that have a header
    *("AIFF", "AU", "AVR", "CAF", "FLAC", "IRCAM", "MP3", "NIST", "OGG", "PVF", "RF64", "SVX", "VOC"),
    *("W64", "WAV", "WAVEX"),
}


class _SequentialFile(soundfile.SoundFile):  # type: ignore[misc]
    """A sound file that is read from start to end without seeking.

    The soundfile package seeks to the current position after every read, which restarts an Opus decoder in
    the middle of the sound. It does not do so when `seekable` returns False. There is one seek, to the start:
    it drops the samples that an Opus encoder put before the sound (RFC 7845, section 4.2), which libsndfile
    does not drop in the files of some encoders. Files are opened one at a time, because libsndfile has only
    one place, for all threads, where it stores why a file can't be opened.
    """

    _opening: ClassVar = threading.Lock()

    def __init__(self, file: Path | FileSlice) -> None:
        with self._opening:
            super().__init__(c_library_path(file) if isinstance(file, Path) else file)
        if super().seekable():
            self.seek(0)

    def seekable(self) -> bool:
        """Return False, so that soundfile does not seek."""
        return False


@dataclass
class LibsndfileReader:
    """Iterate over the tracks of a file that libsndfile reads.

    Args:
        path: the file.
        kind: the format, as `container` returns it.
        notes: a list to which notes for the user are added.

    Raises:
        UnreadableError: when iterated: the file has no sound or no header, or is damaged.
        soundfile.LibsndfileError: when iterated: libsndfile can't open the file.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "a.wav"
    >>> soundfile.write(path, np.full((8000, 2), 0.1), 8000)
    >>> [(track.rate, track.channels, track.samples) for track in LibsndfileReader(path, "wav")]
    [(8000, 2, 8000)]
    """

    path: Path
    kind: str | None
    notes: list[str] = field(default_factory=list)

    def __iter__(self) -> Iterator[Track]:
        """Yield the tracks; read each one to its end before the next."""
        size = self.path.stat().st_size
        parts = self._parts(size)
        if (files := sum(not part.continues for part in parts)) > 1:
            self.notes.append(f"made of {files} files joined together")
        failed = []
        for number, part in enumerate(parts, 1):
            try:
                yield from self._track(part, size)
            except soundfile.LibsndfileError as error:
                failed.append(error)
                if len(failed) == len(parts):
                    # FFmpeg may decode the file: the notes on it stay
                    self.notes.extend(part.note for part in parts if part.note)
                    raise failed[0] from None
                self.notes.append(f"part {number} of {len(parts)} can't be decoded")
            if part.note:
                self.notes.append(part.note)

    def _parts(self, size: int) -> list[Part]:
        """Return the parts of the file, found by its format."""
        whole = [Part(start=0, stop=size)]
        with self.path.open("rb") as file:
            if self.kind in CHUNKED:
                return chunked_parts(file, size, self.kind)
            if self.kind == "ogg":
                return ogg_parts(file, size)
            if self.kind == "flac":
                return flac_parts(file, size)
            with _SequentialFile(self.path) as sound:
                if sound.format not in WITH_HEADER:
                    raise UnreadableError("not an audio file: it has no header of a known format")
                return mp3_parts(file, size) if sound.format == "MP3" else whole

    def _track(self, part: Part, size: int) -> Iterator[Track]:
        """Yield the track of a part."""
        with self._opened(part, size) as source:
            with _SequentialFile(source) as sound:
                if sound.format not in WITH_HEADER or sound.channels > MOST_CHANNELS:
                    raise UnreadableError("its header is damaged: export it again as WAV or FLAC")
                frames = sound.frames if sound.frames < UNKNOWN_FRAMES else 0
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
        """Yield what libsndfile opens: the file itself if the part is all of it, else a `FileSlice`."""
        if part.size == size and not part.header and not part.unknown_length:
            yield self.path
            return
        with FileSlice(
            self.path, part.start, part.stop, header=part.header, unknown_length=part.unknown_length
        ) as part_file:
            yield part_file

    def _blocks(self, sound: Any, part: Part, expected: int) -> Iterator[NDArray[np.float32]]:
        """Yield the blocks of a part, and add a note if they are fewer than expected."""
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
        """Yield what can be decoded after the first `skipped` samples, in small blocks, up to the error."""
        with self._opened(part, self.path.stat().st_size) as source, _SequentialFile(source) as sound:
            buffer = np.empty((SMALL_BLOCK, sound.channels), dtype=np.float32)
            try:
                while len(block := sound.read(out=buffer)):
                    if skipped < len(block):
                        yield block[skipped:]
                    skipped = max(0, skipped - len(block))
            except soundfile.LibsndfileError:
                return
