"""The demo and other processes: a folder in use is left alone, and files of a killed demo are removed."""

from dataclasses import replace
from pathlib import Path

import pytest

from partita.errors import PartitaError
from partita.experiments.demo.config import DemoConfig
from partita.experiments.demo.folder import DemoFolder
from partita.experiments.demo.run import demo
from partita.storage import lock_folder, temporary_path


def test_a_demo_in_use_is_left_alone(tmp_path: Path) -> None:
    config = DemoConfig(out=tmp_path / "demo")
    with DemoFolder(config).lock():
        pass
    content = (config.out / "demo.json").read_bytes()
    for other in (config, replace(config, seed=7)):  # settings may change, since nothing is trained yet
        with lock_folder(config.out), pytest.raises(PartitaError, match="another partita is writing to"):
            demo(other, log=lambda _line: None)
        assert (config.out / "demo.json").read_bytes() == content


def test_nothing_is_written_into_a_folder_that_another_process_has_just_made(tmp_path: Path) -> None:
    with lock_folder(tmp_path), pytest.raises(PartitaError, match="another partita is writing to"):
        demo(DemoConfig(out=tmp_path), log=lambda _line: None)
    assert not list(tmp_path.iterdir())


def test_leftovers_of_a_killed_demo_are_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = DemoConfig(out=tmp_path / "demo")
    with DemoFolder(config).lock():
        pass
    left = [
        temporary_path(config.out / place) for place in ("report.html", "runs/start/checkpoints/step-000004")
    ]
    left[1].mkdir(parents=True)
    left[0].touch()

    def stop(*_: object, **__: object) -> None:
        raise PartitaError("stopped before the recordings are composed")

    monkeypatch.setattr("partita.experiments.demo.run.write_etudes", stop)
    with pytest.raises(PartitaError, match="stopped before"):
        demo(config, log=lambda _line: None)
    assert not any(path.exists() for path in left)
    assert (config.out / "demo.json").is_file()
