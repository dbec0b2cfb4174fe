"""The links of a chained Ogg file: one recording after another, each with headers of its own.

Pages are walked by their headers (RFC 3533); nothing is decoded, and checksums are not looked at.
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
RATE_OF_OPUS = 48000


@dataclass(frozen=True)
class _Page:
    start: int
    stop: int
    flags: int
    granule: int
    serial: int
    head: bytes  # of the payload


@dataclass
class _Link:
    """One recording of the chain: its logical streams begin together."""

    start: int
    rates: dict[int, tuple[int, int]] = field(default_factory=dict)  # serial: rate, samples dropped at first
    first: dict[int, int] = field(default_factory=dict)  # granules
    last: dict[int, int] = field(default_factory=dict)
    begun: bool = False  # with pages of sound

    def add(self, page: _Page) -> None:
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
        """How long the sound after the first page of it is; that page's own start is told nowhere."""
        for serial, (rate, dropped) in self.rates.items():
            if serial in self.last:
                return max(0, self.last[serial] - self.first[serial] - dropped) / rate
        return None


def scan_ogg(file: IO[bytes], size: int) -> list[Part]:
    """Return the links of an Ogg file, a part each.

    Args:
        file: the file, open.
        size: its length in bytes.

    Raises:
        UnreadableError: not one page of an Ogg file is in it.

    >>> import io, soundfile
    >>> file = io.BytesIO()
    >>> soundfile.write(file, [0.1] * 8000, 8000, format="OGG")
    >>> twice = file.getvalue() * 2
    >>> [part.size for part in scan_ogg(io.BytesIO(twice), len(twice))] == [len(twice) // 2] * 2
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
        parts[-1] = parts[-1].noted("cut off: its last page is incomplete")
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
    """Return rate and samples to drop at the start, from the first packet of a stream of sound."""
    if head.startswith(b"\x01vorbis") and len(head) >= 16:
        rate = int.from_bytes(head[12:16], "little")
        return (rate, 0) if rate else None
    if head.startswith(b"OpusHead") and len(head) >= 12:
        return RATE_OF_OPUS, int.from_bytes(head[10:12], "little")
    return None
