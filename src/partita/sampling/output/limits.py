"""Checks before a clip is drawn: the format can hold it, and the disk has space for it. Writes nothing."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from partita.audio.encoding import check_encoder
from partita.audio.output_formats import check_length, format_of
from partita.errors import PartitaError


def check_disk_space(paths: Sequence[Path], *, samples: int, normalise: bool = False) -> None:
    """Refuse clips that the disk has no room for, before any is drawn.

    Clips that wait on the disk until they are drawn need the room of one more while that is encoded. Files
    that grow take the place of what they replace with their first block; others only when they are whole.

    Args:
        paths: a file for each clip.
        samples: of each clip.
        normalise: whether the clips wait on the disk until their level is known.

    Raises:
        PartitaError: the clips would fill the disk.

    >>> check_disk_space([Path("a.wav")], samples=1)
    """
    folder = paths[0].resolve().parent
    while not folder.is_dir():
        folder = folder.parent
    disk = shutil.disk_usage(folder)
    if not disk.total:  # a file system that says nothing of its size
        return
    needed, room = 2 * samples * len(paths), disk.free
    if waits_for_the_end(paths, normalise=normalise):
        needed += 2 * samples + samples // 50  # FLAC needs a little more for noise than PCM
    else:
        room += sum(path.stat().st_size for path in paths if path.is_file() and path.stat().st_nlink == 1)
    if needed > room:
        raise PartitaError(
            f"the clips need {needed / 2**20:.0f} MiB, {folder} has room for {room / 2**20:.0f} MiB:"
            " make room on the disk, draw less, or write elsewhere"
        )


def check_format(path: Path, *, sample_rate: int, samples: int | None = None) -> None:
    """Refuse sound that a file's format can't hold, before any is drawn.

    Args:
        path: the file.
        sample_rate: in Hz.
        samples: of the whole clip; None if that is not known.

    Raises:
        PartitaError: the sound is too long, or has a rate that the format lacks.

    >>> check_format(Path("a.opus"), sample_rate=48000, samples=100)
    """
    form = format_of(path)
    if samples is not None:
        check_length(path, sample_rate=sample_rate, samples=samples)
    if form.name != "WAV":
        check_encoder(path, form, sample_rate)


def waits_for_the_end(paths: Sequence[Path], *, normalise: bool) -> bool:
    """Return whether clips wait on the disk until they are drawn."""
    return normalise or format_of(paths[0]).name != "WAV"
