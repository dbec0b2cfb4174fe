"""The temperature of a frame tier: how long pitches stay, the choice, its record, and what a model keeps."""

import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

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
from partita.training.new_run import create_run, resolve
from partita.training.restore import restore_run
from partita.training.train import train

Make = Callable[..., TrainConfig]
RATE = 4000
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
    monkeypatch.setattr(frame_temperature, "CLIPS", 6)
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
    assert crossing(drawn, 5.0) is None and crossing(drawn, 0.01) is None
    assert crossing({1.0: 0.0, 0.8: 0.4}, 0.2) == pytest.approx(0.81, abs=0.01)


@pytest.fixture
def best(monkeypatch: pytest.MonkeyPatch) -> float:
    """The temperature at which pitches last as long as real ones, whatever the network."""
    temperature = 0.93

    def drawn(*given: Any) -> float:
        return float(0.2 * np.exp(8 * (temperature - given[3])))

    monkeypatch.setattr(frame_temperature, "_steady_real", lambda *_: 0.2)
    monkeypatch.setattr(frame_temperature, "_steady_drawn", drawn)
    monkeypatch.setattr(chosen_temperatures, "FRAMES_PER_SECOND", 0)
    return temperature


def test_the_temperature_with_the_real_duration_is_found(
    corpus: Corpus, model: FrameModel, best: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = choose_frame_temperature(model, corpus, seed=0)
    assert found is not None and found.temperature == pytest.approx(best, abs=0.006)
    assert len(found.drawn) == frame_temperature.MOST
    monkeypatch.setattr(frame_temperature, "_affordable", lambda *_: frame_temperature.LEAST_CLIPS - 1)
    assert choose_frame_temperature(model, corpus, seed=0, seconds=9.0) is None


@pytest.mark.parametrize("real", [0.001, 100.0])
def test_no_temperature_is_chosen_where_pitches_last_longer_or_shorter_at_all(
    corpus: Corpus, model: FrameModel, best: float, monkeypatch: pytest.MonkeyPatch, real: float
) -> None:
    assert best
    monkeypatch.setattr(frame_temperature, "_steady_real", lambda *_: real)
    assert choose_frame_temperature(model, corpus, seed=0) is None


def test_little_time_gives_fewer_clips(model: FrameModel) -> None:
    found = [frame_temperature._affordable(model, 600, seconds) for seconds in (math.inf, 3600.0, 1e-4, -1.0)]
    assert found == [frame_temperature.CLIPS, frame_temperature.CLIPS, 0, 0]


@pytest.mark.usefixtures("little_sound")
def test_real_and_drawn_frames_are_measured_and_the_same_at_all_times(
    corpus: Corpus, model: FrameModel
) -> None:
    real = [frame_temperature._steady_real(corpus, LAYOUT, 40, seed=0) for _ in range(2)]
    assert real[0] == real[1] and 0.05 < real[0] < 0.5  # notes of half a second
    drawn = [frame_temperature._steady_drawn(model, 40, 0, one, RATE, 6) for one in (LOW, LOW, HIGH)]
    assert drawn[0] == drawn[1] != drawn[2]


def test_recordings_that_are_short_give_no_choice(corpus: Corpus, model: FrameModel) -> None:
    assert choose_frame_temperature(model, corpus, seed=0) is None  # they have 5 s


@pytest.mark.parametrize("enough", [True, False])
def test_a_run_records_its_temperature_and_the_model_draws_at_it(
    corpus: Corpus, make_config: Make, out: Path, monkeypatch: pytest.MonkeyPatch, enough: bool, best: float
) -> None:
    if not enough:
        monkeypatch.setattr(chosen_temperatures, "FRAMES_PER_SECOND", 100)
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
    assert loaded.frame_temperature == chosen == pytest.approx(best, abs=0.006) and kept == [chosen]
    plain, same, other = (
        loaded.draw(0.1, frame_temperature=one) for one in (None, chosen, FRAME_TEMPERATURE)
    )
    np.testing.assert_array_equal(plain, same)
    assert not np.array_equal(plain, other)
    (streamed,) = loaded.stream(0.1)
    np.testing.assert_array_equal(streamed, plain[:, : streamed.shape[1]])


def test_a_short_run_keeps_the_temperature_of_its_start_in_all_checkpoints(
    corpus: Corpus, make_config: Make, tmp_path: Path, best: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = make_config(condition=("features",), frames=FRAMES, steps=4)
    start = train(corpus, tmp_path / "start", config, quiet=True)
    chosen = load(start).chosen_frame_temperature
    assert chosen == pytest.approx(best, abs=0.006)
    monkeypatch.setattr(chosen_temperatures, "FRAMES_PER_SECOND", 100)
    often = replace(config, checkpoint_minutes=1e-6, keep_checkpoints=9)
    run = train(corpus, tmp_path / "on", often, quiet=True, start_from=start)
    checkpoints = sorted(run.glob("checkpoints/step-*"))
    assert len(checkpoints) > 1
    assert [load(path).chosen_frame_temperature for path in checkpoints] == [chosen] * len(checkpoints)
    alone = train(corpus, tmp_path / "alone", replace(config, steps=2), quiet=True)
    assert load(alone).chosen_frame_temperature is None


def test_an_interrupted_run_keeps_the_temperature_of_its_start(
    corpus: Corpus, make_config: Make, tmp_path: Path, best: float
) -> None:
    config = resolve(make_config(condition=("features",), frames=FRAMES, steps=4))
    start = train(corpus, tmp_path / "start", config, quiet=True)
    run = create_run(corpus, tmp_path / "on", config, start_from=start)
    assert run.frame_temperature == pytest.approx(best, abs=0.006)
    assert restore_run(run.folder, run.config, corpus).frame_temperature == run.frame_temperature
    assert load(tmp_path / "on").frame_temperature == run.frame_temperature


def test_a_tier_with_labels_and_notes_is_asked_for_neither(corpus: Corpus) -> None:
    layout = replace(LAYOUT, labels=("digit=1", "digit=2"), notes=True)
    config = FrameModelConfig(layout=layout, recurrent_channels=8)
    model = FrameModel(config, generator=torch.Generator().manual_seed(1)).eval()
    found = frame_temperature._steady_drawn(model, 30, 0, 1.0, corpus.sample_rate, 4)
    assert 0.0 <= found <= 30 * layout.hop_length / corpus.sample_rate
