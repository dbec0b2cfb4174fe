"""Which settings fit which kind of model, and the settings with which a kind begins. Nothing is trained."""

from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from partita.audio.quantizer import Quantizer
from partita.checks import check_choice
from partita.errors import PartitaError
from partita.models.choice import GAN_NAME, IAF_NAME, MAF_NAME, MODELS
from partita.models.flows.maf import MAFConfig
from partita.models.heads.choice import GAUSSIAN
from partita.training.config.adversary import AdversaryConfig
from partita.training.config.gan import GAN_ADVERSARY, GANTrainingConfig
from partita.training.config.rollout import RolloutConfig
from partita.training.config.student import StudentConfig
from partita.training.config.tiers import NONE, FrameTierConfig
from partita.training.losses.spectral import SIZES

if TYPE_CHECKING:
    from partita.training.config.train import TrainConfig

FINE = Quantizer(kind="linear", classes=65535)
"""The grid of models whose output is a waveform: that of 16-bit sound."""
STUDENT_ARMS = ("likelihood", "report")
GAN_ARM_NAME = "gan"
UNUSED: dict[str, Any] = {
    **{"size": "tiny", "network": None, "head": GAUSSIAN, "mixtures": None, "period_taps": None},
    **{"condition": (NONE,), "frames": FrameTierConfig(), "input_noise": 0.0, "input_gain_db": 0.0},
    **{"match": "likelihood", "match_weight": 1.0, "match_norm": 2, "rollout": RolloutConfig()},
    **{"critic": None, "ratio": None, "iaf": None, "optimizer": "adam", "compile": False, "patience": 0},
}
"""The settings that have no effect on a GAN, with the values that they keep."""


def student_of(config: "TrainConfig", teacher: str | Path) -> "TrainConfig":
    """Return settings for a student of a model, from those that are like the model's.

    Args:
        config: settings with the teacher's conditions, as `like_model` returns them.
        teacher: the run of the teacher, or the name of a model that ships.
    """
    found = str(Path(teacher).absolute()) if Path(teacher).exists() else str(teacher)
    return replace(
        config,
        model=IAF_NAME,
        iaf=replace(config.iaf or StudentConfig(), teacher=found),
        maf=None,
        gan=None,
        size="tiny",
        network=None,
        head=GAUSSIAN,
        mixtures=None,
        period_taps=None,
        quantizer=FINE,
    )


def flow_like(config: "TrainConfig") -> "TrainConfig":
    """Return settings for a masked autoregressive flow, from those of a WaveNet or of a flow.

    Its clips take long, so that only one short clip is drawn along the way.

    Args:
        config: the other settings.
    """
    return replace(
        config,
        model=MAF_NAME,
        maf=config.maf or MAFConfig(),
        iaf=None,
        gan=None,
        network=None if config.network is None else replace(config.network, head=GAUSSIAN, period_taps=0),
        head=GAUSSIAN,
        mixtures=None,
        preview_clips=min(1, config.preview_clips),
        preview_seconds=min(0.5, config.preview_seconds),
    )


def gan_of(config: "TrainConfig") -> "TrainConfig":
    """Return settings for a GAN, from those of any model; what a GAN does not use is left out.

    The learning rates stay the same over the run, since neither network has an optimum of its own to settle
    in. The weights are not averaged: phases turn in training, and an average cancels them.

    Args:
        config: any settings.

    >>> from partita.training.config.train import TrainConfig
    >>> config = gan_of(TrainConfig(size="wide"))
    >>> config.arm, config.size, config.adversary.weight
    ('gan', 'tiny', 1.0)
    """
    return replace(
        config,
        model=GAN_NAME,
        arm=GAN_ARM_NAME,
        gan=config.gan or GANTrainingConfig(),
        maf=None,
        adversary=GAN_ADVERSARY,
        quantizer=FINE,
        batch=1,
        learning_rate=5e-4,
        lr_decay_steps=0,
        lr_floor=1.0,
        grad_clip=0.0,
        ema_decay=0.0,
        **UNUSED,
    )


def check_model(config: "TrainConfig") -> None:
    """Refuse settings that do not fit the kind of the model.

    Args:
        config: the config of a run.

    Raises:
        PartitaError: the kind is unknown, its settings are missing, or it has no such arm.
    """
    check_choice("model", config.model, MODELS)
    remedies = {IAF_NAME: "--student-of RUN", MAF_NAME: "--model maf", GAN_NAME: "--model gan"}
    for name, remedy in remedies.items():
        if (config.model == name) != (getattr(config, name) is not None):
            raise PartitaError(
                f"`model` is {config.model!r}, but `{name}` needs `model` to be {name!r}, and the reverse:"
                f" give `{remedy}`"
            )
    if (config.model == GAN_NAME) != (config.arm == GAN_ARM_NAME):
        raise PartitaError(
            f"`arm` is {config.arm!r} and `model` {config.model!r}, but `gan` is the only arm of a"
            " GAN, and of no other model: give `--model gan` alone"
        )
    if config.iaf is not None:
        _check_student(config)
    if config.gan is not None:
        _check_gan(config)
    if config.maf is not None:
        _check_flow(config)


