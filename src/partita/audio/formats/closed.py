"""Whether a WAV, RF64, AIFF or W64 file was closed well: the length of the whole agrees with its chunks.

The whole's length stands at the start, and a recorder sets it last. Other formats have none.
"""

import struct
from typing import IO

from partita.audio.formats.chunks import walk_chunks
from partita.audio.formats.headers import MOST_32


def closed_end(file: IO[bytes], begin: int, stop: int, size: int) -> int | None:
    """Return where the whole ends by its header, None where no chunk ends there or lengths may have wrapped.

    What lies behind that place was added to a file that was finished, and is no sound.

    Args:
        file: the file, open.
        begin: bytes from its start to the header.
        stop: where the samples end by the header.
        size: the length of the file in bytes.

    >>> import io, soundfile
    >>> file = io.BytesIO()
    >>> soundfile.write(file, [0.1] * 8000, 8000, format="WAV")
    >>> closed_end(file, 0, 16044, 20000), closed_end(file, 0, 8044, 20000)
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
    if head.startswith(b"RF64") and head[12:16] == b"ds64" and length == MOST_32:
        length = int.from_bytes(head[20:28], "little")
    elif size - begin > MOST_32:
        return None
    whole, padded = begin + 8 + length, stop + (stop - begin) % 2
    ends = {stop, padded}
    for _, start, held in walk_chunks(file, padded, min(whole, size), f"{order}4sI"):
        ends |= {start + held, start + held + held % 2}
    return whole if whole in ends else None
