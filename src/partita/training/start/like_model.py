"""Settings of a run that starts from another model: those with which its weights fit."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from partita.audio.features.layout import FrameLayout
from partita.audio.quantizer import Quantizer
from partita.errors import PartitaError
from partita.models.choice import GAN_NAME, IAF_NAME, MAF_NAME, WAVENET
from partita.models.flows.maf import MAFConfig
from partita.models.frame_tier.config import FrameModelConfig
from partita.models.sizes import WaveNetConfig, name_of
from partita.runs.config import from_table
from partita.runs.folder import CONFIG, RunFolder
from partita.runs.model import kind_in
from partita.runs.weights import find_checkpoint
from partita.training.config.gan import GANTrainingConfig
from partita.training.config.model_kinds import flow_like, gan_of, student_of
from partita.training.config.student import StudentConfig
from partita.training.config.tiers import FEATURES, LABELS, NONE, NOTES, FrameTierConfig
from partita.training.config.train import TrainConfig


def like_model(config: TrainConfig, start_from: str | Path) -> TrainConfig:
    """Return the config with the networks, the quantizer and the conditions of another model.

    Args:
        config: the other settings.
        start_from: a run, one of its checkpoints, or the name of a model that ships.

    Raises:
        PartitaError: there is no such model, its config is damaged, or it is of another kind than the config
            asks for.

    >>> like_model(TrainConfig(), "nowhere")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    partita.errors.PartitaError: nowhere does not exist: give a run folder, made by `partita train`...
    """
    run, _ = find_checkpoint(start_from)
    tables, where = run.config(), str(run.path / CONFIG)
    network, frames = _network(run), None
    if "frames" in tables:
        frames = from_table(FrameModelConfig, tables["frames"], where=f"{where} [frames]")
    size = name_of(network.plain)
    kind = kind_in(tables)
    if config.model not in (WAVENET, kind):
        raise PartitaError(f"{start_from} is of the kind `{kind}`, not `{config.model}`: leave out `--model`")
    if kind == GAN_NAME:
        return _like_gan(config, tables, where=where)
    if kind == IAF_NAME:
        return _like_student(config, tables, network, frames, where=where)
    if kind == MAF_NAME:
        maf = from_table(MAFConfig, tables[MAF_NAME], where=f"{where} [maf]")
        config = flow_like(replace(config, model=MAF_NAME, maf=maf))
    return replace(
        config,
        size=size or config.size,
        network=None if size else network.plain,
        period_taps=network.period_taps,
        quantizer=from_table(Quantizer, tables["quantizer"], where=f"{where} [quantizer]"),
        condition=_condition_names(network.condition, frames),
        frames=_frame_tier(config.frames, network.condition, frames),
    )


def student_like(config: TrainConfig, teacher: str | Path) -> TrainConfig:
    """Return the config of a student of a model, which is given what its teacher is given.

    Args:
        config: the other settings.
        teacher: a run, one of its checkpoints, or the name of a model that ships.

    Raises:
        PartitaError: there is no such model, its config is damaged, or it is no WaveNet.

    >>> student_like(TrainConfig(), "bach-violin").model
    'iaf'
    """
    tables = find_checkpoint(teacher)[0].config()
    kind = kind_in(tables)
    if kind != WAVENET:
        raise PartitaError(
            f"{teacher} is of the kind `{kind}`, but only a WaveNet can teach: give the run of one"
        )
    like = like_model(replace(config, model=WAVENET, iaf=None), teacher)
    like = like if "frames" in tables else _without_frame_tier(like)
    return student_of(replace(like, iaf=config.iaf, model=IAF_NAME) if config.iaf else like, teacher)


def _like_gan(config: TrainConfig, tables: dict[str, Any], *, where: str) -> TrainConfig:
    """Return the config with the generator and the quantizer of a GAN."""
    return replace(
        gan_of(config),
        gan=from_table(GANTrainingConfig, tables["training"][GAN_NAME], where=f"{where} [training.gan]"),
        quantizer=from_table(Quantizer, tables["quantizer"], where=f"{where} [quantizer]"),
    )


def _like_student(
    config: TrainConfig,
    tables: dict[str, Any],
    network: WaveNetConfig,
    frames: FrameModelConfig | None,
    *,
    where: str,
) -> TrainConfig:
    """Return the config with the flows, the teacher and the conditions of a student."""
    iaf = from_table(StudentConfig, tables["training"][IAF_NAME], where=f"{where} [training.iaf]")
    assert iaf.teacher is not None
    config = replace(
        config,
        condition=_condition_names(network.condition, frames),
        frames=_frame_tier(config.frames, network.condition, frames),
    )
    config = config if frames is not None else _without_frame_tier(config)
    return replace(student_of(config, iaf.teacher), iaf=iaf)


def _without_frame_tier(config: TrainConfig) -> TrainConfig:
    return replace(config, frames=replace(config.frames, every=0))


def _condition_names(condition: FrameLayout | None, frames: FrameModelConfig | None) -> tuple[str, ...]:
    """Return the names of what the tiers of a model are given."""
    layouts = [layout for layout in (condition, None if frames is None else frames.layout) if layout]
    has = {
        FEATURES: any(layout.bands for layout in layouts),
        NOTES: any(layout.notes for layout in layouts),
        LABELS: any(layout.labels for layout in layouts),
    }
    return tuple(name for name in has if has[name]) or (NONE,)


def _frame_tier(
    config: FrameTierConfig, condition: FrameLayout | None, frames: FrameModelConfig | None
) -> FrameTierConfig:
    """Return the settings of the frame tier with the model's bands and, if it has that tier, its shape."""
    if condition is not None and condition.bands:
        config = replace(config, bands=condition.bands)
    if frames is None:
        return config
    return replace(config, channels=frames.recurrent_channels, layers=frames.recurrent_layers)


def disturbed_like(config: TrainConfig, model: str | Path) -> TrainConfig:
    """Return the config with the noise, the other levels and the changed sound of another model's training.

    Args:
        config: the other settings.
        model: a run, one of its checkpoints, or the name of a model that ships.

    Raises:
        PartitaError: there is no such model, or its config is damaged.
    """
    run, _ = find_checkpoint(model)
    table, where = run.config()["training"], f"{run.path / CONFIG} [training]"
    names = ("input_noise", "input_gain_db", "augment", "augmentation")
    found = from_table(TrainConfig, {name: table[name] for name in names if name in table}, where=where)
    return replace(
        config,
        input_noise=found.input_noise,
        input_gain_db=found.input_gain_db,
        augment=found.augment,
        augmentation=found.augmentation,
    )


def period_taps_of(model: str | Path) -> int:
    """Return how many samples one period earlier the network of a model reads.

    Args:
        model: a run, one of its checkpoints, or the name of a model that ships.

    Raises:
        PartitaError: there is no such model, or its config is damaged.
    """
    run, _ = find_checkpoint(model)
    return _network(run).period_taps


def _network(run: RunFolder) -> WaveNetConfig:
    return from_table(WaveNetConfig, run.config()["network"], where=f"{run.path / CONFIG} [network]")


def sample_rate_of(model: str | Path) -> int:
    """Return the sample rate of a model, in Hz.

    Args:
        model: a run, one of its checkpoints, or the name of a model that ships.

    Raises:
        PartitaError: there is no such model, or its config is damaged.
    """
    run, _ = find_checkpoint(model)
    return int(run.config()["corpus"]["sample_rate"])
