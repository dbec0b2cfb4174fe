import json
from dataclasses import replace
from pathlib import Path

import pytest

from partita.cli.evaluate import read as read_evaluate
from partita.errors import PartitaError
from partita.experiments.demo.config import (
    ARMS,
    LEAST,
    DemoConfig,
    etudes_for,
    going_on,
    scoring,
    shares,
    training,
)
from partita.experiments.demo.folder import Home, Settled
from partita.experiments.demo.page import busy_while, scored_as
from partita.experiments.demo.run import demo
from partita.experiments.demo.time_budget import SCORING_SHARE, Costs, lateness, scaled, training_minutes
from partita.runs import metrics
from partita.runs.checkpoint_state import write_state
from partita.storage import beside, sole_writer

COSTS = {
    "quick": Costs(clips=8, temperature=0.2, drawing=0.5, bits=0.02),
    "slow": Costs(clips=8, temperature=2.0, drawing=5.0, bits=0.5),
}


def take(config: DemoConfig) -> None:
    with Home(config).take():
        pass


@pytest.mark.parametrize("costs", COSTS.values(), ids=COSTS)
@pytest.mark.parametrize("minutes", [0.5, 1, 2, 3, 10, 60, 600])
def test_the_plan_fits_the_time(minutes: float, costs: Costs) -> None:
    """Whatever the machine, or it is said beforehand that it takes longer."""
    config, gone = DemoConfig(minutes=minutes), 20.0
    plan = scoring(config, held_out=[3600.0])
    plan = scaled(plan, costs, seconds=SCORING_SHARE * (60 * minutes - gone))
    after = costs.of(plan)
    every = training_minutes(config, seconds_gone=gone, seconds_after=after)
    together, apart = shares(every)
    assert together + len(ARMS) * apart == pytest.approx(every, abs=0.01)
    whole = gone + 60 * every + after
    words = lateness(config, seconds_gone=gone, seconds_after=after)
    assert (words is None) == (whole <= 1.15 * 60 * minutes)
    if words is None:
        assert whole >= 0.9 * 60 * minutes or plan.clips < 16  # no time is given away
    else:
        assert every == LEAST
        assert float(words.split("takes about ")[1].split(" ")[0]) == pytest.approx(whole / 60, abs=0.11)


def test_scoring_is_scaled_down_to_its_time_and_not_below_a_least() -> None:
    plan = scoring(DemoConfig(minutes=10), held_out=[3600.0])
    assert scaled(plan, COSTS["quick"], seconds=1000.0) == plan
    less = scaled(plan, COSTS["slow"], seconds=60.0)
    assert COSTS["slow"].of(less) <= 60.0
    assert (less.clips, less.seconds) == (8, plan.seconds)
    least = scaled(plan, COSTS["slow"], seconds=0.0)
    assert (least.clips, least.bits_seconds) == (4, 10.0)


@pytest.mark.parametrize("minutes", [0.2, 1, 3, 10, 60, 600])
def test_studies_are_as_long_as_the_demo(minutes: float) -> None:
    etudes = etudes_for(minutes)
    assert 240 <= etudes.count * etudes.seconds <= max(240, 60 * minutes)


@pytest.mark.parametrize("held_out", [3.0, 10.0, 30.0, 120.0, 5000.0])
def test_clips_fit_into_the_held_out_sound(held_out: float) -> None:
    plan = scoring(DemoConfig(device="cpu"), held_out=[held_out])
    assert plan.clips >= 4
    assert plan.clips * (plan.seconds + plan.prompt_seconds) <= 0.6 * held_out
    assert plan.device == "cpu"


