"""Fixtures: a corpus of a few seconds, and networks that are small enough for quick tests."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest
import soundfile
import torch

from partita.audio.quantizer import Quantizer
from partita.data.corpus import Corpus
from partita.data.preparation.prepare import PrepareConfig, prepare
from partita.device import thread_limit
from partita.models.sizes import WaveNetConfig
from partita.models.wavenet import WaveNet
from partita.runs.loading import LoadedModel

RATE = 2000


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    """Four recordings of 3 to 9 seconds at 2 kHz, the longest for the test."""
    folder = tmp_path_factory.mktemp("corpus")
    rng = np.random.default_rng(0)
    for number in range(4):
        time = np.arange(round((3.21 + 2 * number) * RATE)) / RATE
        pitch = 110 * 2 ** (np.floor(3 * time) % 5 / 12 + number / 4)
        tone = np.sin(2 * np.pi * np.cumsum(pitch) / RATE) * (1 - 0.5 * (3 * time % 1))
        soundfile.write(folder / f"{number}.wav", 0.6 * tone + 0.02 * rng.standard_normal(len(time)), RATE)
    config = PrepareConfig(sample_rate=RATE, test=("3.wav",), validation=("0.wav",))
    return prepare([folder], folder / "corpus", config)


@pytest.fixture
def quantizer() -> Quantizer:
    return Quantizer()


@pytest.fixture
def network() -> WaveNet:
    """A network with random weights that sees 8 samples."""
    shape = WaveNetConfig(
        blocks=1, layers=3, residual_channels=4, dilation_channels=4, skip_channels=8, end_channels=8
    )
    return WaveNet(shape, generator=torch.Generator().manual_seed(0)).eval().requires_grad_(False)


@pytest.fixture
def loaded(network: WaveNet, quantizer: Quantizer) -> LoadedModel:
    """That network, as if it came from a run."""
    return LoadedModel(model=network, sample_rate=RATE, quantizer=quantizer, name="toy", step=0, config={})


@pytest.fixture(scope="session")
def four_classes() -> Callable[[int, int], WaveNet]:
    """Make a network of four classes by seed and layers, whose conditionals are far from even."""

    def make(seed: int, layers: int) -> WaveNet:
        shape = WaveNetConfig(
            classes=4,
            blocks=1,
            layers=layers,
            residual_channels=4,
            dilation_channels=4,
            skip_channels=8,
            end_channels=8,
        )
        model = WaveNet(shape, generator=torch.Generator().manual_seed(seed))
        with torch.no_grad():
            model.end2.mul_(12.0)
        return model.eval().requires_grad_(False)

    return make


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    with thread_limit(1):
        yield
