"""Decode formats that libsndfile does not know, through PyAV, which contains FFmpeg.

PyAV is an optional dependency, `partita[formats]`, and is imported only when a file needs it.
"""

import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from partita.audio.errors import MissingDecoderError, UnreadableError
from partita.audio.formats.parts import NO_SOUND, ends_early
from partita.audio.formats.track import BLOCK_VALUES, Track
from partita.filenames import utf8_path

TOLERANCE_S = 0.25  # durations in these formats are rounded, and do not count an encoder's padding
TIMED = {  # formats that contain a duration
    *("mov", "matroska", "asf", "ape", "wv", "tta", "dsf", "tak", "caf", "wav", "aiff"),
}
MOST_DAMAGED = 0.1  # share of packets; a file with more damage is refused
MOST_PLANES = 8
SAMPLES = {
    "u8": np.uint8,
    "s16": np.int16,
    "s32": np.int32,
    "s64": np.int64,
    "flt": np.float32,
    "dbl": np.float64,
}
CONVERT = "convert it to WAV or FLAC"
REMEDY = f"install 'partita[formats]', or {CONVERT}"


def has_ffmpeg() -> bool:
    """Return whether PyAV is installed.

    >>> has_ffmpeg() == (importlib.util.find_spec("av") is not None)
    True
    """
    return importlib.util.find_spec("av") is not None


@dataclass
class FFmpegReader:
    """Iterate over the tracks of a file's first audio stream: a new track where rate or channels change.

    Args:
        path: the file.
        kind: FFmpeg's name of the format, which is given to FFmpeg so that it does not guess.
        notes: a list to which notes for the user are added.

    Raises:
        MissingDecoderError: when iterated: PyAV is not installed.
        UnreadableError: when iterated: the file is damaged, or has no sound.

    >>> list(FFmpegReader(Path(__file__), "mov"))  # doctest: +IGNORE_EXCEPTION_DETAIL
    Traceback (most recent call last):
    ...
    partita.audio.errors.UnreadableError: cut off or damaged: no sound in it can be decoded
    """

    path: Path
    kind: str
    notes: list[str] = field(default_factory=list)

    def __iter__(self) -> Iterator[Track]:
        """Yield the tracks; read each one to its end before the next."""
        if not has_ffmpeg():
            what = self.path.suffix.lower() or self.kind
            raise MissingDecoderError(f"{what} files need FFmpeg: {REMEDY}")
        import av

        try:
            with (
                utf8_path(self.path) as name,
                av.open(name, format=self.kind, metadata_errors="ignore") as file,
            ):
                if not file.streams.audio or file.streams.audio[0].codec_context is None:
                    raise UnreadableError(
                        "a video without sound, or sound in an encoding that FFmpeg does not know"
                    )
                yield from _Stream(file, self.kind, self.notes).tracks()
        except (av.InvalidDataError, av.EOFError):
            raise UnreadableError(NO_SOUND) from None
        except (av.FFmpegError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise UnreadableError(f"not an audio file that can be read ({reason})") from None


class _Stream:
    """The first audio stream of an open file."""

    def __init__(self, file: Any, kind: str, notes: list[str]) -> None:
        self._file, self._stream, self._notes = file, file.streams.audio[0], notes
        self._seconds = self._duration() if kind in TIMED else None
        self._packets = self._damaged = 0
        self._read_s = 0.0

    def _duration(self) -> float | None:
        """Return the duration that the file gives, in seconds; None without one."""
        if self._stream.duration:
            return float(self._stream.duration * self._stream.time_base)
        if self._file.duration and not self._file.streams.video:
            return float(self._file.duration / 1_000_000)
        return None

    def tracks(self) -> Iterator[Track]:
        """Yield a track for each run of frames with the same rate and number of channels."""
        floats = str(self._stream.codec_context.name).startswith("pcm_f")
        for (rate, channels), frames in groupby(self._frames(), _shape):
            begin = min(1.0, self._read_s / self._seconds) if self._seconds else 0.0
            expected = round(max(0.0, (self._seconds or 0.0) - self._read_s) * rate)
            blocks = self._blocks(frames, channels)
            yield Track(rate, channels, floats, blocks, expected, (begin, 1.0))
        if self._damaged > MOST_DAMAGED * self._packets:
            raise UnreadableError(f"damaged: {self._damaged} of its {self._packets} packets can't be decoded")
        if self._damaged:
            self._notes.append(f"damaged: {self._damaged} of its {self._packets} packets are left out")
        noted = any("cut off" in note for note in self._notes)
        if not noted and self._seconds and self._seconds - self._read_s > TOLERANCE_S:
            self._notes.append(ends_early(self._read_s, self._seconds))

    def _frames(self) -> Iterator[Any]:
        """Yield the decoded frames, and count damaged packets."""
        import av

        packets = self._file.demux(self._stream)
        while True:
            try:
                packet = next(packets, None)
            except av.FFmpegError:
                packet = None
                self._damaged += 1
            if packet is None:
                return
            self._packets += 1
            try:
                frames = packet.decode()
            except av.FFmpegError:
                self._damaged += 1
                continue
            for frame in frames:
                if frame.samples:
                    self._read_s += frame.samples / frame.sample_rate
                    yield frame

    @staticmethod
    def _blocks(frames: Iterator[Any], channels: int) -> Iterator[NDArray[np.float32]]:
        """Join frames to blocks of about `BLOCK_VALUES` values."""
        kept: list[NDArray[np.float32]] = []
        values = 0
        for frame in frames:
            kept.append(frame_values(frame, channels))
            values += kept[-1].size
            if values >= BLOCK_VALUES:
                yield np.concatenate(kept)
                kept, values = [], 0
        if kept:
            yield np.concatenate(kept)


def _shape(frame: Any) -> tuple[int, int]:
    return frame.sample_rate, len(frame.layout.channels)


def frame_values(frame: Any, channels: int) -> NDArray[np.float32]:
    """Return the samples of an `av.AudioFrame`, (samples, channels) float32, with full scale at 1.

    PyAV's own `to_ndarray` reads beyond the end of the list of planes if a frame has 8 of them or more.

    Args:
        frame: the decoded frame.
        channels: its number of channels.

    Raises:
        UnreadableError: the type of the samples is not known, or there are more than 8 planes.
    """
    dtype = SAMPLES.get(str(frame.format.name).removesuffix("p"))
    if dtype is None:
        raise UnreadableError(
            f"its samples have the type {frame.format.name}, which is not supported: {CONVERT}"
        )
    if frame.format.is_planar:
        if channels > MOST_PLANES:
            raise UnreadableError(f"{channels} channels, more than {MOST_PLANES} in this format: {CONVERT}")
        planes = frame.planes[:channels]
        values = np.stack([np.frombuffer(plane, dtype, frame.samples) for plane in planes], 1)
    else:
        values = np.frombuffer(frame.planes[0], dtype, frame.samples * channels).reshape(-1, channels)
    if values.dtype == np.uint8:
        return (values.astype(np.float32) - 128) / np.float32(128)
    if values.dtype.kind == "i":
        return (values * (1.0 / -float(np.iinfo(values.dtype).min))).astype(np.float32)
    with np.errstate(over="ignore"):  # infinity is refused later, with its time
        return values.astype(np.float32)
