"""A run's config of format 1 is read as format 2."""

import tomllib
from pathlib import Path

import numpy as np
import pytest

from partita.errors import PartitaError
from partita.runs.config import from_table, write_toml
from partita.runs.config_formats import upgrade_run_config, upgrade_training
from partita.runs.folder import RunFolder
from partita.runs.loading import load
from partita.training.config.presets import named_config
from partita.training.config.train import AdversaryConfig, CriticConfig, RolloutConfig, TrainConfig

FORMAT_1 = """
format = 1
digest = "667339bde4c72c5b"

[corpus]
path = "/corpora/violin"
relative = "../../corpora/violin"
fingerprint = "a25df0063d25e3b7a2db53ef5af6d8f5"
sample_rate = 16000

[network]
blocks = 1
layers = 2
residual_channels = 4
dilation_channels = 4
skip_channels = 8
end_channels = 8
kernel_size = 2
classes = 64

[quantiser]
kind = "linear"
classes = 64

[training]
steps = 150
settle = 300
floor = 0.1
clip = 2.0
average = 0.99
keep = 5
clips = 4
clip_seconds = 0.5

[training.network]
blocks = 1
layers = 2
residual_channels = 4
dilation_channels = 4
skip_channels = 8
end_channels = 8
kernel_size = 2
classes = 64

[training.quantiser]
kind = "linear"
classes = 64

[training.rollout]
route = "gumbel"
seam = 512
shortest = 128
every = 2

[training.adversary]
listen_above = 0.55
skip_above = 0.9

[versions]
partita = "0.1.0"
"""


def test_a_run_of_format_1_is_read_with_the_names_of_format_2(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(FORMAT_1)
    config = RunFolder.open(tmp_path).config()
    assert (config["format"], config["quantizer"]) == (2, {"kind": "linear", "classes": 64})
    training = from_table(TrainConfig, config["training"], where="config.toml")
    assert (training.lr_decay_steps, training.lr_floor) == (300, 0.1)
    assert (training.grad_clip, training.ema_decay, training.keep_checkpoints) == (2.0, 0.99, 5)
    assert (training.preview_clips, training.preview_seconds) == (4, 0.5)
    assert (training.quantizer.kind, training.quantizer.classes) == ("linear", 64)
    assert training.rollout == RolloutConfig(
        route="gumbel", prompt_tail=512, initial_length=128, redraw_every=2
    )
    assert training.adversary == AdversaryConfig(min_accuracy=0.55, max_accuracy=0.9)


def test_a_run_of_format_1_draws_the_same_clips(run: RunFolder) -> None:
    clip = load(run.path).draw(seconds=0.01, seed=3)
    config = run.config()
    config["quantiser"] = config.pop("quantizer")
    write_toml(run.path / "config.toml", config | {"format": 1})
    assert np.array_equal(load(run.path).draw(seconds=0.01, seed=3), clip)


def test_the_digest_of_format_1_is_compared_with_the_values_as_they_were_written(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(FORMAT_1.replace("keep = 5", "keep = 6"))
    with pytest.raises(PartitaError, match="damaged or was edited"):
        RunFolder.open(tmp_path).config()


def test_settings_files_may_have_the_old_names(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('clip = 0.5\n[critic]\nevery = 8\n[rollout]\nroute = "policy"\n')
    config = named_config(path)
    assert (config.grad_clip, config.critic) == (0.5, CriticConfig(update_every=8))
    path.write_text(FORMAT_1)  # a run's own config
    assert named_config(path).keep_checkpoints == 5


def test_an_old_name_beside_the_new_one_is_refused(tmp_path: Path) -> None:
    write_toml(tmp_path / "mine.toml", {"clip": 0.5, "grad_clip": 1.0})
    with pytest.raises(PartitaError, match=r"`clip` in .* is the old name of `grad_clip`: give one of them$"):
        named_config(tmp_path / "mine.toml")
    write_toml(tmp_path / "mine.toml", {"rollout": {"prompt_tail": 256, "seam": 512}})
    with pytest.raises(PartitaError, match=r"is the old name of `rollout\.prompt_tail`"):
        named_config(tmp_path / "mine.toml")


def test_format_2_is_left_as_it_is() -> None:
    config = {"format": 2, "quantizer": {"classes": 256}, "training": {"grad_clip": 1.0, "clip": 2.0}}
    assert upgrade_run_config(config) == config


def test_only_names_change() -> None:
    before = tomllib.loads(FORMAT_1)["training"]
    after = upgrade_training(before, where="config.toml")
    assert len(after) == len(before)
    assert list(after["rollout"].values()) == list(before["rollout"].values())
    assert upgrade_training(after, where="config.toml") == after
