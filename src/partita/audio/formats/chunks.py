"""Walk over the chunks of a WAV, RF64 or AIFF file by their names and lengths; their content is not read."""

import struct
from collections.abc import Iterator
from typing import IO

JOINED = (b"RIFF", b"RIFX", b"RF64", b"FORM")  # not a chunk: the start of another file that was joined
MOST_CHUNKS = 10_000


def walk_chunks(file: IO[bytes], start: int, stop: int, form: str) -> Iterator[tuple[bytes, int, int]]:
    r"""Yield (name, start of the content, length) of each chunk.

    Chunks of odd length are followed by a byte of padding; files in which it is missing are read too.

    Args:
        file: the open file.
        start: where the first chunk begins, in bytes.
        stop: where to stop, in bytes.
        form: the `struct` format of a name and a length.

    >>> import io
    >>> list(walk_chunks(io.BytesIO(b"data\2\0\0\0ab"), 0, 10, "<4sI"))
    [(b'data', 8, 2)]
    """
    for _ in range(MOST_CHUNKS):
        if start + 8 > stop:
            return
        file.seek(start)
        name, length = struct.unpack(form, file.read(8))
        if not is_name(name) or name in JOINED:
            return
        yield name, start + 8, length
        start += 8 + length
        if length % 2:
            file.seek(start)
            following = file.read(9)
            start += 0 if is_name(following[:4]) and not is_name(following[1:5]) else 1


def is_name(name: bytes) -> bool:
    """Return whether four bytes can be the name of a chunk: printable ASCII that does not begin with a space.

    >>> is_name(b"data"), is_name(bytes(4))
    (True, False)
    """
    return len(name) == 4 and name.isascii() and all(32 <= byte < 127 for byte in name) and name[:1] != b" "
