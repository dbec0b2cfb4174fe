"""The temperature is chosen on the validation split, by the distance alone."""

from typing import Any

import numpy as np
import pytest

from partita.data.corpus import Corpus
from partita.evaluation import temperature
from partita.evaluation.evaluate import EvaluateConfig
from partita.evaluation.temperature import choose_temperature
from partita.runs.loading import LoadedModel

PLAN = EvaluateConfig(clips=4, seconds=0.3, prompt_seconds=0.1, temperature=0.5)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The splits that prompts were taken from; what is drawn is the real sound with noise, more of it the
    further the temperature is from 0.9.
    """
    splits: list[str] = []
    original = temperature.choose_real_clips

    def spy(loaded: LoadedModel, corpus: Corpus, config: EvaluateConfig) -> Any:
        splits.append(config.split)
        return original(loaded, corpus, config)

    def pretend(_model: object, real: Any, *, seed: int, temperature: float, **_: Any) -> np.ndarray:
        noise = np.random.default_rng(seed).standard_normal(real.waveforms.shape)
        return (real.waveforms + abs(temperature - 0.9) * noise).astype(np.float32)

    monkeypatch.setattr(temperature, "choose_real_clips", spy)
    monkeypatch.setattr(temperature, "draw_continuations", pretend)
    return splits


def test_the_nearest_wins_on_the_validation_split(
    asked: list[str], loaded: LoadedModel, corpus: Corpus
) -> None:
    assert choose_temperature(loaded, corpus, PLAN) == 0.9
    assert asked == ["validation"]
    assert choose_temperature(loaded, corpus, PLAN, temperatures=(1.0, 0.85)) == 0.85


def test_of_equals_the_first_wins(asked: list[str], loaded: LoadedModel, corpus: Corpus) -> None:
    assert choose_temperature(loaded, corpus, PLAN, temperatures=(1.0, 1.0)) == 1.0
    assert choose_temperature(loaded, corpus, PLAN, temperatures=(0.9, 0.9, 1.0)) == 0.9
