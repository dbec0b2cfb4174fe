"""A small corpus and small configs, shared by the tests of training."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from small_configs import small_config

from partita.data.corpus import Corpus
from partita.data.preparation.prepare import PrepareConfig, prepare
from partita.device import thread_limit
from partita.models.discriminators.ensemble import KINDS
from partita.models.discriminators.multi_period import MultiPeriodConfig
from partita.models.discriminators.multi_resolution import MultiResolutionConfig
from partita.models.discriminators.multi_scale import MultiScaleConfig
from partita.models.discriminators.patchgan import PatchGANConfig
from partita.models.discriminators.trunk import TrunkConfig
from partita.training.config.train import AdversaryConfig, TrainConfig
from partita.training.monitoring import temperature

RATE = 4000


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Networks as small as these lose more by sharing work among threads than they gain."""
    with thread_limit(1):
        yield


@pytest.fixture(autouse=True)
def little_sound_for_the_temperature(monkeypatch: pytest.MonkeyPatch) -> None:
    """The choice of a temperature at the end of a run draws a few moments."""
    monkeypatch.setattr(temperature, "CLIPS", 2)
    monkeypatch.setattr(temperature, "SECONDS", 0.04)


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """Three recordings of five seconds: a few decaying tones each, with a little noise."""
    folder = tmp_path_factory.mktemp("recordings")
    time = np.arange(5 * RATE) / RATE
    for number in range(3):
        rng = np.random.default_rng(number)
        pitches = rng.choice([200.0, 300.0, 400.0], 10)
        tones = np.sin(2 * np.pi * pitches[(time * 2).astype(int)] * time) * np.exp(-2 * (time % 0.5))
        sound = 0.5 * tones + 0.01 * rng.standard_normal(len(time))
        soundfile.write(folder / f"{number}.wav", sound, RATE)
    settings = PrepareConfig(sample_rate=RATE, test=("2.wav",), validation=("1.wav",), workers=1)
    return prepare([folder], folder.parent / "corpus", settings, progress=False)


@pytest.fixture
def make_config() -> Callable[..., TrainConfig]:
    """Make a config for a fraction of a second of training, the same bits on every run."""
    return small_config


@pytest.fixture
def adversary() -> AdversaryConfig:
    """An adversary as small as the network."""
    return AdversaryConfig(weight=0.1, patchgan=PatchGANConfig(layers=3, channels=8, most_channels=16))


@pytest.fixture
def everything() -> AdversaryConfig:
    """All kinds of discriminators from random weights, small, with all that they may learn by."""
    return AdversaryConfig(
        discriminators=tuple(kind for kind in KINDS if kind != "trunk"),  # has no spectral norm
        spectral_norm=True,
        patchgan=PatchGANConfig(layers=3, channels=8, most_channels=16),
        multi_scale=MultiScaleConfig(scales=2, layers=2, most_channels=16),
        multi_period=MultiPeriodConfig(periods=(2, 3), layers=2, most_channels=16),
        spectral=MultiResolutionConfig(sizes=(64,), layers=2),
        trunk=TrunkConfig(layers=4, channels=16),
        weight_by="gradient",
        warmup=7,
        loss="hinge",
        feature_weight=1.0,
        features="statistics",
        updates=2,
        max_accuracy=0.9,
        r1=1.0,
        r1_every=3,
    )


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Where a run may go."""
    return tmp_path / "run"
