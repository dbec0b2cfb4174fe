"""A recording is decoded in blocks: any format that libsndfile or FFmpeg reads -> mono float32 at one rate.

Memory does not grow with the recording. This file does not know levels, silence or corpora.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from partita.audio.errors import UnreadableError
from partita.audio.formats.detection import CHUNKED, container
from partita.audio.formats.ffmpeg import REMEDY, FFmpegReader, has_ffmpeg
from partita.audio.formats.libsndfile import SoundFiles
from partita.audio.formats.parts import NO_SOUND
from partita.audio.formats.track import Track
from partita.audio.mixing import (
    FAR_BEYOND,
    LARGEST,
    Levels,
    Treatment,
    check_finite,
    find_spikes,
)
from partita.audio.phases import Phases

LEAST_RATE, MOST_RATE = 1000, 768_000  # Hz, in headers; a false rate would make a short file hours long
HEADERLESS_SUFFIXES = {".raw", ".pcm", ".sam"}


class Decoder:
    """One pass over one recording.

    Iterate once: the blocks are mono, float32, at `sample_rate`, and together the whole recording; the
    resampler's delay is made up for, so sample n lies at n / sample_rate seconds of the source. Then ask
    `second_pass` whether the recording should be decoded in another way.

    Args:
        path: an audio file.
        sample_rate: Hz, of the result.
        treatment: how channels become one; their average unless told otherwise.

    Attributes:
        done: the share of the file that has been read, 0 to 1.

    Raises:
        UnreadableError: when iterated: not audio, no header, damaged, NaN or infinity.

    >>> list(Decoder(Path(__file__), 16000))
    Traceback (most recent call last):
    ...
    partita.audio.errors.UnreadableError: not an audio file that can be read (Format not recognised)
    """

    def __init__(self, path: Path, sample_rate: int, treatment: Treatment | None = None) -> None:
        self.path, self.sample_rate = path, sample_rate
        self.treatment = treatment or Treatment()
        self.done = 0.0
        self._levels, self._phases = Levels(), Phases()
        self._notes: list[str] = []

    @property
    def clipped(self) -> float:
        """Return the share of the values read so far that stand at full scale; in a file of floats that go
        beyond 1, at the greatest of them.
        """
        return self._levels.clipped

    @property
    def note(self) -> str | None:
        """Return what a person should know about the recording, once it is decoded; None for nothing."""
        notes = dict.fromkeys([*self._notes, *filter(None, [self.treatment.note])])
        return "; ".join(notes) or None

    def __iter__(self) -> Iterator[NDArray[np.float32]]:
        """Decode; see the class."""
        for track in self._tracks():
            yield from self._at_rate(track)
            self.done = min(1.0, track.shares[1])

    def second_pass(self) -> "Decoder | None":
        """Return another pass where the first one shows that it needs one, None where it is good.

        A few samples far beyond all others are taken as 0; of channels that cancel out one is used.

        Raises:
            UnreadableError: the values are beyond what any recording has.
        """
        treatment = self.treatment
        if self._levels.peak > FAR_BEYOND and treatment.limit is None:
            tracks = Decoder(self.path, self.sample_rate)._tracks()
            if found := find_spikes((block, 1 / track.rate) for track in tracks for block in track.blocks):
                return Decoder(self.path, self.sample_rate, Treatment(limit=found[0], note=found[1]))
        if self._levels.peak > LARGEST:
            raise UnreadableError(f"holds values up to {self._levels.peak:.3g}, which no recording has")
        if treatment.channel is None and (cancelled := self._phases.cancelled()):
            notes = "; ".join(filter(None, [treatment.note, cancelled[1]]))
            changed = replace(treatment, channel=cancelled[0], note=notes)
            return Decoder(self.path, self.sample_rate, changed)
        return None

    def _tracks(self) -> Iterator[Track]:
        if self.path.suffix.lower() in HEADERLESS_SUFFIXES:
            raise UnreadableError(
                "headerless (raw) samples: save it as WAV or FLAC, which say what they hold"
            )
        kind = container(self.path)
        if kind is not None and kind not in (*CHUNKED, "ogg", "flac"):
            yield from FFmpegReader(self.path, kind, self._notes)
            return
        begun = False
        try:
            for track in SoundFiles(self.path, kind, self._notes):
                begun = True
                yield track
        except (soundfile.LibsndfileError, TypeError) as error:
            reason = getattr(error, "error_string", str(error)).strip().rstrip(".")
            if begun or kind not in ("wav", "caf", "aiff", "ogg"):
                raise UnreadableError(_in_our_words(reason, kind)) from None
            if not has_ffmpeg():
                raise UnreadableError(
                    f"not an audio file that can be read without FFmpeg ({reason}): {REMEDY}"
                ) from None
            yield from FFmpegReader(self.path, kind, self._notes)

    def _at_rate(self, track: Track) -> Iterator[NDArray[np.float32]]:
        """Yield a track as one channel at `sample_rate`."""
        rate = track.rate
        if not LEAST_RATE <= rate <= MOST_RATE:
            raise UnreadableError(f"its header says {rate} Hz, which no recording has: mend the header")
        resampler = None
        if rate < self.sample_rate:
            self._notes.append(
                f"{rate} Hz, below the {self.sample_rate} Hz asked for: nothing is above {rate / 2:g} Hz"
            )
        if rate != self.sample_rate:
            resampler = soxr.ResampleStream(rate, self.sample_rate, 1, dtype="float32", quality="HQ")
        read = 0
        for block in track.blocks:
            mono = self._mono(block, read, track)
            read += len(block)
            yield mono if resampler is None else resampler.resample_chunk(mono)
            begin, end = track.shares
            self.done = min(end, begin + (end - begin) * read / max(1, track.samples))
        if resampler is not None and read:
            yield resampler.resample_chunk(np.empty(0, dtype=np.float32), last=True)

    def _mono(self, block: NDArray[np.float32], read: int, track: Track) -> NDArray[np.float32]:
        if self.treatment.limit is not None:
            block = self.treatment.without_spikes(block)
        peak = self._levels.add(block, floats=track.floats)
        if not peak <= LARGEST:
            check_finite(block, read / track.rate, track.rate)
            block = self.treatment.without_spikes(block)
        mono = self.treatment.mono(block)
        if self.treatment.channel is None:
            self._phases.add(block, mono, track.rate)
        return mono


def _in_our_words(reason: str, kind: str | None) -> str:
    """Return why a file can't be used, from libsndfile's reason, which is wrong about MP3 without frames."""
    if kind is not None and not any(word in reason.lower() for word in ("unsupported", "unimplemented")):
        return NO_SOUND
    if "File does not exist" in reason:
        return f"not an audio file, or {NO_SOUND}"
    return f"not an audio file that can be read ({reason})"
