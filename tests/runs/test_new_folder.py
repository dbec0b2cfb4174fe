"""The folder of a new run: existing files stay, and files of a killed process are removed."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from partita import storage
from partita.errors import PartitaError
from partita.runs import folder
from partita.runs.checkpoint import Checkpoint, save_checkpoint
from partita.runs.folder import RunFolder
from partita.runs.new_folder import is_available

Make = Callable[..., Checkpoint]
Table = dict[str, Any]
LAYOUT = ["checkpoints", "config.toml", "metrics.jsonl"]


def names(path: Path) -> list[str]:
    return sorted(entry.name for entry in path.iterdir())


def test_an_empty_folder_is_filled_and_stays_the_same_folder(
    tmp_path: Path, table: Table, checkpoint: Make
) -> None:
    path = tmp_path / "run"
    path.mkdir(mode=0o750)
    before = path.stat()
    run = RunFolder.create(path, table, checkpoint(0))
    assert (path.stat().st_ino, path.stat().st_mode) == (before.st_ino, before.st_mode)
    assert names(path) == LAYOUT
    assert run.config() == {"format": 2} | table


@pytest.mark.parametrize("there", [True, False])
def test_a_link_stays_and_the_run_is_at_its_target(
    tmp_path: Path, table: Table, checkpoint: Make, there: bool
) -> None:
    # regression: the link could not be replaced, "Not a directory"
    big, link = tmp_path / "big", tmp_path / "link"
    if there:
        big.mkdir()
    link.symlink_to("big")
    assert RunFolder.create(link, table, checkpoint(0)).steps() == [0]
    assert link.is_symlink()
    assert names(big) == LAYOUT
    assert names(tmp_path) == ["big", "link"]


@pytest.fixture
def volume(tmp_path: Path) -> Iterator[Path]:
    """A new file system with its `lost+found` folder."""
    path = tmp_path / "volume"
    path.mkdir()
    if shutil.which("mount") is None or os.geteuid() != 0:
        pytest.skip("mounting needs root")
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(path)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting is not allowed here")
    (path / "lost+found").mkdir()
    yield path
    subprocess.run(["umount", "-l", path], check=True)


def test_a_mount_point_is_filled(volume: Path, table: Table, checkpoint: Make) -> None:
    # regression: the mount point could not be removed, "Device or resource busy"
    assert RunFolder.create(volume, table, checkpoint(0)).steps() == [0]
    assert names(volume) == sorted([*LAYOUT, "lost+found"])


def test_a_failure_leaves_an_empty_folder_empty(
    tmp_path: Path, table: Table, checkpoint: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(folder, "save_checkpoint", fail)
    for path in (tmp_path / "there", tmp_path / "new"):
        if path.name == "there":
            path.mkdir()
        with pytest.raises(PartitaError, match="is full: no run was made"):
            RunFolder.create(path, table, checkpoint(0))
    assert names(tmp_path) == ["there"]
    assert names(tmp_path / "there") == []


@pytest.mark.parametrize("kept", [{"checkpoints"}, {"checkpoints", "metrics.jsonl"}, set()])
def test_files_that_a_killed_process_left_are_replaced(
    tmp_path: Path, table: Table, checkpoint: Make, kept: set[str]
) -> None:
    run = RunFolder.create(tmp_path / "run", table, checkpoint(0))
    for name in set(LAYOUT) - kept:
        entry = run.path / name
        shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    (run.path / ".run.0123abcd.part").mkdir()
    (tmp_path / ".run.89abcdef.part").mkdir()
    RunFolder.create(run.path, table, checkpoint(0))
    assert names(run.path) == LAYOUT
    assert names(tmp_path) == ["run"]


def test_checkpoints_of_a_run_without_a_config_are_not_leftovers(run: RunFolder, checkpoint: Make) -> None:
    run.save(checkpoint(5), keep=3, best=None)
    (run.path / "config.toml").unlink()
    with pytest.raises(PartitaError, match="exists and is not empty"):
        RunFolder.create(run.path, {}, checkpoint(0))
    assert run.steps() == [0, 5]


@pytest.mark.parametrize("there", [True, False])
def test_the_second_of_two_processes_that_make_one_run_gets_an_error(
    tmp_path: Path, table: Table, checkpoint: Make, monkeypatch: pytest.MonkeyPatch, there: bool
) -> None:
    # regression: "[Errno 39] Directory not empty" of a hidden folder
    path, save = tmp_path / "run", save_checkpoint
    if there:
        path.mkdir()
    else:

        def overtaken(*arguments: Any) -> None:
            monkeypatch.setattr(folder, "save_checkpoint", save)
            RunFolder.create(path, table, checkpoint(0))
            save(*arguments)

        monkeypatch.setattr(folder, "save_checkpoint", overtaken)
    words = (
        "another partita is writing"
        if there
        else "is now in use by another training run: give another folder with `--out`"
    )
    with storage.lock_folder(path if there else tmp_path), pytest.raises(PartitaError, match=words):
        RunFolder.create(path, table, checkpoint(0))
    assert names(tmp_path) == ["run"]
    assert names(path) == ([] if there else LAYOUT)


def test_mount_points_are_found_without_pathlib(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Path) -> bool:
        raise NotImplementedError("Path.is_mount() is unsupported on this system")  # Windows, Python 3.11

    monkeypatch.setattr(Path, "is_mount", refuse)
    assert is_available(tmp_path)


def test_a_link_to_itself_is_refused(tmp_path: Path) -> None:
    (tmp_path / "run").symlink_to("run")
    with pytest.raises(PartitaError, match="is a link to itself: give another folder"):
        is_available(tmp_path / "run")
    (tmp_path / "other").symlink_to("nowhere")
    assert is_available(tmp_path / "other")
