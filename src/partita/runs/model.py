"""The networks of a run: their shapes from the run's config, their weights from a checkpoint."""

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from partita.models.choice import SHAPES, WAVENET, Model, Shape, make_model
from partita.models.frame_tier.config import FrameModelConfig
from partita.models.frame_tier.model import FrameModel
from partita.models.sizes import WaveNetConfig
from partita.runs.config import from_table
from partita.runs.weights import FRAME_TIER_FILE, load_network, weights_path

ADDED = ("hold", "heard")
"""Buffers that runs of older versions lack; there they keep their first value."""


def kind_in(config: Mapping[str, Any]) -> str:
    """Return the kind of the model that a run's config describes.

    Args:
        config: the run's config.

    >>> kind_in({"network": {}}), kind_in({"network": {}, "iaf": {}})
    ('wavenet', 'iaf')
    """
    return next((name for name in SHAPES if name in config), WAVENET)


def model_shape(config: Mapping[str, Any], *, where: str) -> tuple[WaveNetConfig, Shape | None]:
    """Return the shape of a run's model: that of a WaveNet, and that of another model or None.

    Args:
        config: the run's config.
        where: what errors call the config.

    Raises:
        PartitaError: the config is damaged.
    """
    network, kind = from_table(WaveNetConfig, config["network"], where=f"{where} [network]"), kind_in(config)
    if kind == WAVENET:
        return network, None
    return network, from_table(SHAPES[kind], config[kind], where=f"{where} [{kind}]")


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


def load_frame_tier(config: dict[str, Any], checkpoint: Path, *, where: str) -> FrameModel | None:
    """Return the network of a run's frame tier, in evaluation mode, or None if the run has none.

    Args:
        config: the run's config.
        checkpoint: the folder of the checkpoint.
        where: what errors call the config.

    Raises:
        PartitaError: the config or the weights are damaged.
    """
    if "frames" not in config:
        return None
    shape = from_table(FrameModelConfig, config["frames"], where=f"{where} [frames]")
    model = load_network(lambda: FrameModel(shape), checkpoint / FRAME_TIER_FILE, added=ADDED)
    return model.eval().requires_grad_(False)
