"""Find the links of a chained Ogg file: recordings that were joined, each with its own headers.

Only the headers of the pages are read (RFC 3533). Nothing is decoded, and checksums are not verified.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO

from partita.audio.errors import UnreadableError
from partita.audio.formats.parts import NO_SOUND, Part

CAPTURE = b"OggS"
HEADER = struct.Struct("<4sBBqIII B")
CONTINUED, FIRST = 1, 2
STEP = 1 << 16
OPUS_RATE = 48000


@dataclass(frozen=True)
class _Page:
    """One page: its range of bytes, and the fields of its header (RFC 3533, section 6)."""

    start: int
    stop: int
    flags: int
    granule: int
    serial: int
    head: bytes  # the first bytes of its content


@dataclass
class _Link:
    """One recording of the chain: logical streams that begin together.

    Args:
        start: where it begins, in bytes.
        rates: sample rate, and samples to drop at the start, by the serial number of each stream of sound.
        first: the granule position of the first page with sound, by serial number.
        last: the granule position of the last page, by serial number.
        begun: whether pages of sound were read.
    """

    start: int
    rates: dict[int, tuple[int, int]] = field(default_factory=dict)
    first: dict[int, int] = field(default_factory=dict)
    last: dict[int, int] = field(default_factory=dict)
    begun: bool = False

    def add(self, page: _Page) -> None:
        """Count a page."""
        if page.flags & FIRST:
            if rate := _rate(page.head):
                self.rates[page.serial] = rate
            return
        self.begun = True
        if page.serial in self.rates and page.granule > 0:
            self.first.setdefault(page.serial, page.granule)
            self.last[page.serial] = page.granule

    @property
    def seconds(self) -> float | None:
        """Return the duration after the first page of sound; the start of that page is not stored."""
        for serial, (rate, dropped) in self.rates.items():
            if serial in self.last:
                return max(0, self.last[serial] - self.first[serial] - dropped) / rate
        return None


def ogg_parts(file: IO[bytes], size: int) -> list[Part]:
    """Return the links of an Ogg file, each as a part.

    Args:
        file: the open file.
        size: its length in bytes.

    Raises:
        UnreadableError: the file holds no Ogg page.

    >>> import io, soundfile
    >>> file = io.BytesIO()
    >>> soundfile.write(file, [0.1] * 8000, 8000, format="OGG")
    >>> twice = file.getvalue() * 2
    >>> [part.size for part in ogg_parts(io.BytesIO(twice), len(twice))] == [len(twice) // 2] * 2
    True
    """
    links: list[_Link] = []
    end = 0
    for page in _pages(file, size):
        if not links or (page.flags & FIRST and links[-1].begun):
            links.append(_Link(page.start if links else 0))
        links[-1].add(page)
        end = page.stop
    if not links:
        raise UnreadableError(NO_SOUND)
    stops = [link.start for link in links[1:]] + [size]
    parts = [
        Part(start=link.start, stop=stop, seconds=link.seconds)
        for link, stop in zip(links, stops, strict=True)
    ]
    if end > size:
        parts[-1] = parts[-1].with_note("cut off: its last page is incomplete")
    return parts


def _pages(file: IO[bytes], size: int) -> Iterator[_Page]:
    place = 0
    while place + HEADER.size <= size:
        file.seek(place)
        head = file.read(HEADER.size + 255 + 64)
        if len(head) < HEADER.size:
            return
        capture, version, flags, granule, serial, _, _, count = HEADER.unpack_from(head)
        if capture != CAPTURE or version:
            place = _next_page(file, place + 1)
            continue
        table = HEADER.size + count
        stop = place + table + sum(head[HEADER.size : table])
        yield _Page(place, stop, flags, granule, serial, head[table : table + 64])
        place = stop


def _next_page(file: IO[bytes], place: int) -> int:
    """Return where the next page begins, or the end of the file."""
    while True:
        file.seek(place)
        data = file.read(STEP)
        if (found := data.find(CAPTURE)) >= 0:
            return place + found
        if len(data) < STEP:
            return place + len(data)
        place += STEP - len(CAPTURE) + 1


def _rate(head: bytes) -> tuple[int, int] | None:
    """Return the sample rate and the samples to drop at the start, from the first packet of a stream.

    None if the stream is not Vorbis or Opus.
    """
    if head.startswith(b"\x01vorbis") and len(head) >= 16:
        rate = int.from_bytes(head[12:16], "little")
        return (rate, 0) if rate else None
    if head.startswith(b"OpusHead") and len(head) >= 12:
        return OPUS_RATE, int.from_bytes(head[10:12], "little")
    return None
