"""Decode a recording in blocks: any format that libsndfile or FFmpeg reads, to mono float32.

The memory does not grow with the length of the recording. This file does not normalise or cut silence.
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
from partita.audio.formats.libsndfile import LibsndfileReader
from partita.audio.formats.parts import NO_SOUND
from partita.audio.formats.track import Track
from partita.audio.mixing import Downmix, PhaseMeter
from partita.audio.peaks import ABOVE_FULL_SCALE, MAX_VALUE, PeakMeter, check_finite, find_spikes

LEAST_RATE, MOST_RATE = 1000, 768_000  # Hz; a wrong rate in a header would make a short file hours long
HEADERLESS_SUFFIXES = {".raw", ".pcm", ".sam"}


class Decoder:
    """Decodes one recording, once.

    Iterate over it to get the recording as blocks of mono float32 at `sample_rate`. The delay of the
    resampler is compensated: sample n is at n / sample_rate seconds of the source. After that, call
    `second_pass`: some faults show only at the end of a recording, which then has to be decoded again in
    another way.

    Args:
        path: an audio file.
        sample_rate: of the result, in Hz.
        downmix: how the channels become one; by default their average.

    Attributes:
        done: the share of the file that has been read, 0 to 1.

    Raises:
        UnreadableError: when iterated: the file is not audio, has no header, is damaged, or holds NaN or
            infinity.

    >>> list(Decoder(Path(__file__), 16000))
    Traceback (most recent call last):
    ...
    partita.audio.errors.UnreadableError: not an audio file that can be read (Format not recognised)
    """

    def __init__(self, path: Path, sample_rate: int, downmix: Downmix | None = None) -> None:
        self.path, self.sample_rate = path, sample_rate
        self.downmix = downmix or Downmix()
        self.done = 0.0
        self._peaks, self._phases = PeakMeter(), PhaseMeter()
        self._notes: list[str] = []

    @property
    def clipped(self) -> float:
        """Return the share of the values read so far that are at full scale, 0 to 1.

        In a file of floats that go far beyond 1, full scale is the greatest of them.
        """
        return self._peaks.clipped

    @property
    def note(self) -> str | None:
        """Return what the user should know about the recording, when all is decoded; None for nothing."""
        notes = dict.fromkeys([*self._notes, *filter(None, [self.downmix.note])])
        return "; ".join(notes) or None

    def __iter__(self) -> Iterator[NDArray[np.float32]]:
        """Yield the blocks, (samples,) float32; see the class."""
        for track in self._tracks():
            yield from self._at_rate(track)
            self.done = min(1.0, track.shares[1])

    def second_pass(self) -> "Decoder | None":
        """Return a decoder for a second pass if the recording needs one, None if the first one was good.

        The second pass sets spikes, a few samples far beyond all others, to 0. Where channels cancel out, it
        uses one of them.

        Raises:
            UnreadableError: the values are beyond those of any recording.
        """
        downmix = self.downmix
        if self._peaks.peak > ABOVE_FULL_SCALE and downmix.limit is None:
            tracks = Decoder(self.path, self.sample_rate)._tracks()
            if found := find_spikes((block, 1 / track.rate) for track in tracks for block in track.blocks):
                return Decoder(self.path, self.sample_rate, Downmix(limit=found[0], note=found[1]))
        if self._peaks.peak > MAX_VALUE:
            raise UnreadableError(
                f"holds values up to {self._peaks.peak:.3g}, which no recording has: export it again"
            )
        if downmix.channel is None and (cancelled := self._phases.cancelled()):
            notes = "; ".join(filter(None, [downmix.note, cancelled[1]]))
            changed = replace(downmix, channel=cancelled[0], note=notes)
            return Decoder(self.path, self.sample_rate, changed)
        return None

    def _tracks(self) -> Iterator[Track]:
        """Yield the tracks of the file, from libsndfile, or from FFmpeg where libsndfile can't read it."""
        if self.path.suffix.lower() in HEADERLESS_SUFFIXES:
            raise UnreadableError("raw samples without a header: convert it to WAV or FLAC")
        kind = container(self.path)
        if kind is not None and kind not in (*CHUNKED, "ogg", "flac"):
            yield from FFmpegReader(self.path, kind, self._notes)
            return
        begun = False
        try:
            for track in LibsndfileReader(self.path, kind, self._notes):
                begun = True
                yield track
        except (soundfile.LibsndfileError, TypeError) as error:
            reason = getattr(error, "error_string", str(error)).strip().rstrip(".")
            if begun or kind not in ("wav", "caf", "aiff", "ogg"):
                raise UnreadableError(_plain_reason(reason, kind)) from None
            if not has_ffmpeg():
                raise UnreadableError(
                    f"not an audio file that can be read without FFmpeg ({reason}): {REMEDY}"
                ) from None
            yield from FFmpegReader(self.path, kind, self._notes)

    def _at_rate(self, track: Track) -> Iterator[NDArray[np.float32]]:
        """Yield a track as one channel at `sample_rate`."""
        rate = track.rate
        if not LEAST_RATE <= rate <= MOST_RATE:
            raise UnreadableError(
                f"its header gives a sample rate of {rate} Hz, outside {LEAST_RATE} to {MOST_RATE}:"
                " correct the header"
            )
        resampler = None
        if rate < self.sample_rate:
            self._notes.append(
                f"recorded at {rate} Hz, below the requested {self.sample_rate} Hz: it has no"
                f" frequencies above {rate / 2:g} Hz"
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
        """Measure a block and mix it down to one channel."""
        if self.downmix.limit is not None:
            block = self.downmix.without_spikes(block)
        peak = self._peaks.add(block, floats=track.floats)
        if not peak <= MAX_VALUE:
            check_finite(block, read / track.rate, track.rate)
            block = self.downmix.without_spikes(block)
        mono = self.downmix.mono(block)
        if self.downmix.channel is None:
            self._phases.add(block, mono, track.rate)
        return mono


def _plain_reason(reason: str, kind: str | None) -> str:
    """Return a message in place of libsndfile's reason, which is misleading for MP3 without frames."""
    if kind is not None and not any(word in reason.lower() for word in ("unsupported", "unimplemented")):
        return NO_SOUND
    if "File does not exist" in reason:
        return f"not an audio file, or {NO_SOUND}"
    return f"not an audio file that can be read ({reason})"
