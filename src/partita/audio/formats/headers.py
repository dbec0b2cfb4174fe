"""Find where the samples of a WAV, RF64, W64, AIFF, AU or CAF file are, and how many its header declares.

This file only reads the headers; `completeness.py` finds out whether they are right.
"""

import struct
from dataclasses import dataclass
from typing import IO

from partita.audio.formats.chunks import MOST_CHUNKS, is_name, walk_chunks
from partita.audio.formats.detection import W64_MAGIC, chunked_kind

UNKNOWN = 0x7FFF0000  # 32-bit lengths from here on mean "until the end" in files that were streamed
MAX_32 = 0xFFFFFFFF
MAX_HEADER = 1 << 24  # bytes
LINEAR = {1, 3, 6, 7, 0xFFFE}  # WAV's codes for PCM, floats, A-law, mu-law and the extensible header
BLOCKS = {2, 0x11, 0x31}  # WAV's codes for encodings in blocks of one size: two kinds of ADPCM, GSM 6.10
W64_TAIL = bytes.fromhex("F3ACD3118CD100C04F8EDB8A")
PLAIN_AIFF = {b"NONE", b"twos", b"sowt", b"raw ", b"in24", b"in32", b"fl32", b"FL32", b"fl64", b"FL64"}


@dataclass(frozen=True)
class SoundLocation:
    """Where the samples of a file are.

    Args:
        start: first byte of the samples, from the start of the file.
        declared: their length in bytes by the header; None where the header leaves it open.
        bytes_per_second: of the samples; 0 where it is not known.
        block_bytes: bytes of one sample of all channels, or of one block; 0 for an encoding without fixed
            sizes.
        header: a header to put before the samples in place of the file's own.
        replace_header: whether libsndfile can't read the file's own header.
        chunks_end: where the last chunk ends that is completely in the file.

    >>> SoundLocation(44, 1000, 16000, 2, HeaderTemplate(b"", ())).chunks_end
    0
    """

    start: int
    declared: int | None
    bytes_per_second: float
    block_bytes: int
    header: "HeaderTemplate"
    replace_header: bool = False
    chunks_end: int = 0


