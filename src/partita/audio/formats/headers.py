"""Where the samples of a WAV, RF64, W64, AIFF, AU or CAF file lie, and how many its header promises.

Headers are walked chunk by chunk; whether they are true is for `chunks.py` to find out.
"""

import struct
from dataclasses import dataclass
from typing import IO

from partita.audio.formats.chunks import MOST_CHUNKS, is_name, walk_chunks

UNKNOWN = 0x7FFF0000  # lengths of 32 bits from here on stand for "until the end" in files that were streamed
MOST_32 = 0xFFFFFFFF
MOST_HEADER = 1 << 24  # bytes
LINEAR = {1, 3, 6, 7, 0xFFFE}  # WAV's numbers for PCM, floats, A-law, mu-law and those with a longer header
BLOCKS = {2, 0x11, 0x31}  # and for codes in blocks of one size: two kinds of ADPCM, GSM 6.10
W64_TAIL = bytes.fromhex("F3ACD3118CD100C04F8EDB8A")
W64_RIFF = b"riff" + bytes.fromhex("2E91CF11A5D628DB04C10000")
PLAIN_AIFF = {b"NONE", b"twos", b"sowt", b"raw ", b"in24", b"in32", b"fl32", b"FL32", b"fl64", b"FL64"}


@dataclass(frozen=True)
class SoundPlace:
    """Where the samples lie.

    Args:
        start: bytes from the start of the file.
        promised: bytes of them by the header; None where it leaves that open.
        a_second: bytes a second.
        frame: bytes of one sample of all channels, or of one block; 0 for a code without fixed sizes.
        header: what can stand before the samples instead of the file's own bytes.
        anew: whether libsndfile can't read the file's own header.
        end: where the last chunk ends that lies wholly in the file.

    >>> SoundPlace(44, 1000, 16000, 2, Header(b"", ())).end
    0
    """

    start: int
    promised: int | None
    a_second: float
    frame: int
    header: "Header"
    anew: bool = False
    end: int = 0


