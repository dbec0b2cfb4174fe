"""Checkpoints are written atomically and read exactly; damage raises an error."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from partita.errors import PartitaError
from partita.runs.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from partita.runs.checkpoint_state import read_state
from partita.runs.folder import RunFolder
from partita.runs.optimizer_state import optimizer_tensors, restore_optimizer
from partita.runs.tensors import read_tensors

Make = Callable[..., Checkpoint]


def test_tensors_and_state_are_read_exactly(tmp_path: Path) -> None:
    generator = torch.Generator().manual_seed(1)
    tensors = {
        "random": {"rollout": generator.get_state()},
        "generator": {
            "w": torch.randn(3, 4, generator=generator).T,
            "empty": torch.zeros(0, 2),
            "n": torch.tensor(3),
        },
    }
    save_checkpoint(tmp_path / "c", Checkpoint(tensors=tensors, state={"step": 4, "sum": 0.1 + 0.2}))
    loaded = load_checkpoint(tmp_path / "c")
    assert loaded.step == 4
    assert loaded.state["sum"] == 0.1 + 0.2
    assert loaded.tensors.keys() == tensors.keys()
    for group, named in tensors.items():
        for name, value in named.items():
            assert torch.equal(loaded.tensors[group][name], value)
            assert loaded.tensors[group][name].dtype == value.dtype


def test_saving_a_step_again_replaces_only_the_state(tmp_path: Path, checkpoint: Make) -> None:
    save_checkpoint(tmp_path / "c", checkpoint(1))
    # regression: the folder was removed before the new one was complete
    before = {path.name: path.stat().st_ino for path in (tmp_path / "c").glob("*.safetensors")}
    save_checkpoint(tmp_path / "c", checkpoint(1, finished=True))
    assert before
    assert {path.name: path.stat().st_ino for path in (tmp_path / "c").glob("*.safetensors")} == before
    assert read_state(tmp_path / "c")["finished"]
    assert os.listdir(tmp_path) == ["c"]  # noqa: PTH208


@pytest.mark.parametrize("make", [torch.optim.AdamW, torch.optim.Adam])
def test_a_restored_optimizer_continues_bitwise(make: Any, tmp_path: Path) -> None:
    def new_optimizer() -> tuple[torch.nn.Parameter, torch.optim.Optimizer]:
        weight = torch.nn.Parameter(torch.ones(5))
        return weight, make([weight], lr=0.1)

    def steps(weight: torch.nn.Parameter, optimizer: torch.optim.Optimizer, numbers: range) -> None:
        for number in numbers:
            weight.grad = torch.sin(torch.arange(5.0) * number)
            optimizer.step()

    through, optimizer = new_optimizer()
    steps(through, optimizer, range(6))
    first, optimizer = new_optimizer()
    steps(first, optimizer, range(3))
    tensors = {"optimizer": optimizer_tensors(optimizer), "generator": {"w": first.detach()}}
    save_checkpoint(tmp_path / "c", Checkpoint(tensors=tensors, state={"step": 3}))
    back = load_checkpoint(tmp_path / "c").tensors
    second, optimizer = new_optimizer()
    second.data.copy_(back["generator"]["w"])
    restore_optimizer(optimizer, back["optimizer"])
    steps(second, optimizer, range(3, 6))
    assert torch.equal(second, through)


@pytest.mark.parametrize("left", [0, 4, 100, -1])
def test_a_truncated_file_is_named_in_the_error(tmp_path: Path, checkpoint: Make, left: int) -> None:
    save_checkpoint(tmp_path / "c", checkpoint(1))
    path = tmp_path / "c" / "generator.safetensors"
    path.write_bytes(path.read_bytes()[:left])
    with pytest.raises(PartitaError, match=r"generator\.safetensors is damaged .* remove"):
        load_checkpoint(tmp_path / "c")


def test_a_missing_file_is_named_in_the_error(tmp_path: Path) -> None:
    with pytest.raises(PartitaError, match=r"generator\.safetensors is missing"):
        read_tensors(tmp_path / "generator.safetensors")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"step": 3}', "[" * 100_000, '{"format": 1e999}'])
def test_a_damaged_state_is_named_in_the_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "state.json").write_text(text)
    with pytest.raises(PartitaError, match=r"state\.json.*: copy it again, or remove"):
        read_state(tmp_path)


def test_a_state_from_a_newer_version_is_refused(tmp_path: Path) -> None:
    (tmp_path / "state.json").write_text(json.dumps({"format": 99, "step": 1}))
    with pytest.raises(PartitaError, match="format 99, this version reads up to 1"):
        read_state(tmp_path)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a file system of 256 KiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if shutil.which("mount") is None or os.geteuid() != 0:
        pytest.skip("making a small disk needs root")
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(disk)], capture_output=True, check=False
    )
    if made.returncode:
        pytest.skip("mounting is not allowed here")
    yield disk
    subprocess.run(["umount", "-l", disk], check=True)


def fill_metrics(run: RunFolder) -> None:
    for number in range(100_000):
        run.log({"kind": "train", "step": number})


def test_a_full_disk_leaves_the_old_checkpoint(
    small_disk: Path, table: dict[str, Any], checkpoint: Make
) -> None:
    run = RunFolder.create(small_disk / "run", table, checkpoint(0))
    large = Checkpoint(tensors={"generator": {"w": torch.ones(100_000)}}, state={"step": 1})
    with pytest.raises(PartitaError, match="is full: earlier checkpoints are unchanged") as error:
        run.save(large, keep=1, best=None)
    assert f"--resume {run.path}" in str(error.value)
    assert run.steps() == [0]
    assert torch.equal(
        load_checkpoint(run.newest_checkpoint()).tensors["generator"]["end2"],
        checkpoint(0).tensors["generator"]["end2"],
    )
    assert {path.name for path in run.checkpoints_path.iterdir()} == {"last.txt", "step-000000"}
    with pytest.raises(PartitaError, match="is full"):
        fill_metrics(run)


def test_a_full_disk_leaves_no_incomplete_run(small_disk: Path, table: dict[str, Any]) -> None:
    large = Checkpoint(tensors={"generator": {"w": torch.ones(100_000)}}, state={"step": 0})
    # regression: the message advised to resume a run that did not exist
    with pytest.raises(
        PartitaError, match=r"is full: no run was made; .* run the same command again"
    ) as error:
        RunFolder.create(small_disk / "run", table, large)
    assert "--resume" not in str(error.value)
    assert list(small_disk.iterdir()) == []
