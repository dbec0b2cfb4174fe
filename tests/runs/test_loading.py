"""Load a model from a run and draw from it; damaged runs raise an error."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from partita.errors import PartitaError
from partita.runs.checkpoint import Checkpoint
from partita.runs.config import write_toml
from partita.runs.folder import RunFolder
from partita.runs.loading import load
from partita.sampling.config import SamplingConfig

Make = Callable[..., Checkpoint]


def test_the_averaged_weights_are_loaded_if_there_are_any(run: RunFolder, checkpoint: Make) -> None:
    run.save(checkpoint(10), keep=3, best=None)
    loaded = load(run.path)
    assert (loaded.step, loaded.name, loaded.sample_rate) == (10, "run", 8000)
    assert torch.equal(loaded.wavenet.end2, checkpoint(10).tensors["average"]["end2"])
    plain = Checkpoint(tensors={"generator": checkpoint(20).tensors["generator"]}, state={"step": 20})
    run.save(plain, keep=3, best=None)
    assert torch.equal(load(run.path).wavenet.end2, checkpoint(20).tensors["generator"]["end2"])


def test_one_checkpoint_of_a_run_can_be_loaded(
    run: RunFolder, checkpoint: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    run.save(checkpoint(10), keep=3, best=None)
    assert load(run.checkpoint_path(0)).step == 0
    monkeypatch.chdir(run.checkpoint_path(0))
    assert load(".").step == 0


def test_a_moved_run_loads(run: RunFolder, tmp_path: Path) -> None:
    shutil.move(run.path, tmp_path / "elsewhere")
    assert load(tmp_path / "elsewhere").name == "elsewhere"


def test_the_seed_determines_the_clips_and_a_stream_draws_the_same(run: RunFolder) -> None:
    loaded = load(run.path)
    prompt = np.sin(np.arange(50) / 5)
    clips = loaded.draw(seconds=0.01, clips=2, seed=3, prompt=prompt)
    assert clips.shape == (2, 80)
    assert clips.dtype == np.float32
    assert np.abs(clips).max() <= 1
    blocks = loaded.stream(seconds=0.01, clips=2, prompt=prompt, config=SamplingConfig(seed=3, block=32))
    assert np.array_equal(np.concatenate(list(blocks), 1), clips)
    assert not np.array_equal(loaded.draw(seconds=0.01, clips=2, seed=4, prompt=prompt), clips)


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf")])
def test_an_invalid_length_is_refused(run: RunFolder, seconds: float) -> None:
    with pytest.raises(PartitaError, match="`seconds`"):
        load(run.path).draw(seconds=seconds)


def test_a_run_without_a_checkpoint_is_refused(run: RunFolder) -> None:
    shutil.rmtree(run.checkpoint_path(0))
    with pytest.raises(PartitaError, match="no checkpoint yet"):
        load(run.path)


def test_a_truncated_weights_file_is_refused(run: RunFolder) -> None:
    path = run.newest_checkpoint() / "average.safetensors"
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(PartitaError, match=r"average\.safetensors is damaged"):
        load(run.path)


def test_weights_of_another_network_are_refused(run: RunFolder) -> None:
    path, table = run.path / "config.toml", run.config()
    table["network"]["end_channels"] = 16
    write_toml(path, table)
    with pytest.raises(PartitaError, match="config and weights are from different runs"):
        load(run.path)


def test_an_unknown_key_of_the_network_is_refused(run: RunFolder) -> None:
    path, table = run.path / "config.toml", run.config()
    table["network"]["heads"] = 16
    write_toml(path, table)
    with pytest.raises(PartitaError, match=r"`heads` in .*config\.toml"):
        load(run.path)
