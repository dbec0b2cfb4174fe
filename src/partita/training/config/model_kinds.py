"""Which settings fit which kind of model, and the settings with which a kind begins. Nothing is trained."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from partita.audio.quantizer import Quantizer
from partita.checks import check_choice
from partita.errors import PartitaError
from partita.models.choice import IAF_NAME, MAF_NAME, MODELS
from partita.models.flows.maf import MAFConfig
from partita.models.heads.choice import GAUSSIAN
from partita.training.config.student import StudentConfig

if TYPE_CHECKING:
    from partita.training.config.train import TrainConfig

FINE = Quantizer(kind="linear", classes=65535)
"""The grid of models whose output is a waveform: that of 16-bit sound."""
STUDENT_ARMS = ("likelihood", "report")


def student_of(config: "TrainConfig", teacher: str | Path) -> "TrainConfig":
    """Return settings for a student of a model, from those that are like the model's.

    Args:
        config: settings with the teacher's conditions, as `like_model` returns them.
        teacher: the run of the teacher, or the name of a model that ships.
    """
    return replace(
        config,
        model=IAF_NAME,
        iaf=replace(config.iaf or StudentConfig(), teacher=str(teacher)),
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
        network=None if config.network is None else replace(config.network, head=GAUSSIAN, period_taps=0),
        head=GAUSSIAN,
        mixtures=None,
        preview_clips=min(1, config.preview_clips),
        preview_seconds=min(0.5, config.preview_seconds),
    )


def check_model(config: "TrainConfig") -> None:
    """Refuse settings that do not fit the kind of the model.

    Args:
        config: the config of a run.

    Raises:
        PartitaError: the kind is unknown, its settings are missing, or it has no such arm.
    """
    check_choice("model", config.model, MODELS)
    if (config.model == IAF_NAME) != (config.iaf is not None):
        raise PartitaError(
            f"`model` is {config.model!r}, but `iaf` needs `model` to be 'iaf', and the reverse: name the"
            " teacher, `--student-of RUN`"
        )
    if (config.model == MAF_NAME) != (config.maf is not None):
        raise PartitaError(
            f"`model` is {config.model!r}, but `maf` needs `model` to be 'maf', and the reverse: give both,"
            " or `--model maf`"
        )
    if config.iaf is not None:
        _check_student(config)
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
