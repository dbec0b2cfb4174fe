"""Count the frames of an MP3 file, to know its length exactly and to find files that were joined.

Without the count, a decoder estimates the length from the first frame and the size of the file, and stops
there. A file ends where a new Xing header begins or the sample rate changes. Nothing is decoded here.
"""

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import IO

from partita.audio.errors import UnreadableError
from partita.audio.formats.mp3_frames import (
    HEADER,
    LENGTHS,
    LOOK,
    SAME,
    Frame,
    Info,
    frame_at,
    is_followed,
    read_info,
)
from partita.audio.formats.parts import NOTED_S, Part, damaged_within, ends_early
from partita.audio.formats.tags import tag_length

STEP = 1 << 16
LEFT_OVER = 2  # frames beyond the count of a Xing header that are not a new recording: encoders miscount
MOST_PARTS = 500


@dataclass
class _Run:
    """Frames of one stream without a break.

    Args:
        first: the first frame.
        stop: where the last frame ends, in bytes.
        frames: how many frames, not counting one that holds a Xing or VBRI header.
    """

    first: Frame
    stop: int
    frames: int

    @property
    def info(self) -> Info | None:
        """The Xing or VBRI header in the first frame, or None."""
        return self.first.info

    @property
    def complete(self) -> bool:
        """Whether the run has as many frames as its Xing header says."""
        return self.info is not None and self.frames == self.info.frames

    def seconds(self, frames: int) -> float:
        """Return the duration of a number of frames, without the encoder's delay and padding."""
        samples = frames * self.first.samples
        if self.info:
            samples -= self.info.delay
            if self.info.frames and frames >= self.info.frames:
                samples -= self.info.padding
        return max(0, samples) / self.first.rate


def mp3_parts(file: IO[bytes], size: int) -> list[Part]:
    """Return the parts of an MP3 file (MPEG layers I to III): one, or several if files were joined.

    Tags and other bytes around the frames belong to no part, unless the file as a whole is one part.

    Args:
        file: the open file.
        size: its length in bytes.

    Raises:
        UnreadableError: less than half of the file is frames, or it falls into too many pieces.

    >>> import io, soundfile
    >>> file = io.BytesIO()
    >>> soundfile.write(file, [0.1] * 44100, 44100, format="MP3")
    >>> twice = file.getvalue() * 2
    >>> [part.seconds for part in mp3_parts(io.BytesIO(twice), len(twice))]
    [1.0, 1.0]
    """
    runs, foreign = _runs(file, size)
    inside = sum(run.stop - run.first.start for run in runs)
    runs = [run for number, run in enumerate(runs) if not _left_over(runs, number)]
    if not runs or inside < foreign:
        raise UnreadableError("not MPEG audio: fewer than half of its bytes are frames with a fixed length")
    if len(runs) > MOST_PARTS:
        raise UnreadableError(f"damaged: it falls into {len(runs)} pieces with other bytes between them")
    parts = [part for group in _groups(file, runs) for part in _parts(group)]
    if len(parts) == 1 and not parts[0].unknown_length:
        return [replace(parts[0], start=0, stop=size)]  # the decoder reads the file as it is
    return parts


def _runs(file: IO[bytes], size: int) -> tuple[list[_Run], int]:
    """Return the runs of frames, and the number of bytes between them that are not tags."""
    runs: list[_Run] = []
    place, foreign = 0, 0
    while place + 4 <= size:
        frame = frame_at(file, place, size)
        if frame and is_followed(file, frame, size):
            run = _Run(frame, frame.stop, 0 if frame.info else 1)
            runs.append(run)
            _extend(file, run, size)
            place = run.stop
        elif tag := tag_length(file, place):
            place += tag
        else:
            found = _next_frame(file, place + 1, size)
            foreign += found - place
            place = found
    return runs, foreign


def _extend(file: IO[bytes], run: _Run, size: int) -> None:
    """Add the frames that follow a run without a break, up to the number in its Xing header."""
    place, kind, mono = run.stop, *run.first.kind
    data, at, headers = b"", 0, False
    while run.info is None or run.info.frames is None or run.frames < run.info.frames:
        if at + LOOK > len(data):
            file.seek(place)
            data, at = file.read(STEP), 0
            headers = b"Xing" in data or b"Info" in data or b"VBRI" in data
        if at + 4 > len(data):
            return
        (header,) = HEADER.unpack_from(data, at)
        length = LENGTHS[header >> 9 & 0xFFF]
        if header & SAME != kind or (header >> 6 & 3 == 3) != mono or not length or place + length > size:
            return
        if headers and read_info(file, place, data[at : at + LOOK], header):
            return
        place, at = place + length, at + length
        run.stop, run.frames = place, run.frames + 1


def _next_frame(file: IO[bytes], place: int, size: int) -> int:
    """Return where the next frame or tag begins, or the end of the file."""
    while place < size:
        file.seek(place)
        data = file.read(STEP)
        at = -1
        while (at := data.find(b"\xff", at + 1)) >= 0:
            frame = frame_at(file, place + at, size)
            if frame and is_followed(file, frame, size):
                return place + at
        for mark in (b"ID3", b"TAG", b"APETAGEX"):
            at = data.find(mark)
            if at >= 0 and tag_length(file, place + at):
                return place + at
        place += STEP - 8
    return size


def _left_over(runs: list[_Run], number: int) -> bool:
    """Return whether a run holds no sound of its own: no frames, or a few after a complete run."""
    run = runs[number]
    if not run.frames:
        return True
    before = runs[number - 1] if number else None
    return bool(before and before.complete and before.stop == run.first.start and run.frames <= LEFT_OVER)


def _groups(file: IO[bytes], runs: list[_Run]) -> list[list[_Run]]:
    """Return the runs of each file; a file that is damaged in the middle has several."""
    groups = [[runs[0]]]
    for before, run in pairwise(runs):
        group = groups[-1]
        counted = group[0].info.frames if group[0].info else None
        frames = sum(one.frames for one in (*group, run))
        damage = before.stop < run.first.start and not tag_length(file, before.stop)
        fits = frames <= counted if counted else damage
        if fits and not run.info and run.first.kind == group[0].first.kind:
            group.append(run)
        else:
            groups.append([run])
    return groups


def _parts(group: list[_Run]) -> list[Part]:
    """Return the parts of one file: one for each run."""
    counted = group[0].info.frames if group[0].info else None
    expected = group[0].seconds(counted) if counted else None
    parts = [
        Part(
            start=run.first.start,
            stop=run.stop,
            unknown_length=run.info is None or run.info.frames is None,
            seconds=run.seconds(run.frames),
            continues=run is not group[0],
        )
        for run in group
    ]
    used = sum(run.seconds(run.frames) for run in group)
    if len(parts) > 1:
        parts = [replace(part, note=damaged_within(used, expected)) for part in parts]
    elif expected and expected > used + NOTED_S:
        parts[0] = parts[0].with_note(ends_early(used, expected))
    return parts
