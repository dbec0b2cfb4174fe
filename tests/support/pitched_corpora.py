"""Small corpora whose pitch is a known function of the position."""

from pathlib import Path
from typing import Any

import numpy as np

from partita.audio.quantizer import Quantizer
from partita.data.corpus import Corpus, Segment
from partita.data.from_classes import corpus_from_classes

LINEAR = Quantizer(kind="linear", classes=20001)


class PitchedCorpus(Corpus):
    """A corpus whose pitch rises by a semitone every 1,000 samples from the start of each segment."""

    @property
    def has_pitch(self) -> bool:
        return True

    def pitch_at(self, segment: Segment, positions: np.ndarray) -> np.ndarray:
        inside = np.clip(positions, 0, segment.length - 1)
        return np.stack([40 + inside / 1000, 0.5 + 0.5 * np.sin(inside / 500)], 1).astype(np.float32)


def pitched_corpus(folder: Path, sounds: list[np.ndarray], rate: int = 8000) -> PitchedCorpus:
    """Return a corpus of sounds in [-1, 1], all in the training split."""
    clips: dict[str, Any] = {"train": [LINEAR.encode(sound) for sound in sounds]}
    corpus = corpus_from_classes(folder, clips, sample_rate=rate, quantizer=LINEAR)
    return PitchedCorpus(corpus.path, corpus.index)


def noises(*lengths: int, seed: int = 0) -> list[np.ndarray]:
    """Return sounds of noise whose level changes."""
    rng = np.random.default_rng(seed)
    return [0.3 * rng.standard_normal(length).clip(-3, 3) * np.linspace(0.1, 1, length) for length in lengths]


def sine(frequency: float, length: int, rate: int = 8000) -> np.ndarray:
    """Return a sine."""
    return 0.5 * np.sin(2 * np.pi * frequency * np.arange(length) / rate)
