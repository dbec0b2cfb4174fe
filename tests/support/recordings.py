"""Fixtures: short recordings, and a corpus of them."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from partita.data.corpus import Corpus
from partita.data.preparation.prepare import PrepareConfig, prepare


@pytest.fixture
def tone() -> Callable[..., np.ndarray]:
    """A sine with a little noise: not silent, not clipped, different for every pitch."""

    def make(seconds: float, rate: int = 8000, pitch: float = 440.0, level: float = 0.5) -> np.ndarray:
        t = np.arange(round(seconds * rate)) / rate
        noise = np.random.default_rng(round(pitch)).standard_normal(len(t))
        return (level * (np.sin(2 * np.pi * pitch * t) + 0.01 * noise)).astype(np.float32)

    return make


@pytest.fixture
def folder(tmp_path: Path, tone: Callable[..., np.ndarray]) -> Path:
    """A folder of five recordings of 2 to 4 seconds at 8 kHz."""
    recordings = tmp_path / "recordings"
    (recordings / "more").mkdir(parents=True)
    for number in range(5):
        name = recordings / ("more" if number > 2 else ".") / f"{number}_ann_{number % 2}.wav"
        soundfile.write(name, tone(2 + number / 2, pitch=300 + 50 * number), 8000)
    return recordings


@pytest.fixture
def corpus(folder: Path, tmp_path: Path) -> Corpus:
    """The five recordings, prepared at their own rate."""
    return prepare([folder], tmp_path / "corpus", PrepareConfig(sample_rate=8000))


@pytest.fixture
def real_recordings() -> Path:
    """The folder of real recordings, where there is one."""
    name = os.environ.get("PARTITA_RECORDINGS")
    if not name or not Path(name).is_dir():
        pytest.skip("PARTITA_RECORDINGS names no folder of recordings")
    return Path(name)
