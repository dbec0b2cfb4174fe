"""Find tags before or after the sound of a file: ID3, APE and Lyrics3. Their content is not read."""

from typing import IO

ID3V1 = 128  # bytes
MARKS = (b"ID3", b"APETAGEX", b"LYRICSBEGIN", b"TAG")
STEP = 1 << 20
MOST_TAGS = 16  # in a row


def tag_length(file: IO[bytes], place: int) -> int:
    """Return the length in bytes of the tag that begins at a place; 0 if there is none.

    Args:
        file: the open file.
        place: in bytes from the start of the file.

    >>> import io
    >>> tag_length(io.BytesIO(b"TAG" + bytes(125)), 0)
    128
    """
    file.seek(place)
    head = file.read(32)
    if head.startswith(b"ID3") and len(head) >= 10 and max(head[6:10]) < 128 and head[3] < 255:
        length = sum(head[6 + k] << 7 * (3 - k) for k in range(4))
        return 10 + length + (10 if head[5] & 16 else 0)
    if head.startswith(b"TAG"):
        return ID3V1
    if head.startswith(b"APETAGEX") and len(head) >= 24:
        return 32 + int.from_bytes(head[12:16], "little")
    return 0


def begins_tag(file: IO[bytes], place: int, size: int) -> bool:
    """Return whether a tag begins at a place, rather than sound with the same bytes by chance.

    The marks ID3 and TAG are short. An ID3 tag counts only if another tag or the end of the file follows it,
    and TAG only if it is the last 128 bytes of the file.

    Args:
        file: the open file.
        place: in bytes from the start of the file.
        size: the length of the file in bytes.

    >>> import io
    >>> file = io.BytesIO(b"TAG" + bytes(200))
    >>> begins_tag(file, 0, 203), begins_tag(file, 0, 128)
    (False, True)
    """
    for _ in range(MOST_TAGS):
        file.seek(place)
        head = file.read(len(MARKS[2]))
        if head.startswith((b"APETAGEX", b"LYRICSBEGIN")):
            return True
        if head.startswith(b"TAG"):
            return size - place == ID3V1
        length = tag_length(file, place) if head.startswith(b"ID3") else 0
        place += length
        if not length or place >= size:
            return bool(length) and place == size
    return False


def find_tags(file: IO[bytes], start: int, size: int) -> int:
    """Return where the tags at the end of a file begin; the length of the file if there are none.

    Args:
        file: the open file.
        start: where to start searching, in bytes from the start of the file.
        size: the length of the file in bytes.

    >>> import io
    >>> find_tags(io.BytesIO(bytes(500) + b"TAG" + bytes(125)), 0, 628)
    500
    """
    place = start
    while place < size:
        file.seek(place)
        data = file.read(STEP)
        found = sorted(place + at for mark in MARKS for at in _positions(data, mark))
        for at in found:
            if begins_tag(file, at, size):
                return at
        if len(data) < STEP:
            break
        place += STEP - len(MARKS[2]) + 1
    return size


def _positions(data: bytes, mark: bytes) -> list[int]:
    """Return all positions of a mark in the data."""
    places, at = [], -1
    while (at := data.find(mark, at + 1)) >= 0:
        places.append(at)
    return places
