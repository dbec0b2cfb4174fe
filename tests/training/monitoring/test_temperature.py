"""The temperature of a sample tier that is given features: the choice, its record, and what a model keeps."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from partita.audio.features.layout import FrameLayout
from partita.data.corpus import Corpus
from partita.runs import metrics
from partita.runs.loading import load
from partita.sampling.config import SamplingConfig
from partita.training.config.tiers import FrameTierConfig
from partita.training.config.train import TrainConfig
from partita.training.monitoring import temperature
from partita.training.monitoring.temperature import TEMPERATURES, choose_temperature, log_spectral_distance
from partita.training.new_run import create_run, resolve
from partita.training.time_budget import temperature_seconds, training_budget
from partita.training.train import train

Make = Callable[..., TrainConfig]
FRAMES = FrameTierConfig(bands=4, every=2, length=20, batch=2, channels=16)


def noisy(real: NDArray[np.float32], level: float) -> NDArray[np.float32]:
    return np.asarray(real + level * np.random.default_rng(0).standard_normal(real.shape), np.float32)


def test_the_distance_sees_what_sounds_have_in_common_and_not_what_is_random() -> None:
    tone = 0.3 * np.sin(np.arange(32000) * 0.2).reshape(4, -1)
    first, second, third = (
        0.02 * np.random.default_rng(seed).standard_normal((4, 8000)) for seed in range(3)
    )
    real = tone + first

    def distance(drawn: NDArray[np.floating]) -> float:
        return log_spectral_distance(drawn, real, sample_rate=8000)

    assert distance(real) == 0.0
    same, smooth, loud = distance(tone + second), distance(tone), distance(tone + 4 * third)
    assert same < 1.0 < smooth and same < 1.0 < loud
    assert distance(np.zeros_like(real)) > smooth


@pytest.mark.parametrize("best", [0.5, 0.7])
def test_the_temperature_with_the_smallest_distance_is_chosen(
    corpus: Corpus, make_config: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, best: float
) -> None:
    run = create_run(corpus, tmp_path / "run", resolve(make_config(condition=("features",), frames=FRAMES)))
    _, real, _, _ = temperature._excerpts(run.train_step.generator, corpus, run.config)

    def instead(*_: object, config: SamplingConfig, **__: object) -> NDArray[np.integer]:
        return run.config.quantizer.encode(noisy(real, 0.05 + abs(config.temperature - best)))

    monkeypatch.setattr(temperature, "draw", instead)
    found = choose_temperature(run.train_step.generator, corpus, run.config, steps=10)
    assert found is not None and found.temperature == best and set(found.distances) == set(TEMPERATURES)
    assert choose_temperature(run.train_step.generator, corpus, run.config, steps=10, seconds=0.0) is None
    assert choose_temperature(run.train_step.generator, corpus, run.config, steps=1) is None


def test_a_run_records_its_temperature_and_the_model_draws_at_it(
    corpus: Corpus, make_config: Make, out: Path
) -> None:
    run = train(corpus, out, make_config(condition=("features",), frames=FRAMES, steps=4), quiet=True)
    (record,) = [one for one in metrics.read(run / "metrics.jsonl") if one["kind"] == "temperature"]
    distances = {one: record[f"distance_at_{one:g}"] for one in TEMPERATURES}
    assert record["temperature"] == min(TEMPERATURES, key=lambda one: distances[one])
    assert load(run).temperature == record["temperature"]
    newest = load(run).path
    assert newest is not None
    states = [json.loads(path.read_text()) for path in newest.glob("checkpoints/*/state.json")]
    assert [state["temperature"] for state in states if state["finished"]] == [record["temperature"]]


def test_a_run_without_features_chooses_none(corpus: Corpus, make_config: Make, out: Path) -> None:
    run = train(corpus, out, make_config(steps=2), quiet=True)
    assert all(one["kind"] != "temperature" for one in metrics.read(run / "metrics.jsonl"))
    assert load(run).temperature == 1.0


def test_the_budget_leaves_time_for_the_choice() -> None:
    plain = TrainConfig(minutes=10.0, preview_clips=0)
    layout = FrameLayout(hop_length=160, bands=32)
    given = replace(plain, network=replace(plain.network_shape, condition=layout))
    assert training_budget(plain) == 570.0 and training_budget(given) == 550.0
    assert (temperature_seconds(plain, spent=540.0), temperature_seconds(given, spent=540.0)) == (0.0, 60.0)
    assert temperature_seconds(given, spent=590.0) == 20.0
