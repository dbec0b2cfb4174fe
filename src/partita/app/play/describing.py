"""What a model takes, for the form of the page: read from its config and its checkpoint, without weights."""

from pathlib import Path
from typing import Any


def describe(path: Path) -> dict[str, Any]:
    """Return what a model takes.

    Args:
        path: its folder.

    Returns:
        `kind`, `step`, `sample_rate`; `labels`, name -> values; whether it takes `notes`, a line (`like`) and
        a `prompt`, and has a frame tier (`frames`); and its temperatures.

    Raises:
        PartitaError: the run is not there, or it is damaged.

    >>> from partita.runs.shipped.folder import SHIPPED
    >>> found = describe(SHIPPED / "bach-violin")
    >>> found["sample_rate"], found["notes"], found["labels"]
    (16000, True, {})
    """
    from partita.models.choice import GAN_NAME, IAF_NAME
    from partita.models.frame_tier.config import FrameModelConfig
    from partita.runs.checkpoint_state import read_state
    from partita.runs.config import from_table
    from partita.runs.folder import CONFIG
    from partita.runs.model import kind_in, model_shape
    from partita.runs.weights import chosen_temperature, find_checkpoint
    from partita.sampling.config import FRAME_TEMPERATURE

    run, checkpoint = find_checkpoint(path)
    config, where = run.config(), str(run.path / CONFIG)
    layout = model_shape(config, where=where)[0].condition
    tier = from_table(FrameModelConfig, config["frames"], where=where) if "frames" in config else None
    outer = tier.layout if tier else layout
    labels: dict[str, list[str]] = {}
    for pair in outer.labels if outer else ():
        name, _, value = pair.partition("=")
        labels.setdefault(name, []).append(value)
    kind, has_features = kind_in(config), layout is not None and layout.bands > 0
    return {
        "kind": kind,
        "step": read_state(checkpoint)["step"],
        "sample_rate": config["corpus"]["sample_rate"],
        "labels": labels,
        "notes": outer is not None and outer.notes,
        "like": has_features,
        "prompt": kind != GAN_NAME and (kind != IAF_NAME or has_features),
        "frames": tier is not None,
        "temperature": chosen_temperature(run, checkpoint) or 1.0,
        "frame_temperature": chosen_temperature(run, checkpoint, "frame_temperature") or FRAME_TEMPERATURE,
    }
