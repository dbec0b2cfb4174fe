"""Walk over the chunks of a WAV, RF64 or AIFF file by their names and lengths; what they hold is not read."""

import struct
from collections.abc import Iterator
from typing import IO

JOINED = (b"RIFF", b"RIFX", b"RF64", b"FORM")  # no chunks, but files that were joined on
MOST_CHUNKS = 10_000


def walk_chunks(file: IO[bytes], place: int, size: int, form: str) -> Iterator[tuple[bytes, int, int]]:
    """Yield (name, start of content, length) of chunks; lengths are padded to even, or should have been.

    Args:
        file: the file, open.
        place: where the first chunk begins.
        size: where to stop.
        form: struct's format of name and length.

    >>> import io
    >>> list(walk_chunks(io.BytesIO(b"data\\2\\0\\0\\0ab"), 0, 10, "<4sI"))
    [(b'data', 8, 2)]
    """
    for _ in range(MOST_CHUNKS):
        if place + 8 > size:
            return
        file.seek(place)
        name, length = struct.unpack(form, file.read(8))
        if not is_name(name) or name in JOINED:
            return
        yield name, place + 8, length
        place += 8 + length
        if length % 2:
            file.seek(place)
            ends = file.read(9)
            place += 0 if is_name(ends[:4]) and not is_name(ends[1:5]) else 1


def is_name(name: bytes) -> bool:
    """Tell whether four bytes can be the name of a chunk.

    >>> is_name(b"data"), is_name(bytes(4))
    (True, False)
    """
    return len(name) == 4 and name.isascii() and all(32 <= byte < 127 for byte in name) and name[:1] != b" "
