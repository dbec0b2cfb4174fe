"""Runs with two tiers: what they are given, that both learn, and that resumed runs end with equal bytes."""

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from partita.audio.features.layout import FrameLayout, hop_length_for
from partita.data.corpus import Corpus
from partita.device import ComputeDevice
from partita.errors import PartitaError
from partita.models.conditioning.conditions import Conditions
from partita.runs import metrics
from partita.runs.config import from_table
from partita.runs.folder import RunFolder
from partita.training.config.arms import with_arm
from partita.training.config.tiers import FrameTierConfig, check_conditions, with_conditions
from partita.training.config.train import AdversaryConfig, TrainConfig
from partita.training.losses.likelihood import sample_nats
from partita.training.new_run import create_run, resolve, training_frames
from partita.training.restore import unfinished_config
from partita.training.rollouts.free_running import RolloutBatch
from partita.training.steps.wavenet import WaveNetStep
from partita.training.tiers.conditions import window_conditions
from partita.training.tiers.frame_tier import FrameTier
from partita.training.train import resume, train

Make = Callable[..., TrainConfig]
FRAMES = FrameTierConfig(bands=4, every=2, length=20, batch=2, channels=16)


@pytest.fixture
def two_tiers(make_config: Make) -> Make:
    def make(**changes: Any) -> TrainConfig:
        return make_config(**({"frames": FRAMES, "condition": ("features",), "targets": 256} | changes))

    return make


def tensors_of(run: Path) -> dict[str, bytes]:
    newest = RunFolder.open(run).newest_checkpoint()
    return {path.name: path.read_bytes() for path in newest.glob("*.safetensors")}


def test_a_corpus_with_pitch_trains_two_tiers_unless_told_otherwise(
    corpus: Corpus, make_config: Make
) -> None:
    usual = with_conditions(make_config(condition=("auto",)), corpus)
    assert usual.condition == ("features",)
    assert usual.network_shape.condition is not None and usual.frames.model is not None
    assert (usual.augment, usual.input_noise, usual.input_gain_db) == ("off", 0.0, 0.0)  # they make haze
    plain = with_conditions(make_config(condition=("none",)), corpus)
    assert plain.network_shape == make_config().network_shape
    assert plain.frames.model is None
    alone = with_conditions(make_config(condition=("auto",), frames=replace(FRAMES, every=0)), corpus)
    assert alone.network_shape.condition is not None and alone.frames.model is None


def test_a_network_with_features_reads_samples_one_period_earlier_if_asked(corpus: Corpus) -> None:
    def taps(**changes: Any) -> int:
        return with_conditions(TrainConfig(size="tiny", steps=1, **changes), corpus).network_shape.period_taps

    found = with_conditions(TrainConfig(size="tiny", steps=1, period_taps=5), corpus).network_shape
    assert found.period_taps == 5
    assert found.condition is not None and found.condition.sample_rate == corpus.sample_rate
    assert (taps(), taps(period_taps=3), taps(condition=("none",))) == (0, 3, 0)
    assert taps(network=found) == 5 and taps(network=found, period_taps=0) == 0
    with pytest.raises(PartitaError, match="`period_taps` is 2, but the network is given no pitch"):
        taps(period_taps=2, condition=("none",))


