"""Load the frame tier of a run. This file does not know how frames are drawn."""

from pathlib import Path
from typing import Any

from partita.models.frame_tier.config import FrameModelConfig
from partita.models.frame_tier.model import FrameModel
from partita.runs.config import from_table
from partita.runs.weights import FRAME_TIER_FILE, load_network

ADDED = ("hold", "heard")
"""Buffers that runs of older versions lack; there they keep their first value."""


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
