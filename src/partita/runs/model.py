"""The model of a run: its shape from the run's config, its weights from a checkpoint."""

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from partita.models.choice import SHAPES, Model, Shape, make_model
from partita.models.sizes import WaveNetConfig
from partita.runs.config import from_table
from partita.runs.weights import load_network, weights_path


def model_shape(config: Mapping[str, Any], *, where: str) -> tuple[WaveNetConfig, Shape | None]:
    """Return the shape of a run's model: that of a WaveNet, and that of another model or None.

    Args:
        config: the run's config.
        where: what errors call the config.

    Raises:
        PartitaError: the config is damaged.
    """
    network = from_table(WaveNetConfig, config["network"], where=f"{where} [network]")
    for name, kind in SHAPES.items():
        if name in config:
            return network, from_table(kind, config[name], where=f"{where} [{name}]")
    return network, None


def shape_table(shape: Shape | None) -> dict[str, Any]:
    """Return the section of a run's config on a model that is not a WaveNet; empty for a WaveNet.

    Args:
        shape: of the model, or the settings of its training, which have the shape's fields among theirs.

    >>> from partita.models.flows.iaf import IAFConfig
    >>> shape_table(IAFConfig(flows=2))["iaf"]["flows"]
    2
    """
    for name, kind in SHAPES.items():
        if isinstance(shape, kind):
            return {name: {field.name: getattr(shape, field.name) for field in fields(kind)}}
    return {}


def load_model(config: Mapping[str, Any], checkpoint: Path, *, where: str) -> Model:
    """Return a run's model in evaluation mode, with the averaged weights if the run has them.

    Args:
        config: the run's config.
        checkpoint: the folder of the checkpoint.
        where: what errors call the config.

    Raises:
        PartitaError: the config or the weights are damaged.
    """
    network, shape = model_shape(config, where=where)
    model = load_network(lambda: make_model(network, shape), weights_path(checkpoint))
    return model.eval().requires_grad_(False)
