"""Configs are read back from TOML as they were written; invalid values are refused."""

from pathlib import Path
from typing import Any

import pytest

from partita.audio.quantizer import Quantizer
from partita.errors import PartitaError
from partita.models.sizes import SIZES
from partita.runs.config import from_table, to_table, write_toml
from partita.tables import read_toml
from partita.training.config.arms import ARMS, with_arm
from partita.training.config.presets import named_config, report
from partita.training.config.train import AdversaryConfig, RolloutConfig, TrainConfig


@pytest.mark.parametrize("arm", ARMS)
def test_every_arm_is_read_back_from_its_file(arm: str, tmp_path: Path) -> None:
    for base in (TrainConfig(minutes=1.5), report(), TrainConfig(network=SIZES["tiny"], steps=3)):
        config = with_arm(base, arm)
        write_toml(tmp_path / "config.toml", to_table(config))
        table = read_toml(tmp_path / "config.toml", remedy="edit it").values
        assert from_table(TrainConfig, table, where="it") == config
        assert named_config(tmp_path / "config.toml") == config


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"size": "huge"}, "`size` is 'huge': choose one of tiny"),
        ({"steps": 0}, "`steps` is 0"),
        ({"steps": 5, "epochs": 1.0}, "give one of them"),
        ({"minutes": float("nan")}, "`minutes` is nan"),
        ({"learning_rate": -1.0}, "`learning_rate` is -1.0"),
        ({"learning_rate": 1e30}, "`learning_rate` is 1e.30: give at most 1"),
        ({"targets": 10**8}, "`targets` is 100000000: give at most 16777216"),
        ({"targets": 1 << 20, "batch": 128}, "`batch` is 128 and `targets` 1048576: give at most"),
        ({"steps": 10**30}, "`steps` is 10+: give at most"),
        ({"warmup": 10**30}, "`warmup` is 10+: give at most"),
        ({"threads": 10**6}, "`threads` is 1000000: give 1 to 1024"),
        ({"minutes": 1e300}, "`minutes` is 1e.300: give at most"),
        ({"grad_clip": float("inf")}, "`grad_clip` is inf"),
        ({"lr_floor": 1.5}, "`lr_floor` is 1.5"),
        ({"ema_decay": 1.0}, "`ema_decay` is 1.0"),
        ({"device": "tpu"}, "`device` is 'tpu'"),
        ({"precision": "float16"}, "`precision` is 'float16'"),
        ({"match": "l2"}, "`match` is 'l2'"),
        ({"match_norm": 3}, "`match_norm` is 3"),
        ({"batch": 0}, "`batch` is 0"),
        (
            {"targets": 127, "adversary": AdversaryConfig()},
            "`targets` is 127, but the discriminator `patchgan` needs",
        ),
        (
            {"targets": 1023, "adversary": AdversaryConfig(discriminators=("patchgan", "spectral"))},
            "the discriminator `spectral` needs at least 1024",
        ),
        ({"network": SIZES["tiny"], "quantizer": Quantizer(classes=64)}, "256 classes, the quantizer 64"),
    ],
)
def test_invalid_values_are_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(PartitaError, match=words):
        TrainConfig(**changes)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"weight": -0.1}, "`weight` is -0.1"),
        ({"ramp": 2.0}, "`ramp` is 2.0"),
        ({"updates": 0}, "`updates` is 0"),
        ({"loss": "wasserstein"}, "`loss` is 'wasserstein': choose one of log, least-squares, hinge"),
        ({"weight_by": "norm"}, "`weight_by` is 'norm'"),
        ({"features": "means"}, "`features` is 'means'"),
        ({"feature_weight": -1.0}, "`feature_weight` is -1"),
        ({"r1": -1.0}, "`r1` is -1"),
        ({"r1_every": 0}, "`r1_every` is 0"),
        ({"warmup": -1}, "`warmup` is -1"),
        ({"max_accuracy": 0.4}, "`max_accuracy` is 0.4: give a finite number from 0.5 to 1"),
        ({"discriminators": ("patchgan", "ears")}, "`discriminators` has 'ears': choose among patchgan"),
        ({"discriminators": ()}, "name at least one"),
        ({"discriminators": ("spectral", "spectral")}, "each of them once"),
        (
            {"loss": "least-squares", "saturating": True},
            "`saturating` is True but `loss` is 'least-squares': leave it out",
        ),
    ],
)
def test_an_invalid_adversary_is_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(PartitaError, match=words):
        AdversaryConfig(**changes)


def test_an_unknown_route_is_refused() -> None:
    with pytest.raises(PartitaError, match="`route` is 'telepathy'"):
        RolloutConfig(route="telepathy")


def test_the_published_settings_of_the_report() -> None:
    config = named_config("report")
    assert (config.size, config.optimizer, config.learning_rate) == ("wide", "adam", 0.001)
    assert (config.batch, config.epochs, config.steps, config.minutes) == (16, 10.0, None, None)
    assert config.adversary is not None
    assert config.adversary.learning_rate == 0.001
    assert config.match_weight > config.adversary.weight


def test_a_file_of_settings_may_be_partial_and_unknown_keys_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('size = "tiny"\n[adversary]\nweight = 0.5\n')
    config = named_config(path)
    assert config.adversary is not None
    assert (config.size, config.adversary.weight) == ("tiny", 0.5)
    path.write_text("sizes = 1")
    with pytest.raises(PartitaError, match=r"`sizes` in .* is not a setting"):
        named_config(path)
    with pytest.raises(PartitaError, match="can't be read"):
        named_config("no such config")


@pytest.mark.parametrize("change", [{"feature_weight": 1.0}, {"saturating": True}])
def test_the_policy_route_refuses_options_without_effect(change: dict[str, Any]) -> None:
    # regression: both were taken, and did nothing
    base = TrainConfig(steps=1, adversary=AdversaryConfig(**change))
    with pytest.raises(PartitaError, match=f"`adversary.{next(iter(change))}`.*leave it out"):
        with_arm(base, "policy")
    assert with_arm(base, "gumbel").adversary == base.adversary
