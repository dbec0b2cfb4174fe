import json
from dataclasses import replace
from pathlib import Path

import pytest

from partita.cli.evaluate import read as read_evaluate
from partita.errors import PartitaError
from partita.listening.demo_home import Home
from partita.listening.demo_page import scored_as
from partita.listening.demo_plan import (
    ARMS,
    DemoConfig,
    etudes_for,
    going_on,
    scoring,
    shares,
    training,
    training_minutes,
)


@pytest.mark.parametrize("minutes", [0.2, 1, 3, 10, 60, 600])
def test_the_plan_fits_the_time(minutes: float) -> None:
    config = DemoConfig(minutes=minutes)
    every = training_minutes(config, seconds_gone=0.05 * 60 * minutes)
    together, apart = shares(every)
    assert together + len(ARMS) * apart == pytest.approx(every, abs=0.01)
    assert every <= max(0.15, 0.8 * minutes)
    etudes = etudes_for(minutes)
    assert 240 <= etudes.count * etudes.seconds <= max(240, 60 * minutes)


@pytest.mark.parametrize("held_out", [3.0, 10.0, 30.0, 120.0, 5000.0])
def test_clips_fit_into_the_held_out_sound(held_out: float) -> None:
    plan = scoring(DemoConfig(device="cpu"), held_out=[held_out])
    assert plan.clips >= 4
    assert plan.clips * (plan.seconds + plan.opening_seconds) <= 0.6 * held_out
    assert plan.device == "cpu"


def test_the_printed_command_scores_what_the_page_shows() -> None:
    plan = scoring(DemoConfig(seed=1234567), held_out=[20.0])
    about = {
        "clips": plan.clips,
        "clip_seconds": plan.seconds,
        "opening_seconds": plan.opening_seconds,
        "bits_seconds": plan.bits_seconds,
        "temperature": plan.temperature,
        "seed": plan.seed,
    }
    words = scored_as(about).split()
    assert read_evaluate(["run", "corpus", *words]).config == plan


def test_held_out_studies_are_among_those_written() -> None:
    from fnmatch import fnmatchcase

    for minutes in (1, 10):
        etudes = etudes_for(minutes)
        names = [f"etude-{number:02d}.wav" for number in range(1, etudes.count + 1)]
        test, validation = ({n for n in names if fnmatchcase(n, g)} for g in (etudes.test, etudes.validation))
        assert len(test) == etudes.count // 4
        assert validation
        assert not test & validation


def test_the_arms_take_up_the_learning_rate_where_the_start_left_it() -> None:
    config = DemoConfig(minutes=10)
    start, arm = training(config, minutes=5), going_on(config, minutes=2, steps=3000)
    assert start.learning_rate == 4e-3
    assert start.settle == 400
    assert arm.learning_rate == pytest.approx(1.372e-3, rel=1e-3)  # 4e-3 / sqrt(1 + 3000 / 400)
    assert arm.floor < 1.0 == start.floor
    assert not arm.settle


def test_mistakes_are_refused_before_anything_is_written(tmp_path: Path) -> None:
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
    config = DemoConfig(out=tmp_path / "demo", recordings=tmp_path / "nowhere")
    with pytest.raises(PartitaError, match="nowhere does not exist"):
        Home(config).take()
    assert not config.out.exists()


def test_a_folder_with_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(PartitaError, match="is no demo"):
        Home(DemoConfig(out=tmp_path)).take()
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_settings_are_settled_when_training_begins(tmp_path: Path) -> None:
    config = DemoConfig(out=tmp_path / "demo", minutes=2)
    Home(config).take()
    other = replace(config, minutes=3)
    Home(other).take()  # nothing was trained yet: another wish is welcome
    minutes = Home(other).begin_training(seconds_gone=10)
    assert Home(other).begin_training(seconds_gone=100) == minutes  # what was noted stays
    Home(other).take()
    with pytest.raises(PartitaError, match=r"begun with `minutes` 3.*now it is 2"):
        Home(config).take()


def test_a_damaged_note_is_named(tmp_path: Path) -> None:
    (tmp_path / "demo.json").write_text(json.dumps({"format": 99}))
    with pytest.raises(PartitaError, match="can't be read"):
        Home(DemoConfig(out=tmp_path)).take()
