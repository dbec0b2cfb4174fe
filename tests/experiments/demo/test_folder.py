"""The demo's folder: when its settings may change, and the plan in its settings file."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from partita.errors import PartitaError
from partita.experiments.demo.config import DemoConfig
from partita.experiments.demo.folder import DemoFolder, DemoPlan


def take(config: DemoConfig) -> None:
    """Start a demo in its folder, or continue it, and do nothing."""
    with DemoFolder(config).lock():
        pass


def test_missing_recordings_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    config = DemoConfig(out=tmp_path / "demo", recordings=tmp_path / "nowhere")
    with pytest.raises(PartitaError, match="nowhere does not exist"):
        take(config)
    assert not config.out.exists()


def test_settings_are_fixed_when_the_training_starts(tmp_path: Path) -> None:
    config = DemoConfig(out=tmp_path / "demo", minutes=2)
    take(config)
    assert DemoFolder(config).plan is None
    other = replace(config, minutes=3)
    take(other)  # nothing was trained yet
    plan = DemoPlan(training_minutes=2.0, clips=8, bits_seconds=24.0)
    DemoFolder(other).save_plan(plan)
    take(other)
    assert DemoFolder(other).plan == plan
    with pytest.raises(PartitaError, match=r"was started with `minutes` 3.*now it is 2"):
        take(config)


def test_the_settings_file_of_an_older_version_is_read(tmp_path: Path) -> None:
    config = DemoConfig(out=tmp_path / "demo", minutes=2)
    config.out.mkdir()
    content = {"format": 2, "settings": config.settings, "training_minutes": 1.5}
    (config.out / "demo.json").write_text(json.dumps(content))
    take(config)
    assert DemoFolder(config).plan == DemoPlan(training_minutes=1.5)


@pytest.mark.parametrize(
    ("damage", "message"),
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
def test_a_wrong_value_in_the_settings_file_is_named(
    tmp_path: Path, damage: dict[str, object], message: str
) -> None:
    config = DemoConfig(out=tmp_path, minutes=2)
    content = {"format": 2, "settings": config.settings, "training_minutes": 1.5} | damage
    (tmp_path / "demo.json").write_text(json.dumps(content))
    with pytest.raises(PartitaError, match=rf"{message}.*give another folder with `--out`"):
        take(config)


@pytest.mark.parametrize("text", ["", "{", "[1]", "[" * 100_000, '{"format": NaN}', "\x00"])
def test_a_damaged_settings_file_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "demo.json").write_text(text)
    with pytest.raises(PartitaError, match=r"demo\.json is damaged .*give another folder with `--out`"):
        take(DemoConfig(out=tmp_path))
