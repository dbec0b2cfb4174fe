"""The temperature of a frame tier: how long pitches stay, the choice, its record, and what a model keeps."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from partita.audio.features.layout import FrameLayout
from partita.data.corpus import Corpus
from partita.models.frame_tier.config import FrameModelConfig
from partita.models.frame_tier.model import FrameModel
from partita.runs import metrics
from partita.runs.loading import load
from partita.sampling.config import FRAME_TEMPERATURE
from partita.training.config.tiers import FrameTierConfig
from partita.training.config.train import TrainConfig
from partita.training.monitoring import chosen_temperatures, frame_temperature
from partita.training.monitoring.frame_temperature import (
    HIGH,
    LOW,
    choose_frame_temperature,
    crossing,
    steady_seconds,
)
from partita.training.train import train

Make = Callable[..., TrainConfig]
LAYOUT = FrameLayout(hop_length=48, bands=3)
FRAMES = FrameTierConfig(bands=4, every=2, length=20, batch=2, channels=16)


def clip(*pitches: float) -> NDArray[np.float32]:
    """Return frames with these pitches; those of 0 have none."""
    frames = np.zeros((len(pitches), 5), np.float32)
    frames[:, 3], frames[:, 4] = pitches, np.array(pitches) > 0
    return frames


@pytest.fixture
def little_sound(monkeypatch: pytest.MonkeyPatch) -> None:
    """The choice looks at a few moments."""
    monkeypatch.setattr(frame_temperature, "CLIPS", 3)
    monkeypatch.setattr(frame_temperature, "SECONDS", 0.5)


@pytest.fixture
def model() -> FrameModel:
    config = FrameModelConfig(layout=LAYOUT, recurrent_channels=8)
    return FrameModel(config, generator=torch.Generator().manual_seed(0)).eval()


def test_a_voiced_frame_counts_with_the_length_of_its_steady_pitch() -> None:
    clips = [clip(60, 60.3, 60.1, 0, 60, 72), clip(0, 0), clip(50)]
    expected = (3 * 3 + 1 + 1 + 1) / 6 * 0.01
    assert steady_seconds(clips, LAYOUT, hop_s=0.01) == pytest.approx(expected)
    assert steady_seconds([clip(0, 0)], LAYOUT, hop_s=0.01) == 0.0


def test_between_two_temperatures_the_logarithm_is_linear() -> None:
    drawn = {1.0: 0.1, 0.8: 0.8, 0.9: 0.4}
    assert crossing(drawn, 0.2) == pytest.approx(0.95)
    assert crossing(drawn, 0.4) == pytest.approx(0.9)
    assert crossing(drawn, 5.0) == 0.8
    assert crossing(drawn, 0.01) == 1.0
    assert crossing({1.0: 0.0, 0.8: 0.4}, 0.2) == pytest.approx(0.81, abs=0.01)


@pytest.mark.usefixtures("little_sound")
@pytest.mark.parametrize("best", [0.7, 0.93, 1.2])
def test_the_temperature_with_the_real_duration_is_found(
    corpus: Corpus, model: FrameModel, monkeypatch: pytest.MonkeyPatch, best: float
) -> None:
    real = choose_frame_temperature(model, corpus, seed=0)
    assert real is not None and 0.05 < real.real < 0.5

    def drawn(*given: object) -> float:
        return float(real.real * np.exp(8 * (best - float(given[3]))))  # type: ignore[arg-type]

    monkeypatch.setattr(frame_temperature, "_steady_drawn", drawn)
    found = choose_frame_temperature(model, corpus, seed=0)
    assert found is not None and found.temperature == pytest.approx(best, abs=0.006)
    assert len(found.drawn) == frame_temperature.MOST
    assert choose_frame_temperature(model, corpus, seed=0, seconds=0.0) is None


@pytest.mark.usefixtures("little_sound")
def test_drawn_frames_decide_and_the_choice_is_repeatable(corpus: Corpus, model: FrameModel) -> None:
    first, second = (choose_frame_temperature(model, corpus, seed=3) for _ in range(2))
    assert first == second and first is not None
    assert LOW < first.temperature < HIGH and len(set(first.drawn.values())) > 1


def test_recordings_that_are_short_give_no_choice(corpus: Corpus, model: FrameModel) -> None:
    assert choose_frame_temperature(model, corpus, seed=0) is None  # they have 5 s


@pytest.mark.usefixtures("little_sound")
@pytest.mark.parametrize("enough", [True, False])
def test_a_run_records_its_temperature_and_the_model_draws_at_it(
    corpus: Corpus, make_config: Make, out: Path, monkeypatch: pytest.MonkeyPatch, enough: bool
) -> None:
    if enough:
        monkeypatch.setattr(chosen_temperatures, "FRAMES_PER_SECOND", 0)
    run = train(corpus, out, make_config(condition=("features",), frames=FRAMES, steps=4), quiet=True)
    records = [one for one in metrics.read(run / "metrics.jsonl") if one["kind"] == "frame_temperature"]
    loaded = load(run)
    assert len(records) == enough
    assert loaded.path is not None and loaded.frames is not None
    states = [json.loads(path.read_text()) for path in loaded.path.glob("checkpoints/*/state.json")]
    kept = [state["frame_temperature"] for state in states if "frame_temperature" in state]
    if not enough:
        assert loaded.frame_temperature == FRAME_TEMPERATURE and not kept
        return
    chosen = records[0]["frame_temperature"]
    assert loaded.frame_temperature == chosen != FRAME_TEMPERATURE and kept == [chosen]
    plain, same, other = (
        loaded.draw(0.1, frame_temperature=one) for one in (None, chosen, FRAME_TEMPERATURE)
    )
    np.testing.assert_array_equal(plain, same)
    assert not np.array_equal(plain, other)
    (streamed,) = loaded.stream(0.1)
    np.testing.assert_array_equal(streamed, plain[:, : streamed.shape[1]])


@pytest.mark.usefixtures("little_sound")
def test_a_short_run_keeps_the_temperature_of_its_start(
    corpus: Corpus, make_config: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = make_config(condition=("features",), frames=FRAMES, steps=4)
    with monkeypatch.context() as patch:
        patch.setattr(chosen_temperatures, "FRAMES_PER_SECOND", 0)
        start = train(corpus, tmp_path / "start", config, quiet=True)
    chosen = load(start).chosen_frame_temperature
    run = train(corpus, tmp_path / "on", config, start_from=start, quiet=True)
    assert chosen is not None and load(run).chosen_frame_temperature == chosen
    for path in run.glob("checkpoints/step-*"):
        assert json.loads((path / "state.json").read_text())["frame_temperature"] == chosen
    again = train(corpus, tmp_path / "alone", replace(config, steps=2), quiet=True)
    assert load(again).chosen_frame_temperature is None
