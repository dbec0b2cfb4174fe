"""Check before drawing that the format can hold a clip and that the disk has space for it. Writes nothing."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from partita.audio.encoding import check_encoder
from partita.audio.output_formats import check_length, format_of
from partita.errors import PartitaError


def check_disk_space(paths: Sequence[Path], *, samples: int, normalise: bool = False) -> None:
    """Raise an error if the disk does not have space for the clips.

    Clips that are encoded at the end are stored on the disk until then, and need the space of one more clip
    while they are encoded. A growing file replaces an older file with its first block, which frees the space
    of that file. Other files replace it only when they are complete.

    Args:
        paths: a file for each clip.
        samples: length of each clip.
        normalise: whether the peak of the clips is normalised.

    Raises:
        PartitaError: the clips would fill the disk.

    >>> check_disk_space([Path("a.wav")], samples=1)
    """
    folder = paths[0].resolve().parent
    while not folder.is_dir():
        folder = folder.parent
    disk = shutil.disk_usage(folder)
    if not disk.total:  # the file system does not give its size
        return
    needed, free = 2 * samples * len(paths), disk.free
    if is_written_at_end(paths, normalise=normalise):
        needed += 2 * samples + samples // 50  # FLAC of noise is a little larger than PCM
    else:
        free += sum(path.stat().st_size for path in paths if path.is_file() and path.stat().st_nlink == 1)
    if needed > free:
        raise PartitaError(
            f"the clips need {needed / 2**20:.0f} MiB, {folder} has {free / 2**20:.0f} MiB free:"
            " make room on the disk, draw less, or write elsewhere"
        )


def check_format(path: Path, *, sample_rate: int, samples: int | None = None) -> None:
    """Raise an error if a file's format can't hold a clip.

    Args:
        path: the file.
        sample_rate: in Hz.
        samples: length of the clip; None if it is not known.

    Raises:
        PartitaError: the clip is too long, or the format does not support the sample rate.

    >>> check_format(Path("a.opus"), sample_rate=48000, samples=100)
    """
    form = format_of(path)
    if samples is not None:
        check_length(path, sample_rate=sample_rate, samples=samples)
    if form.name != "WAV":
        check_encoder(path, form, sample_rate)


def is_written_at_end(paths: Sequence[Path], *, normalise: bool) -> bool:
    """Return whether clips are stored on the disk and written to their files only at the end.

    Args:
        paths: a file for each clip.
        normalise: whether the peak of the clips is normalised.
    """
    return normalise or format_of(paths[0]).name != "WAV"


def check_rate(wanted: int | None, sample_rate: int, *, name: Path) -> None:
    """Refuse a sample rate that is not the model's.

    Args:
        wanted: Hz; None takes any.
        sample_rate: the model's, Hz.
        name: what the user called the model.

    Raises:
        PartitaError: they differ.

    >>> check_rate(None, 16000, name=Path("runs/violin"))
    """
    if wanted not in {None, sample_rate}:
        raise PartitaError(
            f"`--sample-rate` is {wanted}, but {name} draws at {sample_rate} Hz, the rate of its corpus:"
            f" convert the clip (`sox a.wav -r {wanted} b.wav`), or prepare the recordings with"
            f" `--sample-rate {wanted}` and train on that corpus"
        )
