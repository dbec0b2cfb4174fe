"""Find the sound of a WAV, RF64, W64, AIFF, AU or CAF file whose header may give a wrong length.

A recorder that loses power leaves a length of 0. A stream has a length that means "unknown". In a WAV file
beyond 4 GiB the length has wrapped around. An interrupted download is shorter than its header says. Here the
header is compared with the file's size and content. Nothing is decoded.
"""

import struct
from typing import IO

from partita.audio.errors import UnreadableError
from partita.audio.formats.chunks import walk_chunks
from partita.audio.formats.detection import chunked_kind
from partita.audio.formats.headers import MAX_32, SoundLocation, find_sound
from partita.audio.formats.parts import NOTED_S, Part, ends_early
from partita.audio.formats.tags import find_tags

STEP = 1 << 20
MOST_PARTS = 500
COMPLETE_SHARE = 0.99  # where durations are not known: a file with less of its sound than this gets a note


def chunked_parts(file: IO[bytes], size: int, kind: str) -> list[Part]:
    """Return the part of a file that holds its sound; several parts if files were joined.

    Args:
        file: the open file.
        size: its length in bytes.
        kind: "wav" (also RF64), "w64", "aiff", "au" or "caf".

    Raises:
        UnreadableError: the sound goes on after its length by the header, in an encoding without fixed sizes;
            or files of different formats were joined.

    >>> import io, soundfile
    >>> file = io.BytesIO()
    >>> soundfile.write(file, [0.1] * 8000, 8000, format="WAV")
    >>> data = bytearray(file.getvalue()); data[40:44] = bytes(4)
    >>> part, = chunked_parts(io.BytesIO(data), len(data), "wav")
    >>> part.start, part.note
    (44, 'its header says 0.0 s, the file holds 1.0 s: all of it is used')
    """
    parts: list[Part] = []
    begin: int | None = 0
    while begin is not None:
        sound = find_sound(file, begin, size, kind)
        if sound is None and not parts:
            return [Part(start=0, stop=size)]
        if sound is None or len(parts) == MOST_PARTS:
            raise UnreadableError("made of different files joined together: split it into separate files")
        part, begin = _part(file, sound, begin, size)
        parts.append(part)
    return parts


def _part(file: IO[bytes], sound: SoundLocation, begin: int, size: int) -> tuple[Part, int | None]:
    """Return a part, and where the next of several joined files begins; None if there is no other."""
    if sound.declared is None:
        return _streamed(file, sound, begin, size), None
    held = size - sound.start
    stop = min(size, sound.start + sound.declared)
    part = _until(sound, stop) if sound.replace_header else Part(start=begin, stop=size)
    if sound.declared > held:
        return _cut_off(part, sound, held), None
    closed = declared_end(file, begin, stop, size) if sound.declared else None
    after = max(stop, sound.chunks_end, min(size, closed or 0))
    joined = _joined_file(file, after, size)
    if joined is not None:
        return (part if sound.replace_header else Part(start=begin, stop=joined)), joined
    part = part if sound.replace_header else Part(start=begin, stop=after)  # a W64 decoder reads to the end
    return _with_bytes_after(file, part, sound, after, closed, size), None


def _cut_off(part: Part, sound: SoundLocation, held: int) -> Part:
    """Return the part with a note, if it holds clearly fewer bytes of sound than the header says."""
    assert sound.declared is not None
    rate = sound.bytes_per_second
    if rate and sound.declared - held > NOTED_S * rate:
        return part.with_note(ends_early(held / rate, sound.declared / rate))
    if not rate and held < COMPLETE_SHARE * sound.declared:
        return part.with_note(f"cut off or damaged: {held / sound.declared:.0%} of its sound is there")
    return part


