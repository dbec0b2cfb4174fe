"""How much sound a WAV, RF64, W64, AIFF, AU or CAF file holds, against what its header says.

A recorder that loses power leaves a length of 0, a stream one that means "unknown", a file beyond 4 GiB one
that wrapped around, a broken download less than was promised. The file's own size tells what is there.
Nothing is decoded here.
"""

from typing import IO

from partita.audio.errors import UnreadableError
from partita.audio.formats.closed import closed_end
from partita.audio.formats.headers import SoundPlace, find_sound, kind_of_chunks
from partita.audio.formats.parts import NOTED_S, Part, ends_early
from partita.audio.formats.tags import find_tags

STEP = 1 << 20
MOST_PARTS = 500
MOST_OF_IT = 0.99  # where the share is all that is known; less is a reason for a note


def scan_chunks(file: IO[bytes], size: int, kind: str) -> list[Part]:
    """Return the part of a file that holds its sound; several parts where files were joined.

    Args:
        file: the file, open.
        size: its length in bytes.
        kind: "wav" (also RF64), "w64", "aiff", "au" or "caf".

    Raises:
        UnreadableError: there is sound of which the header says nothing, in a code without fixed sizes; or
            files of several kinds were joined.

    >>> import io, soundfile
    >>> file = io.BytesIO()
    >>> soundfile.write(file, [0.1] * 8000, 8000, format="WAV")
    >>> data = bytearray(file.getvalue()); data[40:44] = bytes(4)
    >>> part, = scan_chunks(io.BytesIO(data), len(data), "wav")
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
            raise UnreadableError("made of files joined together that differ: take them apart")
        part, begin = _part(file, sound, begin, size)
        parts.append(part)
    return parts


def _part(file: IO[bytes], sound: SoundPlace, begin: int, size: int) -> tuple[Part, int | None]:
    """Return a part, and where another file begins that was joined on, or None."""
    if sound.promised is None:
        return _endless(file, sound, begin, size), None
    there = size - sound.start
    stop = min(size, sound.start + sound.promised)
    part = _until(sound, stop) if sound.anew else Part(start=begin, stop=size)
    if sound.promised > there:
        if sound.a_second and sound.promised - there > NOTED_S * sound.a_second:
            part = part.noted(ends_early(there / sound.a_second, sound.promised / sound.a_second))
        elif not sound.a_second and there < MOST_OF_IT * sound.promised:
            part = part.noted(f"cut off or damaged: {there / sound.promised:.0%} of its sound is there")
        return part, None
    closed = closed_end(file, begin, stop, size) if sound.promised else None
    after = max(stop, sound.end, min(size, closed or 0))
    joined = _joined(file, after, size)
    if joined is not None:
        return (part if sound.anew else Part(start=begin, stop=joined)), joined
    part = part if sound.anew else Part(start=begin, stop=after)  # a decoder of W64 goes on to the end
    end = find_tags(file, after, size)
    little = not sound.a_second or end - after < NOTED_S * sound.a_second
    if little or _zeros(file, after, end) or (not closed and sound.end > stop + stop % 2):
        return part, None
    says, holds = sound.promised / sound.a_second, (end - sound.start) / sound.a_second
    if closed:
        note = f"its header says {says:.1f} s: the {end - after:,} bytes after that are no sound and left out"
        return part.noted(note), None
    if not sound.frame:
        raise UnreadableError("its header is wrong about how long the sound is: save it anew as WAV or FLAC")
    note = f"its header says {says:.1f} s, the file holds {holds:.1f} s: all of it is used"
    return _until(sound, end).noted(note), None


def _endless(file: IO[bytes], sound: SoundPlace, begin: int, size: int) -> Part:
    """Return the part of a stream of unknown length: up to the end, or to the tags there."""
    stop = find_tags(file, sound.start, size)
    if sound.frame and (sound.anew or stop < size):
        return _until(sound, stop)
    return Part(start=begin, stop=stop)


def _until(sound: SoundPlace, stop: int) -> Part:
    """Return the samples up to a place, with a header that promises so many."""
    length = stop - sound.start
    if sound.frame:
        length -= length % sound.frame
    front = sound.header.promising(length, sound.frame)
    return Part(start=sound.start, stop=sound.start + length, front=front)


def _joined(file: IO[bytes], place: int, size: int) -> int | None:
    """Return where a whole file begins that was joined on, at `place` or at the next even byte."""
    for at in (place, place + place % 2):
        file.seek(at)
        head = file.read(12)
        if at < size and kind_of_chunks(head):
            return at
    return None


def _zeros(file: IO[bytes], start: int, stop: int) -> bool:
    """Tell whether nothing but zeros lies there: what fills a file up to the end of a disk's block."""
    file.seek(start)
    while start < stop:
        data = file.read(min(STEP, stop - start))
        if not data or data.strip(b"\0"):
            return not data
        start += len(data)
    return True