@dataclass(frozen=True)
class Header:
    """A file's first bytes, with places in which lengths stand.

    Args:
        data: the bytes.
        lengths: (offset, struct's format, what is added) of each length in bytes.
        frames: (offset, struct's format) of a number of samples; None without one.

    >>> Header(b"data....", ((4, "<I", 0),)).promising(2, 2)
    b'data\\x02\\x00\\x00\\x00'
    """

    data: bytes
    lengths: tuple[tuple[int, str, int], ...]
    frames: tuple[int, str] | None = None

    def promising(self, size: int, frame: int) -> bytes:
        """Return the bytes with the lengths set for `size` bytes of sound, in samples of `frame` bytes."""
        made = bytearray(self.data)
        for offset, form, more in self.lengths:
            most = (1 << 8 * struct.calcsize(form)) - 1
            struct.pack_into(form, made, offset, min(size + more, most))
        if self.frames:
            struct.pack_into(self.frames[1], made, self.frames[0], min(size // max(1, frame), MOST_32))
        return bytes(made)


def find_sound(file: IO[bytes], begin: int, size: int, kind: str) -> SoundPlace | None:
    """Return where the samples lie in the file that begins at a place, None when its header does not tell.

    Args:
        file: the file, open.
        begin: bytes from its start to the header.
        size: its length in bytes.
        kind: as `kind_of_chunks` tells.

    >>> import io, soundfile
    >>> file = io.BytesIO()
    >>> soundfile.write(file, [0.1] * 8000, 8000, format="WAV")
    >>> find_sound(file, 0, 16044, "wav").promised
    16000
    """
    file.seek(begin)
    if kind_of_chunks(file.read(24)) != kind:
        return None
    found = {"wav": _wav, "w64": _w64, "aiff": _aiff, "au": _au, "caf": _caf}[kind](file, begin, size)
    return found if found and found.start - begin <= MOST_HEADER else None


def kind_of_chunks(head: bytes) -> str | None:
    """Return the kind of a file by its first 12 bytes or more, None for another.

    >>> kind_of_chunks(b"RIFF....WAVEfmt "), kind_of_chunks(b"fLaC")
    ('wav', None)
    """
    if head[:4] in (b"RIFF", b"RIFX", b"RF64") and head[8:12] == b"WAVE":
        return "wav"
    if head[:4] == b"FORM" and head[8:12] in (b"AIFF", b"AIFC"):
        return "aiff"
    if head[:4] in (b".snd", b"dns.") and len(head) >= 12:
        return "au"
    if head[:8] in (b"caff\x00\x01\x00\x00", b"caff\x00\x01\x00\x01"):
        return "caf"
    return "w64" if head.startswith(W64_RIFF[:12]) else None


def _fitting(stop: int, size: int, end: int) -> int:
    """Return the end of a chunk with its padding, or the end so far."""
    return min(stop + stop % 2, size) if stop <= size else end


def _wav(file: IO[bytes], begin: int, size: int) -> SoundPlace | None:
    file.seek(begin)
    head = file.read(12)
    order = ">" if head.startswith(b"RIFX") else "<"
    form, long, found, end, odd = b"", None, None, 0, False
    for name, start, length in walk_chunks(file, begin + 12, size, f"{order}4sI"):
        if found is None and start % 2 != begin % 2:
            odd = True  # a chunk was not padded, which libsndfile does not know
        if name == b"ds64" and head.startswith(b"RF64"):
            file.seek(start)
            long = int.from_bytes(file.read(16)[8:], "little")
        elif name == b"fmt " and not form:
            file.seek(start)
            form = file.read(min(length, 64))
        elif name == b"data" and found is None:
            found = (start, long if long is not None and length == MOST_32 else length)
        end = _fitting(start + length, size, end)
    if found is None or len(form) < 16:
        return None
    start, length = found
    code, _, rate, a_second, frame, _ = struct.unpack(f"{order}HHIIHH", form[:16])
    told = None if length >= UNKNOWN and long is None else length
    long_riff = told is None and size - start >= MOST_32 and order == "<"  # libsndfile stops at 4 GiB
    header = _riff_header(head[:4], form, order, size - start)
    a_second, frame = _sizes(code, rate, a_second, frame)
    return SoundPlace(start, told, a_second, frame, header, anew=odd or long_riff, end=end)


def _sizes(code: int, rate: int, a_second: int, frame: int) -> tuple[int, int]:
    """Return the bytes a second and those of a sample or block, 0 where that has no fixed size."""
    return (frame * rate if code in LINEAR else a_second), (frame if code in LINEAR | BLOCKS else 0)


def _riff_header(name: bytes, form: bytes, order: str, size: int) -> Header:
    """Return the header of a WAV file, or of a W64 file for what a WAV file has no room for."""
    if size + 1024 < MOST_32 or order == ">":
        wide = struct.pack(f"{order}I", len(form))
        made = (
            (b"RIFX" if name == b"RIFX" else b"RIFF")
            + bytes(4)
            + b"WAVEfmt "
            + wide
            + form
            + b"data"
            + bytes(4)
        )
        return Header(made, ((4, f"{order}I", len(made) - 8), (len(made) - 4, f"{order}I", 0)))
    padded = form + bytes(-len(form) % 8)
    made = W64_RIFF + bytes(8) + b"wave" + W64_TAIL + b"fmt " + W64_TAIL + struct.pack("<Q", 24 + len(form))
    made += padded + b"data" + W64_TAIL + bytes(8)
    return Header(made, ((16, "<Q", len(made)), (len(made) - 8, "<Q", 24)))


def _w64(file: IO[bytes], begin: int, size: int) -> SoundPlace | None:
    place, form, found, end = begin + 40, b"", None, 0
    for _ in range(MOST_CHUNKS):
        if place + 24 > size:
            break
        file.seek(place)
        name, length = struct.unpack("<16sQ", file.read(24))
        if name == b"data" + W64_TAIL:
            found = found or (place + 24, max(0, length - 24))
        if not name.endswith(W64_TAIL) or length < 24:
            break
        if name.startswith(b"fmt "):
            form = file.read(min(length - 24, 64))
        end = _fitting(place + length, size, end)
        place += length + -length % 8
    if found is None or len(form) < 16:
        return None
    start, length = found
    code, _, rate, a_second, frame, _ = struct.unpack("<HHIIHH", form[:16])
    header = _riff_header(b"RIFF", form, "<", size - start)
    told = None if length >= 1 << 48 else length
    a_second, frame = _sizes(code, rate, a_second, frame)
    return SoundPlace(start, told, a_second, frame, header, end=end)


def _aiff(file: IO[bytes], begin: int, size: int) -> SoundPlace | None:
    file.seek(begin)
    head = file.read(12)
    common, at, found, end = b"", 0, None, 0
    for name, start, length in walk_chunks(file, begin + 12, size, ">4sI"):
        if name == b"COMM":
            file.seek(start)
            common, at = file.read(min(length, 22)), start
        elif name == b"SSND" and found is None:
            found = (start + 8, max(0, length - 8))
        end = _fitting(start + length, size, end)
    if found is None or len(common) < 18 or at > found[0]:
        return None
    start, length = found
    channels, frames, bits = struct.unpack(">HIH", common[:8])
    exponent, mantissa = struct.unpack(">HQ", common[8:18])
    rate = mantissa * 2.0 ** max(-1000, min(900, (exponent & 0x7FFF) - 16383 - 63))
    plain = head.endswith(b"AIFF") or common[18:22] in PLAIN_AIFF
    frame = channels * (bits + 7) // 8 if plain else 0
    file.seek(begin)
    header = Header(
        file.read(min(start - begin, MOST_HEADER)),
        ((4, ">I", start - begin - 8), (start - begin - 12, ">I", 8)),
        (at - begin + 2, ">I"),
    )
    told = None if length >= UNKNOWN or frames >= UNKNOWN else length
    return SoundPlace(start, told, frame * rate, frame, header, end=end)


def _au(file: IO[bytes], begin: int, size: int) -> SoundPlace | None:
    file.seek(begin)
    head = file.read(24)
    if len(head) < 24:
        return None
    order = ">" if head.startswith(b".snd") else "<"
    offset, length, code, rate, channels = struct.unpack(f"{order}IIIII", head[4:])
    width = {1: 1, 2: 1, 3: 2, 4: 3, 5: 4, 6: 4, 7: 8, 27: 1}.get(code, 0)
    if not 24 <= offset <= 1 << 16:
        return None
    file.seek(begin)
    header = Header(file.read(offset), ((8, f"{order}I", 0),))
    told = None if length >= UNKNOWN else length
    frame = width * channels
    return SoundPlace(begin + offset, told, frame * rate, frame, header)


def _caf(file: IO[bytes], begin: int, size: int) -> SoundPlace | None:
    place, described, found, end = begin + 8, b"", None, 0
    for _ in range(MOST_CHUNKS):
        if place + 12 > size:
            break
        file.seek(place)
        name, length = struct.unpack(">4sq", file.read(12))
        if name == b"desc":
            described = file.read(32)
        if name == b"data":
            found = found or (place + 16, max(0, length - 4) if length >= 0 else None)
        if not is_name(name) or length < 0:
            break
        place += 12 + length
        end = _fitting(place, size, end)
    if found is None or len(described) < 32:
        return None
    start, told = found
    rate, code, _, frame, _, _, _ = struct.unpack(">d4sIIIII", described)
    file.seek(begin)
    header = Header(file.read(min(start - begin, MOST_HEADER)), ((start - begin - 12, ">Q", 4),))
    frame *= code in (b"lpcm", b"alaw", b"ulaw")
    rate = rate if 0 < rate < 1e9 else 0.0
    anew = frame > 0 and (
        told is None or told > size - start
    )  # libsndfile knows no -1, and refuses cut files
    return SoundPlace(start, told, frame * rate, frame, header, anew, end)
