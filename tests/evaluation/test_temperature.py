"""The temperature is chosen on the validation split by the Frechet distance."""

import numpy as np
import pytest
from numpy.typing import NDArray

from partita.data.corpus import Corpus
from partita.evaluation import temperature
from partita.evaluation.clips import RealClips
from partita.evaluation.evaluate import EvaluateConfig, choose_real_clips
from partita.evaluation.temperature import choose_temperature
from partita.runs.loading import LoadedModel

PLAN = EvaluateConfig(clips=4, seconds=0.3, prompt_seconds=0.1, temperature=0.5)


@pytest.fixture
def splits(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Record the splits of the prompts, and replace the draws by real sound plus noise.

    The noise grows with the distance of the temperature from 0.9.
    """
    splits: list[str] = []
    original = choose_real_clips

    def record_split(loaded: LoadedModel, corpus: Corpus, config: EvaluateConfig) -> RealClips:
        splits.append(config.split)
        return original(loaded, corpus, config)

    def add_noise(
        _model: object, real: RealClips, *, seed: int, temperature: float, threads: int | None
    ) -> NDArray[np.float32]:
        noise = np.random.default_rng(seed).standard_normal(real.waveforms.shape)
        return np.asarray(real.waveforms + abs(temperature - 0.9) * noise, np.float32)

    monkeypatch.setattr(temperature, "choose_real_clips", record_split)
    monkeypatch.setattr(temperature, "draw_continuations", add_noise)
    return splits


def test_the_temperature_with_the_smallest_distance_is_chosen_on_the_validation_split(
    splits: list[str], loaded: LoadedModel, corpus: Corpus
) -> None:
    assert choose_temperature(loaded, corpus, PLAN) == 0.9
    assert splits == ["validation"]
    assert choose_temperature(loaded, corpus, PLAN, temperatures=(1.0, 0.85)) == 0.85


def test_the_first_of_equal_temperatures_is_chosen(
    splits: list[str], loaded: LoadedModel, corpus: Corpus
) -> None:
    assert choose_temperature(loaded, corpus, PLAN, temperatures=(1.0, 1.0)) == 1.0
    assert choose_temperature(loaded, corpus, PLAN, temperatures=(0.9, 0.9, 1.0)) == 0.9