def test_the_printed_command_scores_what_the_page_shows() -> None:
    plan = scoring(DemoConfig(seed=1234567), held_out=[20.0])
    about = {
        "clips": plan.clips,
        "clip_seconds": plan.seconds,
        "opening_seconds": plan.prompt_seconds,
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
    assert start.lr_decay_steps == 400
    assert arm.learning_rate == pytest.approx(1.372e-3, rel=1e-3)  # 4e-3 / sqrt(1 + 3000 / 400)
    assert arm.lr_floor < 1.0 == start.lr_floor
    assert not arm.lr_decay_steps


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
        take(config)
    assert not config.out.exists()


def test_a_folder_with_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(PartitaError, match="is no demo"):
        take(DemoConfig(out=tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_settings_are_settled_when_training_begins(tmp_path: Path) -> None:
    config = DemoConfig(out=tmp_path / "demo", minutes=2)
    take(config)
    assert Home(config).settled is None
    other = replace(config, minutes=3)
    take(other)  # nothing was trained yet: another wish is welcome
    settled = Settled(training_minutes=2.0, clips=8, bits_seconds=24.0)
    Home(other).settle(settled)
    take(other)
    assert Home(other).settled == settled
    with pytest.raises(PartitaError, match=r"begun with `minutes` 3.*now it is 2"):
        take(config)


def test_the_note_of_an_older_demo_is_read(tmp_path: Path) -> None:
    config = DemoConfig(out=tmp_path / "demo", minutes=2)
    config.out.mkdir()
    note = {"format": 2, "settings": config.settings, "training_minutes": 1.5}
    (config.out / "demo.json").write_text(json.dumps(note))
    take(config)
    assert Home(config).settled == Settled(training_minutes=1.5)


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        ({"format": 99}, r"`format` .* is 99, must be 2"),
        ({"format": "2"}, r"`format` .* is '2', must be an integer"),
        ({"format": None}, "`format`"),
        ({"settings": []}, r"`settings` .* must be a table"),
        ({"settings": {}}, r"`settings.minutes` is missing"),
        ({"training_minutes": "1"}, r"`training_minutes` .* must be a number"),
        ({"training_minutes": 1500}, r"`training_minutes` .* must be at most"),
        ({"clips": 0}, r"`clips` .* must be an integer of at least 4"),
        ({"bits_seconds": [3]}, r"`bits_seconds` .* must be a number"),
    ],
    ids=str,
)
def test_a_damaged_note_is_named(tmp_path: Path, damage: dict[str, object], words: str) -> None:
    config = DemoConfig(out=tmp_path, minutes=2)
    note = {"format": 2, "settings": config.settings, "training_minutes": 1.5} | damage
    (tmp_path / "demo.json").write_text(json.dumps(note))
    with pytest.raises(PartitaError, match=rf"{words}.*give another folder with `--out`"):
        take(config)


@pytest.mark.parametrize("text", ["", "{", "[1]", "[" * 100_000, '{"format": NaN}', "\x00"])
def test_a_note_that_is_no_table_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "demo.json").write_text(text)
    with pytest.raises(PartitaError, match=r"demo\.json is damaged .*give another folder with `--out`"):
        take(DemoConfig(out=tmp_path))


def test_a_start_that_was_killed_at_once_is_no_hindrance(tmp_path: Path) -> None:
    beside(tmp_path / "demo.json").write_text("{")
    take(DemoConfig(out=tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["demo.json"]


def test_a_demo_in_use_is_not_disturbed(tmp_path: Path) -> None:
    config = DemoConfig(out=tmp_path / "demo")
    take(config)
    note = (config.out / "demo.json").read_bytes()
    for other in (config, replace(config, seed=7)):  # of a demo that has not begun to train
        with sole_writer(config.out), pytest.raises(PartitaError, match="another partita is writing to"):
            demo(other, say=lambda _line: None)
        assert (config.out / "demo.json").read_bytes() == note


def test_a_demo_whose_folder_was_just_made_by_another_notes_nothing_in_it(tmp_path: Path) -> None:
    with sole_writer(tmp_path), pytest.raises(PartitaError, match="another partita is writing to"):
        demo(DemoConfig(out=tmp_path), say=lambda _line: None)
    assert not list(tmp_path.iterdir())


def test_leftovers_of_a_killed_demo_are_cleared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = DemoConfig(out=tmp_path / "demo")
    take(config)
    left = [beside(config.out / place) for place in ("report.html", "runs/start/checkpoints/step-000004")]
    left[1].mkdir(parents=True)
    left[0].touch()
    monkeypatch.setattr("partita.experiments.demo.run._made", lambda *_: config.out / "report.html")
    demo(config, say=lambda _line: None)
    assert not any(path.exists() for path in left)
    assert (config.out / "demo.json").is_file()


def test_a_machine_that_was_busy_for_one_arm_is_named_on_the_page(tmp_path: Path) -> None:
    for arm, processor in zip(ARMS, ((2.0, 2.0), (2.0, 0.8)), strict=True):
        run = tmp_path / "runs" / arm
        (run / "checkpoints" / "step-000020").mkdir(parents=True)
        write_state(run / "checkpoints" / "step-000020", {"step": 20}, {})
        (run / "config.toml").touch()
        for step in range(20):
            turn = {
                "kind": "turn",
                "step": step,
                "wall_seconds": 1.0,
                "processor_seconds": processor[step % 2],
            }
            metrics.append(run / "metrics.jsonl", turn)
    said = busy_while(tmp_path)
    assert said is not None and said.startswith("the machine was busy while report trained: it got 68%")
    (tmp_path / "runs" / "report" / "metrics.jsonl").write_bytes(
        (tmp_path / "runs" / "likelihood" / "metrics.jsonl").read_bytes()
    )
    assert busy_while(tmp_path) is None
