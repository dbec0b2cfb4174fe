"""Measure the recordings that a corpus was made from, as far as they are still where they were.

`prepare` subtracts the mean, sets the level and cuts silence, so an offset, flat peaks and the silence show
in the originals only. This file decides nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from partita.data.corpus import Corpus
from partita.filenames import c_library_path
from partita.standard_streams import suppress_library_messages

MOST_SECONDS = 600.0
"""Sound that is decoded, spread over the recordings: 3 s of one core for MP3."""
LEAST_SECONDS = 20.0  # of each recording, or all of it
BLOCK = 1 << 18
FLAT_RUN = 4
"""Samples of one value at the peak that make it flat. The top of a sine of 100 Hz at 44,100 Hz and 16 bits
has 3 equal samples; a clipped peak has about 10."""
PEAK_SHARE = 0.98
"""A flat run counts from this share of the recording's largest sample on."""


@dataclass(frozen=True, kw_only=True)
class Original:
    """What was measured of one recording.

    Args:
        source: its name in the corpus.
        sample_rate: Hz.
        seconds: its length.
        offset: the mean of its loudest channel's samples, relative to the largest sample.
        flat_share: share of the samples in flat peaks.
        peak: the largest sample, 1 is full scale.
    """

    source: str
    sample_rate: int
    seconds: float
    offset: float
    flat_share: float
    peak: float


@dataclass(frozen=True)
class Originals:
    """The measured originals of a corpus.

    Args:
        found: what was measured.
        missing: recordings that are gone, or that the quick decoder can't read.
    """

    found: tuple[Original, ...]
    missing: int

    @property
    def seconds(self) -> float:
        """The length of the measured recordings, seconds."""
        return sum(one.seconds for one in self.found)

    def share_of(self, chosen: Sequence[Original]) -> float:
        """Return the share of the measured time that some recordings have, 0 to 1."""
        return sum(one.seconds for one in chosen) / max(1e-9, self.seconds)


def measure_originals(corpus: Corpus) -> Originals:
    """Measure the recordings of a corpus where they still are.

    Args:
        corpus: the corpus; its index has the folder and the names of the recordings.
    """
    root = Path(corpus.index["root"])
    files = [file["source"] for file in corpus.index["files"] if file["reason"] is None]
    lengths = len(corpus.samples) / corpus.sample_rate / max(1, len(files))
    each = max(LEAST_SECONDS, MOST_SECONDS / max(1, len(files)))
    step = max(1, int(min(each, lengths) * len(files) / MOST_SECONDS / 3))  # many short files
    found, missing = [], 0
    with suppress_library_messages():
        for source in files[::step]:
            one = _measure(source, root / source, each)
            missing += one is None
            found += [] if one is None else [one]
    return Originals(tuple(found), missing)


def _measure(source: str, path: Path, seconds: float) -> Original | None:
    """Return what the first seconds of a recording are like, or None if it can't be read."""
    try:
        if not path.is_file():
            return None
        with soundfile.SoundFile(c_library_path(path)) as file:
            blocks = list(_blocks(file, seconds))
            rate, frames = int(file.samplerate), int(file.frames)
    except (soundfile.LibsndfileError, OSError, RuntimeError, ValueError):
        return None
    if not blocks or not sum(map(len, blocks)):
        return None
    sound = np.concatenate(blocks)
    if not np.isfinite(sound).all():
        return None
    channel = sound[:, int((sound**2).mean(axis=0, dtype=np.float64).argmax())]
    peak = float(np.abs(channel).max())
    if peak == 0.0:
        return None
    return Original(
        source=source,
        sample_rate=rate,
        seconds=max(frames, len(channel)) / rate,
        offset=float(channel.mean(dtype=np.float64)) / peak,
        flat_share=flat_share(channel),
        peak=peak,
    )


def _blocks(file: soundfile.SoundFile, seconds: float) -> Iterator[NDArray[np.float32]]:
    """Yield blocks of the first seconds of a file, (samples, channels)."""
    left = round(seconds * file.samplerate)
    while left > 0 and len(block := file.read(min(BLOCK, left), dtype="float32", always_2d=True)):
        yield block
        left -= len(block)


def flat_share(channel: NDArray[np.float32]) -> float:
    """Return the share of the samples in flat peaks: runs of equal samples near the largest one.

    Args:
        channel: (samples,) float, one channel.

    >>> time = np.arange(8000) / 8000
    >>> tone = np.sin(2 * np.pi * 200 * time).astype(np.float32)
    >>> flat_share(tone), round(flat_share(np.clip(tone, -0.5, 0.5)), 1)
    (0.0, 0.7)
    """
    peaks = {1.0: float(channel.max()), -1.0: -float(channel.min())}
    count = 0
    for sign, peak in peaks.items():
        high = np.flatnonzero(sign * channel[1:] >= PEAK_SHARE * max(peak, 1e-9))
        equal = high[channel[high] == channel[high + 1]]  # a pair of equal samples
        edges = np.flatnonzero(np.diff(equal, prepend=-9, append=-9) != 1)
        runs = np.diff(edges)
        count += int((runs[runs >= FLAT_RUN - 1] + 1).sum())
    return count / max(1, len(channel))
