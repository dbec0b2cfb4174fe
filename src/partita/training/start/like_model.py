"""Settings of a run that starts from another model: its shape and quantizer, so that its weights fit."""

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from partita.audio.quantizer import Quantizer
from partita.models.sizes import WaveNetConfig, name_of
from partita.runs.config import from_table
from partita.runs.folder import CONFIG
from partita.runs.loading import find_checkpoint
from partita.training.config.train import TrainConfig

SHAPES = ("size", "network", "quantizer")
"""The settings that are taken from the model."""


def like_model(config: TrainConfig, start_from: str | Path, *, keep: Collection[str] = ()) -> TrainConfig:
    """Return the config with the network and the quantizer of the model that a run starts from.

    Args:
        config: the other settings.
        start_from: a run, one of its checkpoints, or the name of a model that ships.
        keep: names of `SHAPES` whose values in `config` stay, even where the model then doesn't fit.

    Raises:
        PartitaError: there is no such model, or its config is damaged.

    >>> like_model(TrainConfig(), "nowhere")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    partita.errors.PartitaError: nowhere does not exist: give a run folder, made by `partita train`...
    """
    run, _ = find_checkpoint(start_from)
    tables, where = run.config(), str(run.path / CONFIG)
    network = from_table(WaveNetConfig, tables["network"], where=f"{where} [network]")
    quantizer = from_table(Quantizer, tables["quantizer"], where=f"{where} [quantizer]")
    name = name_of(network)
    quantizer = config.quantizer if "quantizer" in keep else quantizer
    if "size" in keep or "network" in keep:
        return replace(config, quantizer=quantizer)
    return replace(config, size=name or config.size, network=None if name else network, quantizer=quantizer)


def sample_rate_of(model: str | Path) -> int:
    """Return the sample rate of a model, in Hz.

    Args:
        model: a run, one of its checkpoints, or the name of a model that ships.

    Raises:
        PartitaError: there is no such model, or its config is damaged.
    """
    run, _ = find_checkpoint(model)
    return int(run.config()["corpus"]["sample_rate"])
