"""The speed of this machine: kept in a file, measured by real updates, and cancelled by a training."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from partita.app.train import speed
from partita.app.train.measuring import updates_per_second
from partita.app.train.settings import RunSettings
from partita.app.train.speed import Speeds
from partita.errors import PartitaError


def test_a_speed_is_kept_for_each_size_and_start(tmp_path: Path, settings: RunSettings) -> None:
    speeds = Speeds(tmp_path / "page" / "speed.json")
    assert speeds.known(settings) is None
    speeds.keep(settings, 2.5)
    again = Speeds(tmp_path / "page" / "speed.json")
    assert again.known(replace(settings, minutes=5)) == 2.5
    for other in (replace(settings, size="wide"), replace(settings, start="a"), replace(settings, threads=2)):
        assert again.known(other) is None


@pytest.mark.parametrize("content", ["", "{", "[]", '{"tiny, 1 threads": "fast"}', '{"tiny, 1 threads": -1}'])
def test_a_damaged_file_is_measured_again(tmp_path: Path, settings: RunSettings, content: str) -> None:
    (tmp_path / "speed.json").write_text(content)
    assert Speeds(tmp_path / "speed.json").known(settings) is None


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ('print(\'{"error": "there is no such corpus"}\')', "no such corpus"),
        ("raise SystemExit(1)", "lack of memory"),
        ("import time; time.sleep(60)", "cancelled"),
    ],
)
def test_a_measurement_that_fails_is_said(
    tmp_path: Path, settings: RunSettings, monkeypatch: pytest.MonkeyPatch, code: str, words: str
) -> None:
    async def measure() -> None:
        speeds = Speeds(tmp_path / "speed.json")
        measured = asyncio.create_task(speeds.measure(settings))
        while "cancelled" in words and not measured.done():
            await asyncio.sleep(0.05)
            speeds.cancel()
        await measured

    (tmp_path / "stand_in_for_measuring.py").write_text(code)
    monkeypatch.setattr(speed, "MODULE", "stand_in_for_measuring")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(PartitaError, match=words):
        asyncio.run(measure())
    assert not (tmp_path / "speed.json").exists()


@pytest.mark.slow
def test_real_updates_are_measured_and_nothing_is_left(settings: RunSettings) -> None:
    before = sorted(settings.corpus.parent.iterdir())
    assert updates_per_second(settings, seconds=0.1) > 0
    assert sorted(settings.corpus.parent.iterdir()) == before