def _with_bytes_after(
    file: IO[bytes], part: Part, sound: SoundLocation, after: int, closed: int | None, size: int
) -> Part:
    """Decide whether the bytes after the declared end are sound.

    Args:
        file: the open file.
        part: the part up to the declared end.
        sound: where its samples are.
        after: where the bytes begin.
        closed: the end of the whole by its header, if that is valid; what follows it is not sound.
        size: the length of the file in bytes.
    """
    assert sound.declared is not None
    end = find_tags(file, after, size)
    rate = sound.bytes_per_second
    few = not rate or end - after < NOTED_S * rate
    stop = sound.start + sound.declared
    if few or _zeros(file, after, end) or (not closed and sound.chunks_end > stop + stop % 2):
        return part
    says, holds = sound.declared / rate, (end - sound.start) / rate
    if closed:
        return part.with_note(
            f"its header says {says:.1f} s: the {end - after:,} bytes after that are not sound and are left"
            " out"
        )
    if not sound.block_bytes:
        raise UnreadableError("its header has a wrong length: export it again as WAV or FLAC")
    note = f"its header says {says:.1f} s, the file holds {holds:.1f} s: all of it is used"
    return _until(sound, end).with_note(note)


def _streamed(file: IO[bytes], sound: SoundLocation, begin: int, size: int) -> Part:
    """Return the part of a stream of unknown length: up to the end of the file, or to the tags there."""
    stop = find_tags(file, sound.start, size)
    if sound.block_bytes and (sound.replace_header or stop < size):
        return _until(sound, stop)
    return Part(start=begin, stop=stop)


def _until(sound: SoundLocation, stop: int) -> Part:
    """Return the samples up to `stop`, with a new header of that length."""
    length = stop - sound.start
    if sound.block_bytes:
        length -= length % sound.block_bytes
    header = sound.header.with_length(length, sound.block_bytes)
    return Part(start=sound.start, stop=sound.start + length, header=header)


def _joined_file(file: IO[bytes], place: int, size: int) -> int | None:
    """Return where another file begins that was joined on: at `place` or at the next even byte."""
    for at in (place, place + place % 2):
        file.seek(at)
        head = file.read(12)
        if at < size and chunked_kind(head):
            return at
    return None


def _zeros(file: IO[bytes], start: int, stop: int) -> bool:
    """Return whether a range holds only zeros, which may fill a file up to the end of a disk block."""
    file.seek(start)
    while start < stop:
        data = file.read(min(STEP, stop - start))
        if not data or data.strip(b"\0"):
            return not data
        start += len(data)
    return True


def declared_end(file: IO[bytes], begin: int, stop: int, size: int) -> int | None:
    """Return where a file ends by the length in its header, if that length is valid.

    A recorder writes the length of the whole file last, when it closes the file. Bytes after that end were
    added later, and are not sound.

    Args:
        file: the open file.
        begin: where the header begins, in bytes.
        stop: where the samples end by the header, in bytes.
        size: the length of the file in bytes.

    Returns:
        The end in bytes; None if no chunk ends there, if the length may have wrapped around, or if the format
        has no such length.

    >>> import io, soundfile
    >>> file = io.BytesIO()
    >>> soundfile.write(file, [0.1] * 8000, 8000, format="WAV")
    >>> declared_end(file, 0, 16044, 20000), declared_end(file, 0, 8044, 20000)
    (16044, None)
    """
    file.seek(begin)
    head = file.read(40)
    if head.startswith(b"riff"):  # W64, whose chunks are padded to 8 bytes
        whole = begin + int.from_bytes(head[16:24], "little")
        return whole if whole in (stop, stop + (begin - stop) % 8) else None
    if head[:4] not in (b"RIFF", b"RIFX", b"RF64", b"FORM"):
        return None
    order = "<" if head[:4] in (b"RIFF", b"RF64") else ">"
    length = int(struct.unpack(f"{order}I", head[4:8])[0])
    if head.startswith(b"RF64") and head[12:16] == b"ds64" and length == MAX_32:
        length = int.from_bytes(head[20:28], "little")
    elif size - begin > MAX_32:
        return None
    whole, padded = begin + 8 + length, stop + (stop - begin) % 2
    ends = {stop, padded}
    for _, start, held in walk_chunks(file, padded, min(whole, size), f"{order}4sI"):
        ends |= {start + held, start + held + held % 2}
    return whole if whole in ends else None
