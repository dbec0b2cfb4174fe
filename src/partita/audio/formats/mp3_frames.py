"""Parse the frame headers of MPEG audio (layers I to III), and the Xing and VBRI headers in a first frame.

This file reads single frames; `mp3.py` finds the parts of a file.
"""

import struct
from dataclasses import dataclass
from typing import IO, NamedTuple

RATES = (44100, 48000, 32000)  # Hz in MPEG-1; half of it in MPEG-2, a quarter in MPEG-2.5
BITRATES = {  # kbit/s by (MPEG-1, layer), from index 1
    (True, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (True, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
SAME = 0xFFFE0C00  # the bits of a header that all frames of a stream share: version, layer and rate
HEADER = struct.Struct(">I")
LOOK = 48  # bytes of a frame in which a Xing or VBRI header begins


def _length(header: int) -> int:
    """Return the bytes of a frame by its header; 0 if it is not a header, or if the length is not fixed."""
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
"""The bytes of a frame by bits 9 to 20 of its header; 0 where they form no valid header."""


@dataclass(frozen=True)
class Info:
    """The content of a Xing, LAME or VBRI header.

    Args:
        frames: how many frames follow; None where it does not say.
        delay: samples that the encoder put before the sound.
        padding: samples that the encoder put after the sound.
    """

    frames: int | None
    delay: int = 0
    padding: int = 0


class Frame(NamedTuple):
    """The position and the header of one MPEG audio frame.

    Args:
        start: its first byte, from the start of the file.
        stop: its end.
        header: its header, 32 bits.
        info: the Xing or VBRI header in it, or None.
    """

    start: int
    stop: int
    header: int
    info: Info | None

    @property
    def kind(self) -> tuple[int, bool]:
        """Return what the frames of one stream share: version, layer and rate, and whether it is mono."""
        return self.header & SAME, self.header >> 6 & 3 == 3

    @property
    def rate(self) -> int:
        """Return the sample rate in Hz."""
        version = self.header >> 19 & 3
        return RATES[self.header >> 10 & 3] >> (0 if version == 3 else 2 if version == 0 else 1)

    @property
    def samples(self) -> int:
        """Return the number of samples in each channel."""
        layer = 4 - (self.header >> 17 & 3)
        if layer == 1:
            return 384
        return 576 if layer == 3 and self.header >> 19 & 3 != 3 else 1152


def frame_at(file: IO[bytes], place: int, size: int) -> Frame | None:
    """Return the frame that begins at a place and is completely in the file; None if there is none.

    Args:
        file: the open file.
        place: in bytes from the start of the file.
        size: the length of the file in bytes.
    """
    file.seek(place)
    data = file.read(LOOK)
    header = int.from_bytes(data[:4], "big")
    if header < 0xFFE00000:
        return None
    length = LENGTHS[header >> 9 & 0xFFF]
    if not length or place + length > size:
        return None
    return Frame(place, place + length, header, read_info(file, place, data, header))


def is_followed(file: IO[bytes], frame: Frame, size: int) -> bool:
    """Return whether another frame of the same stream, a tag, or the end of the file follows a frame.

    Args:
        file: the open file.
        frame: the frame.
        size: the length of the file in bytes.
    """
    if frame.stop + 4 > size:
        return True
    following = frame_at(file, frame.stop, size)
    if following is None:
        file.seek(frame.stop)
        rest = file.read(4)
        return rest[:3] in (b"TAG", b"APE", b"ID3") or _begins(rest, frame)
    return following.kind[0] == frame.kind[0]


def _begins(rest: bytes, frame: Frame) -> bool:
    """Return whether four bytes are the header of an incomplete last frame of the same stream."""
    header = int.from_bytes(rest, "big")
    return header & SAME == frame.header & SAME and bool(LENGTHS[header >> 9 & 0xFFF])


def read_info(file: IO[bytes], place: int, data: bytes, header: int) -> Info | None:
    """Return the Xing or VBRI header in a frame; None without one.

    Args:
        file: the open file.
        place: where the frame begins, in bytes.
        data: the first `LOOK` bytes of the frame.
        header: the header of the frame.
    """
    if header >> 17 & 3 != 1:
        return None
    mono, first = header >> 6 & 3 == 3, header >> 19 & 3 == 3
    begin = 4 + ((17 if mono else 32) if first else (9 if mono else 17))
    for at in (begin, begin + 2):
        if data[at : at + 4] in (b"Xing", b"Info"):
            return _xing(file, place + at)
    if data[36:40] == b"VBRI":
        file.seek(place + 36 + 14)
        return Info(int.from_bytes(file.read(4), "big") or None)
    return None


def _xing(file: IO[bytes], place: int) -> Info:
    """Return the content of a Xing header, with the delay and padding of a LAME header where there is one."""
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
    return Info(frames or None, delay, padding)
