"""The demo's configuration: studies, training and evaluation configs, and the refusal of wrong values."""

from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from partita.errors import PartitaError
from partita.experiments.demo.config import (
    DemoConfig,
    arm_training,
    etudes_for,
    evaluation_config,
    start_training,
)


@pytest.mark.parametrize("minutes", [0.2, 1, 3, 10, 60, 600])
def test_studies_are_as_long_as_the_demo(minutes: float) -> None:
    etudes = etudes_for(minutes)
    assert 240 <= etudes.count * etudes.seconds <= max(240, 60 * minutes)


@pytest.mark.parametrize("minutes", [1, 10])
def test_held_out_studies_are_among_those_written(minutes: float) -> None:
    etudes = etudes_for(minutes)
    names = [f"etude-{number:02d}.wav" for number in range(1, etudes.count + 1)]
    test = {name for name in names if fnmatchcase(name, etudes.test)}
    validation = {name for name in names if fnmatchcase(name, etudes.validation)}
    assert len(test) == etudes.count // 4
    assert validation
    assert not test & validation


@pytest.mark.parametrize("held_out", [3.0, 10.0, 30.0, 120.0, 5000.0])
def test_clips_fit_into_the_held_out_sound(held_out: float) -> None:
    plan = evaluation_config(DemoConfig(device="cpu"), held_out=[held_out])
    assert plan.clips >= 4
    assert plan.clips * (plan.seconds + plan.prompt_seconds) <= 0.6 * held_out
    assert plan.device == "cpu"


def test_a_demo_that_starts_from_a_model_has_its_shape_and_rate(etude_run: Path) -> None:
    config = DemoConfig(start_from=str(etude_run), sample_rate=8000, minutes=30)
    assert (config.network_size, start_training(config, minutes=1).size) == ("small", "tiny")
    assert config.settings["start_from"] == str(etude_run)
    with pytest.raises(PartitaError, match="leave out `--size`"):
        DemoConfig(start_from=str(etude_run), sample_rate=8000, size="small")
    with pytest.raises(PartitaError, match="give `--sample-rate 8000`"):
        DemoConfig(start_from=str(etude_run))


def test_the_arms_continue_at_the_learning_rate_of_the_start() -> None:
    config = DemoConfig(minutes=10)
    start, arm = start_training(config, minutes=5), arm_training(config, minutes=2, steps=3000)
    assert start.learning_rate == 4e-3
    assert start.lr_decay_steps == 400
    assert arm.learning_rate == pytest.approx(1.372e-3, rel=1e-3)  # 4e-3 / sqrt(1 + 3000 / 400)
    assert arm.lr_floor < 1.0 == start.lr_floor
    assert not arm.lr_decay_steps


def test_wrong_values_are_refused(tmp_path: Path) -> None:
    with pytest.raises(PartitaError, match="`minutes` is 0"):
        DemoConfig(minutes=0)
    with pytest.raises(PartitaError, match="`size` is 'huge'"):
        DemoConfig(size="huge")
    with pytest.raises(PartitaError, match="`device` is 'gpu'"):
        DemoConfig(device="gpu")
    with pytest.raises(PartitaError, match="`sample_rate` is 10"):
        DemoConfig(sample_rate=10)
    with pytest.raises(PartitaError, match="`sample_rate` is 2000"):
        DemoConfig(sample_rate=2000)
    assert DemoConfig(sample_rate=2000, recordings=tmp_path).sample_rate == 2000
