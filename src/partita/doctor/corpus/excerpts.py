"""Read the sound of a corpus in excerpts that are spread evenly over it, which bounds time and memory."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from partita.audio.pcm import INT16_SCALE
from partita.data.corpus import SPLITS, Corpus, Segment

EXCERPT_SECONDS = 10.0
MOST_SECONDS = 2400.0
"""Sound that is read of a large corpus: the shares below need no more, and it is measured in half a
minute."""

Waveform = NDArray[np.float32]


@dataclass(frozen=True)
class Excerpt:
    """A stretch of a segment.

    Args:
        corpus: the corpus.
        segment: the segment.
        start: first sample, from the start of the segment.
        length: samples.
    """

    corpus: Corpus
    segment: Segment
    start: int
    length: int

    @cached_property
    def waveform(self) -> Waveform:
        """The sound, (samples,) float32 in [-1, 1]."""
        first = self.segment.offset + self.start
        return np.asarray(self.corpus.samples[first : first + self.length], np.float32) / np.float32(
            INT16_SCALE
        )


@dataclass(frozen=True)
class CorpusSound:
    """Excerpts of all splits of a corpus.

    Args:
        corpus: the corpus.
        excerpts: in the order of the splits, then of the index.
    """

    corpus: Corpus
    excerpts: tuple[Excerpt, ...]

    @property
    def sample_rate(self) -> int:
        """Hz."""
        return self.corpus.sample_rate

    @cached_property
    def by_recording(self) -> dict[str, Waveform]:
        """The excerpts of each recording, one after the other, by its name."""
        parts: dict[str, list[Waveform]] = {}
        for one in self.excerpts:
            parts.setdefault(self.corpus.source(one.segment), []).append(one.waveform)
        return {name: np.concatenate(found) for name, found in parts.items()}

    def share_of(self, names: Sequence[str]) -> float:
        """Return the share of the sound that some recordings hold, 0 to 1.

        Args:
            names: the recordings.
        """
        lengths = {name: len(sound) for name, sound in self.by_recording.items()}
        return sum(lengths[name] for name in names) / max(1, sum(lengths.values()))


def read_excerpts(corpus: Corpus, *, most_seconds: float = MOST_SECONDS) -> CorpusSound:
    """Return excerpts of at most 10 s that cover a corpus, or are spread evenly over a large one.

    Args:
        corpus: the corpus.
        most_seconds: of all excerpts together, about.
    """
    longest = round(EXCERPT_SECONDS * corpus.sample_rate)
    places = [
        Excerpt(corpus, segment, start, min(longest, segment.length - start))
        for split in SPLITS
        for segment in corpus.segments(split)
        for start in range(0, segment.length, longest)
    ]
    total = sum(one.length for one in places) / corpus.sample_rate
    step = max(1, int(np.ceil(total / most_seconds)))
    return CorpusSound(corpus, tuple(places[::step]))