def test_a_run_whose_network_lacks_the_newest_settings_can_be_resumed(
    corpus: Corpus, two_tiers: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = train(corpus, tmp_path / "part", two_tiers(steps=8, validations=2), quiet=True, stop=lambda: True)
    older = RunFolder.open(part).config()
    for network in (older["network"], older["training"]["network"]):
        del network["period_taps"], network["condition"]["sample_rate"]
    monkeypatch.setattr(RunFolder, "config", lambda self: older)
    assert unfinished_config(RunFolder.open(part)).network_shape.period_taps == 0
    older["network"]["layers"] += 1
    with pytest.raises(PartitaError, match="asks for another network"):
        unfinished_config(RunFolder.open(part))


@pytest.mark.parametrize(
    "names", [(), ("auto", "features"), ("none", "labels"), ("pitch",), ("notes", "notes")]
)
def test_conditions_that_make_no_sense_are_refused(names: tuple[str, ...]) -> None:
    with pytest.raises(PartitaError, match="give `auto` or `none`"):
        check_conditions(names)


def test_what_the_corpus_lacks_is_refused_with_a_remedy(corpus: Corpus, make_config: Make) -> None:
    with pytest.raises(PartitaError, match=r"has none: prepare the recordings with `--notes`"):
        with_conditions(make_config(condition=("features", "notes")), corpus)


def test_both_tiers_learn_and_the_run_can_be_read_again(
    corpus: Corpus, two_tiers: Make, tmp_path: Path
) -> None:
    run = train(corpus, tmp_path / "run", two_tiers(steps=60, validations=3), quiet=True)
    folder = RunFolder.open(run)
    records = metrics.read(folder.metrics_path)
    scores = [record for record in records if record["kind"] == "validation"]
    assert scores[-1]["bits"] < scores[0]["bits"] and scores[-1]["frame_bits"] < scores[0]["frame_bits"]
    config = from_table(TrainConfig, folder.config()["training"], where="config.toml")
    assert config.network_shape.condition is not None and config.frames.model is not None
    assert folder.config()["frames"]["layout"]["bands"] == 4


@pytest.mark.parametrize("disturbed", [{}, {"input_noise": 1.0, "input_gain_db": 2.0, "augment": "on"}])
def test_an_interrupted_run_ends_with_the_same_bytes(
    corpus: Corpus, two_tiers: Make, tmp_path: Path, disturbed: dict[str, Any]
) -> None:
    config = two_tiers(steps=16, validations=2, **disturbed)
    whole = train(corpus, tmp_path / "whole", config, quiet=True)
    steps = iter(range(100))
    part = train(corpus, tmp_path / "part", config, quiet=True, stop=lambda: next(steps) == 6)
    resume(part, quiet=True)
    assert tensors_of(part) == tensors_of(whole)


@pytest.mark.parametrize("arm", ["policy", "gumbel", "pathwise", "report", "ddo"])
def test_arms_train_a_network_with_a_condition_and_resume(
    corpus: Corpus, two_tiers: Make, tmp_path: Path, adversary: AdversaryConfig, arm: str
) -> None:
    config = two_tiers(steps=6, targets=1024, adversary=replace(adversary, warmup=0))
    small: dict[str, Any] = {
        "clips": 4,
        "length": 64,
        "initial_length": 64,
        "prompt_tail": 256,
        "redraw_every": 2,
    }
    config = with_arm(replace(config, rollout=replace(config.rollout, **small)), arm)
    whole = train(corpus, tmp_path / "whole", config, quiet=True)
    steps = iter(range(100))
    part = train(corpus, tmp_path / "part", config, quiet=True, stop=lambda: next(steps) == 2)
    resume(part, quiet=True)
    assert tensors_of(part) == tensors_of(whole)


def test_clips_of_a_rollout_are_drawn_with_the_frames_of_their_own_places(
    corpus: Corpus, two_tiers: Make, tmp_path: Path, adversary: AdversaryConfig
) -> None:
    """The probabilities of a drawn clip are those that the network gives with the clip's conditions."""
    config = two_tiers(steps=1, targets=1024, batch=3, augment="off", adversary=adversary)
    small: dict[str, Any] = {"clips": 6, "length": 100, "initial_length": 100, "growth": 0.0}
    config = resolve(with_arm(replace(config, rollout=replace(config.rollout, **small)), "policy"))
    run = create_run(corpus, tmp_path / "run", config)
    batch = run.windows.next()
    conditions = window_conditions(batch, torch.device("cpu"))
    assert conditions is not None
    assert isinstance(run.train_step, WaveNetStep) and run.train_step.free_running is not None
    free, generator = run.train_step.free_running, run.train_step.generator
    with torch.no_grad():  # the condition decides, and the draws nearly nothing
        assert generator.conditioner is not None
        generator.conditioner.skips.mul_(50.0)
        generator.end2.mul_(20.0)
    valid = torch.from_numpy(batch.valid)
    clips = free.draw_clips(generator, RolloutBatch(torch.from_numpy(batch.classes), valid, conditions), 1.0)
    past = generator.receptive_field
    inputs = torch.cat([clips.prompt_tail(past), clips.drawn[:, :-1]], 1)
    given = clips.conditions_of(past)
    assert given is not None
    moved = Conditions(given.frames.roll(1, 0), given.start)
    with torch.no_grad():
        own = sample_nats(generator(inputs, given), clips.drawn).mean()
        others = sample_nats(generator(inputs, moved), clips.drawn).mean()
    assert float(own) < float(others) - 0.05


def test_the_frame_tier_keeps_its_best_average() -> None:
    config = FrameTierConfig(layout=FrameLayout(hop_length=160, bands=3), channels=8)
    tier = FrameTier(config, seed=0, compute=ComputeDevice(torch.device("cpu"), False))
    frames, valid = np.zeros((2, 6, 5), np.float32), np.ones((2, 5), bool)
    tier.keep_if_better(3.0)
    kept = {name: value.clone() for name, value in tier.best.state_dict().items()}
    tier.update(frames, valid, progress=0.5)
    tier.keep_if_better(3.5)
    assert all(torch.equal(kept[name], value) for name, value in tier.best.state_dict().items())
    tier.keep_if_better(2.5)
    assert not all(torch.equal(kept[name], value) for name, value in tier.best.state_dict().items())
    copy = FrameTier(config, seed=1, compute=tier_device())
    copy.restore(
        {name: {key: value.clone() for key, value in file.items()} for name, file in tier.tensors().items()}
    )
    assert copy.best_bits == 2.5 and math.isclose(copy.step, 1)


def test_before_the_first_score_a_checkpoint_draws_with_the_average() -> None:
    config = FrameTierConfig(layout=FrameLayout(hop_length=160, bands=3), channels=8)
    tier = FrameTier(config, seed=0, compute=tier_device())
    tier.update(np.zeros((2, 6, 5), np.float32), np.ones((2, 5), bool), progress=0.5)
    saved = tier.tensors()
    assert all(
        torch.equal(value, saved["frames-average"][name]) for name, value in saved["frames-best"].items()
    )


def test_windows_without_a_target_change_nothing_into_nan() -> None:
    config = FrameTierConfig(layout=FrameLayout(hop_length=160, bands=3), channels=8)
    tier = FrameTier(config, seed=0, compute=tier_device())
    numbers = tier.update(np.zeros((1, 6, 5), np.float32), np.zeros((1, 5), bool), progress=0.5)
    assert float(numbers["frame_nats"]) == 0.0


def tier_device() -> ComputeDevice:
    return ComputeDevice(torch.device("cpu"), False)


def test_clips_start_from_sound_of_the_usual_level(corpus: Corpus) -> None:
    """Regression: from frames of the louder half, clips began some 4 dB too loud."""
    layout = FrameLayout(hop_length=hop_length_for(corpus.sample_rate), bands=6)
    frames, starts = training_frames(corpus, layout)
    voiced = frames[frames[:, layout.bands + 1] >= 0.5]
    levels, chosen = voiced[:, : layout.bands].mean(1), starts[:, : layout.bands].mean(1)
    assert (
        np.quantile(levels, 0.25) - 1e-5 <= chosen.min() and chosen.max() <= np.quantile(levels, 0.75) + 1e-5
    )
    assert (starts[:, layout.bands + 1] >= 0.5).all()
