"""The sound formats that clips can be written in, chosen by the file's suffix, and the limits of each.

This file does not write: `wav.py` and `encoding.py` do.
"""

from dataclasses import dataclass
from pathlib import Path

from partita.errors import PartitaError


@dataclass(frozen=True, kw_only=True)
class OutputFormat:
    """A sound format, in libsndfile's terms.

    Args:
        name: the container.
        subtype: the encoding of the samples.
        max_samples: the most 16-bit samples that a file can hold; None when there is no practical limit.
        max_rate: the highest sample rate in Hz, where libsndfile does not check it; None otherwise.

    >>> FORMATS[".ogg"].subtype
    'VORBIS'
    """

    name: str
    subtype: str = "PCM_16"
    max_samples: int | None = None
    max_rate: int | None = None


MAX_DATA_BYTES = (1 << 32) - 1 - 4096
"""The most bytes of sound in a file with 32-bit lengths; 4096 bytes are left for its headers."""

_WAV = OutputFormat(name="WAV", max_samples=MAX_DATA_BYTES // 2)
_AIFF = OutputFormat(name="AIFF", max_samples=MAX_DATA_BYTES // 2)
_VORBIS = OutputFormat(name="OGG", subtype="VORBIS", max_rate=200_000)  # libvorbis crashes above it

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
"""Formats by suffix, in lower case."""


def format_of(path: str | Path) -> OutputFormat:
    """Return the format of a file by its suffix; WAV without a suffix.

    Args:
        path: the file's name.

    Raises:
        PartitaError: the suffix is not one of `FORMATS`.

    >>> format_of("music/take.FLAC").name, format_of("take").name, format_of("Partita No. 1").name
    ('FLAC', 'WAV', 'WAV')
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if not suffix[1:].isalnum():  # as in "Partita No. 1", which is a title
        suffix = ""
    if suffix and suffix not in FORMATS:
        raise PartitaError(
            f"{path} ends in {path.suffix}, which is not a format that can be written: choose one of"
            f" {', '.join(FORMATS)}"
        )
    return FORMATS[suffix or ".wav"]


def check_length(path: Path, *, sample_rate: int, samples: int) -> None:
    """Raise an error if a clip is longer than its format can hold.

    Args:
        path: the file.
        sample_rate: in Hz.
        samples: length of the clip.

    Raises:
        PartitaError: the clip is too long.

    >>> check_length(Path("a.wav"), sample_rate=16000, samples=1 << 32)
    Traceback (most recent call last):
    ...
    partita.errors.PartitaError: a.wav can hold 4 GiB, which is 134217 s at 16000 Hz: draw less, or give \
`--out a.flac`, which has no such limit
    """
    most = format_of(path).max_samples
    if most is not None and samples > most:
        raise PartitaError(
            f"{path} can hold 4 GiB, which is {most // sample_rate} s at {sample_rate} Hz: draw less, or give"
            f" `--out {path.with_suffix('.flac')}`, which has no such limit"
        )