def _check_student(config: "TrainConfig") -> None:
    arm = config.arm.removesuffix("-0")
    if arm not in STUDENT_ARMS or config.match != "likelihood":
        raise PartitaError(
            f"`arm` is {config.arm!r}, but a student learns from its teacher alone, `likelihood`, or with an"
            " adversary, `report`: give one of these"
        )
    if config.input_noise or config.input_gain_db:
        raise PartitaError(
            "a student reads no past that `input_noise` or `input_gain_db` could disturb: leave them out"
        )
    if config.compile:
        raise PartitaError("`compile` has no effect on a student, whose layers are compiled already")
    if config.quantizer.kind != "linear":
        raise PartitaError(
            f"`quantizer.kind` is {config.quantizer.kind!r}, but a student makes equally spaced values: leave"
            " it out"
        )
    if config.iaf is not None and config.iaf.spectral_weight and config.targets < min(SIZES):
        raise PartitaError(
            f"`targets` is {config.targets}, but spectra need at least {min(SIZES)} samples: raise it, or set"
            " `iaf.spectral_weight` to 0"
        )
    if config.network_shape.head != GAUSSIAN:
        raise PartitaError(
            f"`head` is {config.network_shape.head!r}, but a sample of a student is normal given the noise:"
            " leave it out"
        )
    adversary = config.adversary
    if adversary is not None and adversary.weight_by != "plain":
        raise PartitaError(
            f"`adversary.weight_by` is {adversary.weight_by!r}, which compares gradients at a WaveNet's"
            " output: leave it out"
        )


def _check_flow(config: "TrainConfig") -> None:
    if config.arm != "likelihood" or config.match != "likelihood" or config.adversary is not None:
        raise PartitaError(
            f"`arm` is {config.arm!r} and `match` is {config.match!r}, but a masked autoregressive flow"
            " learns by likelihood alone: leave both out"
        )
    if config.head not in (None, GAUSSIAN):
        raise PartitaError(
            f"`head` is {config.head!r}, but a masked autoregressive flow has no head: leave it out"
        )
    for name in ("input_noise", "input_gain_db", "period_taps", "mixtures", "compile"):
        if getattr(config, name):
            raise PartitaError(
                f"`{name}` is {getattr(config, name)}, which has no effect on a masked autoregressive flow:"
                " leave it out"
            )


def _check_gan(config: "TrainConfig") -> None:
    for name, value in UNUSED.items():
        if (found := _difference(name, getattr(config, name), value)) is not None:
            raise PartitaError(f"{found}, which has no effect on a GAN: leave it out")
    if config.quantizer.kind != "linear":
        raise PartitaError(
            f"`quantizer.kind` is {config.quantizer.kind!r}, but a GAN makes equally spaced values: leave it"
            " out, or set it to 'linear'"
        )
    if config.adversary is not None:
        _check_gan_adversary(config.adversary)


def _check_gan_adversary(adversary: AdversaryConfig) -> None:
    if "trunk" in adversary.discriminators:
        raise PartitaError("`trunk` has the layers of a WaveNet, which a GAN lacks: take another")
    if adversary.weight == 0.0:
        raise PartitaError("`adversary.weight` is 0, but a GAN has no other loss: give a weight above 0")
    if adversary.feature_weight and adversary.features != "statistics":
        raise PartitaError(
            f"`adversary.features` is {adversary.features!r}, which compares position by position, but a"
            " GAN's sound replaces no real sound: set it to 'statistics'"
        )
    for name, value in (("weight_by", "plain"), ("mask_prompt", False)):
        if (found := _difference(name, getattr(adversary, name), value)) is not None:
            raise PartitaError(f"{found.replace('`', '`adversary.', 1)}, which a GAN can't use: leave it out")


def _difference(name: str, found: Any, expected: Any) -> str | None:
    """Return a setting that differs from what is expected, with its value, in words; None if none does.

    >>> _difference("frames", FrameTierConfig(bands=16), FrameTierConfig())
    '`frames.bands` is 16'
    """
    if found == expected:
        return None
    if is_dataclass(found) and type(found) is type(expected):
        parts = (
            _difference(f"{name}.{field.name}", getattr(found, field.name), getattr(expected, field.name))
            for field in fields(found)
        )
        return next(part for part in parts if part is not None)
    return f"`{name}` is set" if is_dataclass(found) else f"`{name}` is {found!r}"
