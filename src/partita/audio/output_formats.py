"""The sound formats that clips are written in, chosen by the suffix of the file's name, and their limits.

This file does not write: `wav.py` and `encoding.py` do.
"""

from dataclasses import dataclass
from pathlib import Path

from partita.errors import PartitaError


@dataclass(frozen=True, kw_only=True)
class OutputFormat:
    """A format as libsndfile names it.

    Args:
        name: the container.
        subtype: how samples are stored in it.
        most_samples: 16-bit samples that a file can hold; None is more than anyone draws.
        most_rate: the greatest sample rate, in Hz, where libsndfile itself does not refuse a greater one.

    >>> FORMATS[".ogg"].subtype
    'VORBIS'
    """

    name: str
    subtype: str = "PCM_16"
    most_samples: int | None = None
    most_rate: int | None = None


LARGEST = (1 << 32) - 1 - 4096
"""Bytes of sound in a file whose lengths have 32 bits; the rest is room for its headers."""

_WAV = OutputFormat(name="WAV", most_samples=LARGEST // 2)
_AIFF = OutputFormat(name="AIFF", most_samples=LARGEST // 2)
_VORBIS = OutputFormat(name="OGG", subtype="VORBIS", most_rate=200_000)  # beyond, libvorbis crashes

FORMATS = {
    ".wav": _WAV,
    ".wave": _WAV,
    ".flac": OutputFormat(name="FLAC"),
    ".mp3": OutputFormat(name="MP3", subtype="MPEG_LAYER_III"),
    ".ogg": _VORBIS,
    ".oga": _VORBIS,
    ".opus": OutputFormat(name="OGG", subtype="OPUS"),
    ".aiff": _AIFF,
    ".aif": _AIFF,
    ".caf": OutputFormat(name="CAF"),
}
"""Formats by suffix."""


def format_of(path: str | Path) -> OutputFormat:
    """Return the format that a file's suffix names; without a suffix it is WAV.

    Args:
        path: a file's name.

    Raises:
        PartitaError: a suffix that names no format that can be written.

    >>> format_of("music/take.FLAC").name, format_of("take").name, format_of("Partita No. 1").name
    ('FLAC', 'WAV', 'WAV')
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if not suffix[1:].isalnum():  # as in "Partita No. 1", which is a title
        suffix = ""
    if suffix and suffix not in FORMATS:
        raise PartitaError(
            f"{path} ends in {path.suffix}, which is no format that can be written: choose one of"
            f" {', '.join(FORMATS)}"
        )
    return FORMATS[suffix or ".wav"]


def check_length(path: Path, *, sample_rate: int, samples: int) -> None:
    """Refuse a clip that is longer than its format can hold.

    Args:
        path: the file.
        sample_rate: in Hz.
        samples: of the whole clip.

    Raises:
        PartitaError: the clip is too long.

    >>> check_length(Path("a.wav"), sample_rate=16000, samples=1 << 32)
    Traceback (most recent call last):
    ...
    partita.errors.PartitaError: a.wav can hold 4 GiB, which is 134217 s at 16000 Hz: draw less, or give \
`--out a.flac`, which has no such limit
    """
    most = format_of(path).most_samples
    if most is not None and samples > most:
        raise PartitaError(
            f"{path} can hold 4 GiB, which is {most // sample_rate} s at {sample_rate} Hz: draw less, or give"
            f" `--out {path.with_suffix('.flac')}`, which has no such limit"
        )
