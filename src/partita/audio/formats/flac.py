"""Find the FLAC files in a file of several that were joined. A decoder stops after the first one."""

from typing import IO

from partita.audio.formats.parts import Part

MARK = b"fLaC\x00\x00\x00\x22"  # the magic number, and the start of the STREAMINFO block
STEP = 1 << 20


def flac_parts(file: IO[bytes], size: int) -> list[Part]:
    r"""Return a part for each FLAC file; the first one begins at 0.

    Args:
        file: the open file.
        size: its length in bytes.

    >>> import io
    >>> one = b"fLaC\0\0\0\x22" + bytes(99)
    >>> [(part.start, part.stop) for part in flac_parts(io.BytesIO(one + one), 214)]
    [(0, 107), (107, 214)]
    """
    places, base, kept = [], 0, b""
    while data := file.read(STEP):
        data = kept + data
        at = -1
        while (at := data.find(MARK, at + 1)) >= 0:
            places.append(base - len(kept) + at)
        base += len(data) - len(kept)
        kept = data[-len(MARK) + 1 :]
    starts = [0, *places[1:]]
    return [Part(start=a, stop=b) for a, b in zip(starts, [*starts[1:], size], strict=True)]
