"""The frames of an MP3 file are counted by their headers, so that its length is certain.

Without the count a decoder estimates the length from the first frame and the file's size, and stops there.
Files that were joined are taken apart where a new header begins, or another rate. Nothing is decoded here.
"""

import struct
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import IO, NamedTuple

from partita.audio.errors import UnreadableError
from partita.audio.formats.parts import NOTED_S, Part, damaged_within, ends_early
from partita.audio.formats.tags import tag_length

RATES = (44100, 48000, 32000)  # Hz in MPEG-1; half in MPEG-2, a quarter in MPEG-2.5
BITRATES = {  # kbit/s by (MPEG-1, layer), from index 1
    (True, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (True, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
SAME = 0xFFFE0C00  # of a header's bits: version, layer and rate, which a stream keeps
HEADER = struct.Struct(">I")
LOOK = 48  # bytes of a frame that show a Xing or VBRI header
STEP = 1 << 16
LEFT_OVER = 2  # frames past the count in a Xing header that are no new recording: encoders miscount
MOST_PARTS = 500


def _length(header: int) -> int:
    """Return a frame's bytes by its header, 0 for what is no header or has no fixed length."""
    version, layer = header >> 19 & 3, 4 - (header >> 17 & 3)
    bitrate, rate = header >> 12 & 15, header >> 10 & 3
    if version == 1 or layer == 4 or bitrate in (0, 15) or rate == 3:
        return 0
    first = version == 3
    kilobits = BITRATES[first, layer][bitrate - 1]
    hertz = RATES[rate] >> (0, 1, 1, 2)[(3, 2, 1, 0).index(version)]
    padding = header >> 9 & 1
    if layer == 1:
        return (12_000 * kilobits // hertz + padding) * 4
    return (144_000 if first or layer == 2 else 72_000) * kilobits // hertz + padding


LENGTHS = [_length(0xFFE00000 | bits << 9) for bits in range(1 << 12)]


class _Frame(NamedTuple):
    start: int
    stop: int
    header: int
    info: "_Info | None"

    @property
    def kind(self) -> tuple[int, bool]:
        return self.header & SAME, self.header >> 6 & 3 == 3

    @property
    def rate(self) -> int:
        version = self.header >> 19 & 3
        return RATES[self.header >> 10 & 3] >> (0 if version == 3 else 2 if version == 0 else 1)

    @property
    def samples(self) -> int:
        layer = 4 - (self.header >> 17 & 3)
        if layer == 1:
            return 384
        return 576 if layer == 3 and self.header >> 19 & 3 != 3 else 1152


@dataclass(frozen=True)
class _Info:
    """What a Xing, LAME or VBRI header tells: frames that follow it, samples to drop at both ends."""

    frames: int | None
    delay: int = 0
    padding: int = 0


@dataclass
class _Run:
    first: _Frame
    stop: int
    frames: int

    @property
    def info(self) -> _Info | None:
        return self.first.info

    @property
    def full(self) -> bool:
        return self.info is not None and self.frames == self.info.frames

    def seconds(self, frames: int) -> float:
        """Return how long the sound of so many frames is, an encoder's delay and padding left out."""
        samples = frames * self.first.samples
        if self.info:
            samples -= self.info.delay
            if self.info.frames and frames >= self.info.frames:
                samples -= self.info.padding
        return max(0, samples) / self.first.rate


def scan_mpeg(file: IO[bytes], size: int) -> list[Part]:
    """Return the parts of an MP3 file (layers I to III): one, or several where files were joined.

    Args:
        file: the file, open; tags and other bytes around the frames are left out.
        size: its length in bytes.

    Raises:
        UnreadableError: less than half of it is frames.

    >>> import io, soundfile
    >>> file = io.BytesIO()
    >>> soundfile.write(file, [0.1] * 44100, 44100, format="MP3")
    >>> twice = file.getvalue() * 2
    >>> [part.seconds for part in scan_mpeg(io.BytesIO(twice), len(twice))]
    [1.0, 1.0]
    """
    runs, foreign = _runs(file, size)
    inside = sum(run.stop - run.first.start for run in runs)
    runs = [run for number, run in enumerate(runs) if not _left_over(runs, number)]
    if not runs or inside < foreign:
        raise UnreadableError("not MPEG audio: fewer than half of its bytes are frames with a fixed length")
    if len(runs) > MOST_PARTS:
        raise UnreadableError(f"damaged: it falls into {len(runs)} pieces with other bytes between them")
    parts = [part for group in _groups(file, runs) for part in _parts(group)]
    if len(parts) == 1 and not parts[0].endless:
        return [replace(parts[0], start=0, stop=size)]  # the file as it stands
    return parts


def _runs(file: IO[bytes], size: int) -> tuple[list[_Run], int]:
    """Return the runs of frames of one stream each, and the number of bytes between them that are no tag."""
    runs: list[_Run] = []
    place, foreign = 0, 0
    while place + 4 <= size:
        frame = _frame_at(file, place, size)
        if frame and _followed(file, frame, size):
            run = _Run(frame, frame.stop, 0 if frame.info else 1)
            runs.append(run)
            _extend(file, run, size)
            place = run.stop
        elif tag := tag_length(file, place):
            place += tag
        else:
            found = _next_frame(file, place + 1, size)
            foreign += found - place
            place = found
    return runs, foreign


def _extend(file: IO[bytes], run: _Run, size: int) -> None:
    """Add the frames to a run that follow without a break, up to the number that its Xing header tells."""
    place, kind, mono = run.stop, *run.first.kind
    data, at, headers = b"", 0, False
    while run.info is None or run.info.frames is None or run.frames < run.info.frames:
        if at + LOOK > len(data):
            file.seek(place)
            data, at = file.read(STEP), 0
            headers = b"Xing" in data or b"Info" in data or b"VBRI" in data
        if at + 4 > len(data):
            return
        (header,) = HEADER.unpack_from(data, at)
        length = LENGTHS[header >> 9 & 0xFFF]
        if header & SAME != kind or (header >> 6 & 3 == 3) != mono or not length or place + length > size:
            return
        if headers and _info(file, place, data[at : at + LOOK], header):
            return
        place, at = place + length, at + length
        run.stop, run.frames = place, run.frames + 1


def _left_over(runs: list[_Run], number: int) -> bool:
    run = runs[number]
    if not run.frames:
        return True
    before = runs[number - 1] if number else None
    return bool(before and before.full and before.stop == run.first.start and run.frames <= LEFT_OVER)


def _groups(file: IO[bytes], runs: list[_Run]) -> list[list[_Run]]:
    """Return the runs of each file: behind damage it goes on without a header that counts its frames."""
    groups = [[runs[0]]]
    for before, run in pairwise(runs):
        group = groups[-1]
        told = group[0].info.frames if group[0].info else None
        frames = sum(one.frames for one in (*group, run))
        damage = before.stop < run.first.start and not tag_length(file, before.stop)
        fits = frames <= told if told else damage
        if fits and not run.info and run.first.kind == group[0].first.kind:
            group.append(run)
        else:
            groups.append([run])
    return groups


def _parts(group: list[_Run]) -> list[Part]:
    """Return the parts of one file, which are several where it is damaged in between."""
    told = group[0].info.frames if group[0].info else None
    promised = group[0].seconds(told) if told else None
    parts = [
        Part(
            start=run.first.start,
            stop=run.stop,
            endless=run.info is None or run.info.frames is None,
            seconds=run.seconds(run.frames),
            goes_on=run is not group[0],
        )
        for run in group
    ]
    used = sum(run.seconds(run.frames) for run in group)
    if len(parts) > 1:
        parts = [replace(part, note=damaged_within(used, promised)) for part in parts]
    elif promised and promised > used + NOTED_S:
        parts[0] = parts[0].noted(ends_early(used, promised))
    return parts


def _frame_at(file: IO[bytes], place: int, size: int) -> _Frame | None:
    file.seek(place)
    data = file.read(LOOK)
    header = int.from_bytes(data[:4], "big")
    if header < 0xFFE00000:
        return None
    length = LENGTHS[header >> 9 & 0xFFF]
    if not length or place + length > size:
        return None
    return _Frame(place, place + length, header, _info(file, place, data, header))


def _followed(file: IO[bytes], frame: _Frame, size: int) -> bool:
    """Tell whether the next frame is of the same stream, or the file ends."""
    if frame.stop + 4 > size:
        return True
    following = _frame_at(file, frame.stop, size)
    if following is None:
        file.seek(frame.stop)
        rest = file.read(4)
        return rest[:3] in (b"TAG", b"APE", b"ID3") or _begins(rest, frame)
    return following.kind[0] == frame.kind[0]


def _begins(rest: bytes, frame: _Frame) -> bool:
    """Tell whether an incomplete last frame of the same stream begins here."""
    header = int.from_bytes(rest, "big")
    return header & SAME == frame.header & SAME and bool(LENGTHS[header >> 9 & 0xFFF])


def _next_frame(file: IO[bytes], place: int, size: int) -> int:
    """Return where the next frame or tag begins, or the end of the file."""
    while place < size:
        file.seek(place)
        data = file.read(STEP)
        at = -1
        while (at := data.find(b"\xff", at + 1)) >= 0:
            frame = _frame_at(file, place + at, size)
            if frame and _followed(file, frame, size):
                return place + at
        for mark in (b"ID3", b"TAG", b"APETAGEX"):
            at = data.find(mark)
            if at >= 0 and tag_length(file, place + at):
                return place + at
        place += STEP - 8
    return size


def _info(file: IO[bytes], place: int, data: bytes, header: int) -> _Info | None:
    """Return what a Xing or VBRI header in this frame tells, None without one."""
    if header >> 17 & 3 != 1:
        return None
    mono, first = header >> 6 & 3 == 3, header >> 19 & 3 == 3
    begin = 4 + ((17 if mono else 32) if first else (9 if mono else 17))
    for at in (begin, begin + 2):
        if data[at : at + 4] in (b"Xing", b"Info"):
            return _xing(file, place + at)
    if data[36:40] == b"VBRI":
        file.seek(place + 36 + 14)
        return _Info(int.from_bytes(file.read(4), "big") or None)
    return None


def _xing(file: IO[bytes], place: int) -> _Info:
    file.seek(place)
    data = file.read(160)
    flags = int.from_bytes(data[4:8], "big")
    at = 8
    frames = int.from_bytes(data[8:12], "big") if flags & 1 else 0
    at += 4 * (flags & 1) + 4 * (flags >> 1 & 1) + 100 * (flags >> 2 & 1) + 4 * (flags >> 3 & 1)
    lame = data[at : at + 24]
    delay = padding = 0
    if len(lame) == 24 and lame[:4] in (b"LAME", b"Lavf", b"Lavc"):
        delay, padding = lame[21] << 4 | lame[22] >> 4, (lame[22] & 15) << 8 | lame[23]
    return _Info(frames or None, delay, padding)