@dataclass(frozen=True)
class HeaderTemplate:
    r"""A header whose lengths can be set.

    Args:
        data: the bytes.
        lengths: (offset, `struct` format, bytes to add) of each length in bytes.
        frames: (offset, `struct` format) of the number of samples; None without one.

    >>> HeaderTemplate(b"data....", ((4, "<I", 0),)).with_length(2, 2)
    b'data\x02\x00\x00\x00'
    """

    data: bytes
    lengths: tuple[tuple[int, str, int], ...]
    frames: tuple[int, str] | None = None

    def with_length(self, size: int, block_bytes: int) -> bytes:
        """Return the header for `size` bytes of sound, in samples of `block_bytes` bytes."""
        made = bytearray(self.data)
        for offset, form, more in self.lengths:
            most = (1 << 8 * struct.calcsize(form)) - 1
            struct.pack_into(form, made, offset, min(size + more, most))
        if self.frames:
            struct.pack_into(self.frames[1], made, self.frames[0], min(size // max(1, block_bytes), MAX_32))
        return bytes(made)


def find_sound(file: IO[bytes], begin: int, size: int, kind: str) -> SoundLocation | None:
    """Return where the samples of a file are; None if its header does not say.

    Args:
        file: the open file.
        begin: where the header begins, in bytes.
        size: the length of the file in bytes.
        kind: the format, as `chunked_kind` returns it.

    >>> import io, soundfile
    >>> file = io.BytesIO()
    >>> soundfile.write(file, [0.1] * 8000, 8000, format="WAV")
    >>> find_sound(file, 0, 16044, "wav").declared
    16000
    """
    file.seek(begin)
    if chunked_kind(file.read(24)) != kind:
        return None
    found = {"wav": _wav, "w64": _w64, "aiff": _aiff, "au": _au, "caf": _caf}[kind](file, begin, size)
    return found if found and found.start - begin <= MAX_HEADER else None


def _chunk_end(stop: int, size: int, end: int) -> int:
    """Return the end of a chunk with its padding, or `end` if the chunk is not completely in the file."""
    return min(stop + stop % 2, size) if stop <= size else end


def _wav(file: IO[bytes], begin: int, size: int) -> SoundLocation | None:
    """Return where the samples of a WAV or RF64 file are; None if its header does not say."""
    file.seek(begin)
    head = file.read(12)
    order = ">" if head.startswith(b"RIFX") else "<"
    form, wide_length, found, end, odd = b"", None, None, 0, False
    for name, start, length in walk_chunks(file, begin + 12, size, f"{order}4sI"):
        if found is None and start % 2 != begin % 2:
            odd = True  # a chunk was not padded, which libsndfile can't read
        if name == b"ds64" and head.startswith(b"RF64"):
            file.seek(start)
            wide_length = int.from_bytes(file.read(16)[8:], "little")
        elif name == b"fmt " and not form:
            file.seek(start)
            form = file.read(min(length, 64))
        elif name == b"data" and found is None:
            found = (start, wide_length if wide_length is not None and length == MAX_32 else length)
        end = _chunk_end(start + length, size, end)
    if found is None or len(form) < 16:
        return None
    start, length = found
    code, _, rate, byte_rate, block, _ = struct.unpack(f"{order}HHIIHH", form[:16])
    declared = None if length >= UNKNOWN and wide_length is None else length
    beyond_4_gib = declared is None and size - start >= MAX_32 and order == "<"  # libsndfile stops at 4 GiB
    header = _riff_header(head[:4], form, order, size - start)
    byte_rate, block = _sizes(code, rate, byte_rate, block)
    return SoundLocation(
        start, declared, byte_rate, block, header, replace_header=odd or beyond_4_gib, chunks_end=end
    )


def _sizes(code: int, rate: int, byte_rate: int, block: int) -> tuple[int, int]:
    """Return the bytes per second, and the bytes of a sample or block: 0 where that has no fixed size."""
    return (block * rate if code in LINEAR else byte_rate), (block if code in LINEAR | BLOCKS else 0)


def _riff_header(name: bytes, form: bytes, order: str, size: int) -> HeaderTemplate:
    """Return a WAV header, or a W64 header for sound that is too long for a WAV file."""
    if size + 1024 < MAX_32 or order == ">":
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
        return HeaderTemplate(made, ((4, f"{order}I", len(made) - 8), (len(made) - 4, f"{order}I", 0)))
    padded = form + bytes(-len(form) % 8)
    made = W64_MAGIC + bytes(8) + b"wave" + W64_TAIL + b"fmt " + W64_TAIL + struct.pack("<Q", 24 + len(form))
    made += padded + b"data" + W64_TAIL + bytes(8)
    return HeaderTemplate(made, ((16, "<Q", len(made)), (len(made) - 8, "<Q", 24)))


def _w64(file: IO[bytes], begin: int, size: int) -> SoundLocation | None:
    """Return where the samples of a W64 file are; None if its header does not say."""
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
        end = _chunk_end(place + length, size, end)
        place += length + -length % 8
    if found is None or len(form) < 16:
        return None
    start, length = found
    code, _, rate, byte_rate, block, _ = struct.unpack("<HHIIHH", form[:16])
    header = _riff_header(b"RIFF", form, "<", size - start)
    declared = None if length >= 1 << 48 else length
    byte_rate, block = _sizes(code, rate, byte_rate, block)
    return SoundLocation(start, declared, byte_rate, block, header, chunks_end=end)


def _aiff(file: IO[bytes], begin: int, size: int) -> SoundLocation | None:
    """Return where the samples of an AIFF or AIFC file are; None if its header does not say."""
    file.seek(begin)
    head = file.read(12)
    common, at, found, end = b"", 0, None, 0
    for name, start, length in walk_chunks(file, begin + 12, size, ">4sI"):
        if name == b"COMM":
            file.seek(start)
            common, at = file.read(min(length, 22)), start
        elif name == b"SSND" and found is None:
            found = (start + 8, max(0, length - 8))
        end = _chunk_end(start + length, size, end)
    if found is None or len(common) < 18 or at > found[0]:
        return None
    start, length = found
    channels, frames, bits = struct.unpack(">HIH", common[:8])
    exponent, mantissa = struct.unpack(">HQ", common[8:18])
    rate = mantissa * 2.0 ** max(-1000, min(900, (exponent & 0x7FFF) - 16383 - 63))
    plain = head.endswith(b"AIFF") or common[18:22] in PLAIN_AIFF
    frame = channels * (bits + 7) // 8 if plain else 0
    file.seek(begin)
    header = HeaderTemplate(
        file.read(min(start - begin, MAX_HEADER)),
        ((4, ">I", start - begin - 8), (start - begin - 12, ">I", 8)),
        (at - begin + 2, ">I"),
    )
    declared = None if length >= UNKNOWN or frames >= UNKNOWN else length
    return SoundLocation(start, declared, frame * rate, frame, header, chunks_end=end)


def _au(file: IO[bytes], begin: int, size: int) -> SoundLocation | None:
    """Return where the samples of an AU file are; None if its header does not say."""
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
    header = HeaderTemplate(file.read(offset), ((8, f"{order}I", 0),))
    declared = None if length >= UNKNOWN else length
    frame = width * channels
    return SoundLocation(begin + offset, declared, frame * rate, frame, header)


def _caf(file: IO[bytes], begin: int, size: int) -> SoundLocation | None:
    """Return where the samples of a CAF file are; None if its header does not say."""
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
        end = _chunk_end(place, size, end)
    if found is None or len(described) < 32:
        return None
    start, declared = found
    rate, code, _, frame, _, _, _ = struct.unpack(">d4sIIIII", described)
    file.seek(begin)
    header = HeaderTemplate(file.read(min(start - begin, MAX_HEADER)), ((start - begin - 12, ">Q", 4),))
    frame *= code in (b"lpcm", b"alaw", b"ulaw")
    rate = rate if 0 < rate < 1e9 else 0.0
    # libsndfile does not know the length -1, and refuses files that are cut off
    replace_header = frame > 0 and (declared is None or declared > size - start)
    return SoundLocation(start, declared, frame * rate, frame, header, replace_header, end)
