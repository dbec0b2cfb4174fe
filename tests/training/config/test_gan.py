"""The settings of a GAN: what it begins with, and what has no effect and is refused."""

from dataclasses import replace
from typing import Any

import pytest

from partita.audio.quantizer import Quantizer
from partita.errors import PartitaError
from partita.training.config.arms import ARMS, GAN_ARM, arm_named, with_arm
from partita.training.config.model_kinds import UNUSED, gan_of
from partita.training.config.tiers import FrameTierConfig
from partita.training.config.train import AdversaryConfig, CriticConfig, GANTrainingConfig, TrainConfig
from partita.training.new_run import resolve

BASE = gan_of(TrainConfig(steps=9))


def test_a_gan_has_one_arm_without_a_twin() -> None:
    assert arm_named("gan") is GAN_ARM
    assert GAN_ARM.twin is None
    assert "gan" not in ARMS  # compare and arena take models with a likelihood
    assert with_arm(BASE, "gan") == BASE == gan_of(BASE) == resolve(BASE)
    assert resolve(replace(BASE, adversary=None)) == BASE
    with pytest.raises(PartitaError, match="`arm` is 'gan-0': choose one of"):
        arm_named("gan-0")


@pytest.mark.parametrize("arm", ["likelihood", "report", "pathwise", "critic"])
def test_another_arm_is_refused(arm: str) -> None:
    with pytest.raises(PartitaError, match=f"`arm` is '{arm}' and `model` 'gan'"):
        with_arm(BASE, arm)


def test_the_arm_and_the_model_need_each_other() -> None:
    with pytest.raises(PartitaError, match="`arm` is 'gan' and `model` 'wavenet'"):
        with_arm(TrainConfig(), "gan")
    with pytest.raises(PartitaError, match="give `--model gan`"):
        TrainConfig(model="gan")
    with pytest.raises(PartitaError, match="give `--model gan`"):
        TrainConfig(gan=GANTrainingConfig())


OTHERS: dict[str, Any] = {
    **{"size": "small", "head": "logistic", "condition": ("features",), "input_noise": 1.0},
    **{"frames": FrameTierConfig(bands=16), "match_weight": 2.0, "optimizer": "muon", "patience": 5},
    "critic": CriticConfig(),
}


@pytest.mark.parametrize("name", OTHERS)
def test_settings_without_an_effect_are_refused(name: str) -> None:
    assert name in UNUSED
    with pytest.raises(PartitaError, match=rf"`{name}[.a-z]*` is .*, which has no effect on a GAN"):
        replace(BASE, **{name: OTHERS[name]})


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"weight": 0.0}, "`adversary.weight` is 0, but a GAN has no other loss"),
        (
            {"discriminators": ("trunk",), "spectral_norm": False},
            "`trunk` has the layers of a WaveNet, which a GAN lacks",
        ),
        ({"feature_weight": 1.0}, "`adversary.features` is 'maps', which compares position by position"),
        ({"weight_by": "gradient"}, "`adversary.weight_by` is 'gradient', which a GAN can't use"),
        ({"mask_prompt": True}, "`adversary.mask_prompt` is True, which a GAN can't use"),
    ],
)
def test_an_adversary_that_needs_another_model_is_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(PartitaError, match=words):
        replace(BASE, adversary=replace(BASE.adversary or AdversaryConfig(), **changes))


def test_a_companded_waveform_is_refused() -> None:
    with pytest.raises(PartitaError, match=r"`quantizer.kind` is 'mu-law', but a GAN"):
        replace(BASE, quantizer=Quantizer())
