"""Run folders: made atomically, with old checkpoints removed; other folders are refused."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from partita.errors import PartitaError
from partita.runs import metrics
from partita.runs.checkpoint import Checkpoint
from partita.runs.config import write_toml
from partita.runs.folder import RunFolder

Make = Callable[..., Checkpoint]


def test_a_new_run_has_the_layout(run: RunFolder, table: dict[str, Any]) -> None:
    assert sorted(path.name for path in run.path.iterdir()) == ["checkpoints", "config.toml", "metrics.jsonl"]
    assert run.config() == {"format": 2} | table
    assert run.steps() == [0]
    assert not run.finished


def test_a_run_can_be_made_in_an_empty_folder(
    tmp_path: Path, table: dict[str, Any], checkpoint: Make
) -> None:
    (tmp_path / "run").mkdir()
    assert RunFolder.create(tmp_path / "run", table, checkpoint(0)).steps() == [0]


def test_a_run_is_not_overwritten_and_resuming_is_offered(run: RunFolder, checkpoint: Make) -> None:
    with pytest.raises(PartitaError, match=f"--resume {run.path}"):
        RunFolder.create(run.path, {}, checkpoint(0))


def test_other_files_are_not_overwritten(tmp_path: Path, checkpoint: Make) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(PartitaError, match="not empty: give another folder"):
        RunFolder.create(tmp_path, {}, checkpoint(0))
    with pytest.raises(PartitaError, match="not empty: give another folder"):
        RunFolder.create(tmp_path / "mine.txt", {}, checkpoint(0))


def test_the_last_few_and_the_best_are_kept(run: RunFolder, checkpoint: Make) -> None:
    for step in range(10, 70, 10):
        run.save(checkpoint(step), keep=2, best=min(step, 20))
    assert run.steps() == [20, 50, 60]
    assert run.newest_checkpoint().name == "step-000060"


def test_the_chosen_checkpoint_is_loaded(run: RunFolder, checkpoint: Make) -> None:
    run.save(checkpoint(10), keep=2, best=10)
    assert run.chosen_checkpoint().name == "step-000010"
    run.save(checkpoint(20, chosen=10, finished=True), keep=1, best=10)
    assert run.chosen_checkpoint().name == "step-000010"
    assert run.finished


def test_a_note_says_that_the_chosen_checkpoint_is_missing(
    run: RunFolder, checkpoint: Make, capsys: pytest.CaptureFixture[str]
) -> None:
    run.save(checkpoint(10), keep=2, best=10)
    run.save(checkpoint(20, chosen=10, finished=True), keep=1, best=10)
    run.chosen_checkpoint()
    assert capsys.readouterr().err == ""
    shutil.rmtree(run.checkpoint_path(10))
    assert run.chosen_checkpoint().name == "step-000020"
    (line,) = capsys.readouterr().err.splitlines()
    assert (
        "step-000010, the checkpoint that training chose, is missing" in line
        and "step-000020 is used instead" in line
    )


def test_a_note_says_that_the_last_checkpoint_is_missing(
    run: RunFolder, checkpoint: Make, capsys: pytest.CaptureFixture[str]
) -> None:
    for step in (10, 20):
        run.save(checkpoint(step), keep=2, best=None)
    last = run.checkpoints_path / "last.txt"
    for text in ("step-000010\n", "step-99999999999999999999\n", "?", "\udcff\n"):
        last.write_bytes(text.encode(errors="surrogateescape"))
        assert run.chosen_checkpoint().name == "step-000020"
    assert capsys.readouterr().err == "", "an older or damaged `last.txt` is ignored"
    run.save(checkpoint(30), keep=2, best=None)
    shutil.rmtree(run.checkpoint_path(30))
    assert run.chosen_checkpoint().name == "step-000020"
    (line,) = capsys.readouterr().err.splitlines()
    assert (
        "step-000030, the checkpoint that was saved last, is missing" in line
        and "step-000020 is used instead" in line
    )
    (line,) = run.discard_unsaved()
    assert "step-000030, the checkpoint that was saved last, is missing" in line and "continues from" in line


def test_steps_sort_as_numbers(run: RunFolder, checkpoint: Make) -> None:
    for step in (999_999, 1_000_000):
        run.save(checkpoint(step), keep=9, best=None)
    assert run.steps() == [0, 999_999, 1_000_000]


def test_records_after_the_checkpoint_and_temporary_files_are_discarded(
    run: RunFolder, checkpoint: Make
) -> None:
    run.log({"kind": "train", "step": 10})
    run.save(checkpoint(10), keep=3, best=None)
    run.log({"kind": "train", "step": 20})
    (run.checkpoints_path / ".step-000020.0123abcd.part").mkdir()
    newest, messages = run.newest_checkpoint(), run.discard_unsaved()
    assert (newest.name, messages) == ("step-000010", [])
    assert metrics.read(run.metrics_path) == [{"kind": "train", "step": 10}]
    assert [path.name for path in run.checkpoints_path.glob(".*")] == []


def test_a_config_from_a_newer_version_is_refused(run: RunFolder) -> None:
    write_toml(run.path / "config.toml", {"format": 7} | run.config() | {"format": 7})
    with pytest.raises(PartitaError, match="format 7, this version reads up to 2: install a newer partita"):
        run.config()


def test_unknown_and_missing_sections_are_refused(run: RunFolder) -> None:
    path, table = run.path / "config.toml", run.config()
    write_toml(path, table | {"extra": {"a": 1}})
    with pytest.raises(PartitaError, match="unknown sections extra"):
        run.config()
    write_toml(path, {name: value for name, value in table.items() if name != "network"})
    with pytest.raises(PartitaError, match="lacks network"):
        run.config()


def test_a_folder_that_is_not_a_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PartitaError, match="does not exist"):
        RunFolder.open(tmp_path / "nowhere")
    with pytest.raises(PartitaError, match="is not a run"):
        RunFolder.open(tmp_path)
