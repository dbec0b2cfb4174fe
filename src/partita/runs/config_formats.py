"""Older formats of a run's config: format 1 is read as format 2, the current one.

Format 2 gives fourteen settings new names and changes nothing else. Settings files without a format number,
command-line flags and the arena's arm specifications use the same table of names. This file checks no value.
"""

from typing import Any

FORMAT = 2

NEW_NAMES = {
    "quantiser": "quantizer",
    "clip": "grad_clip",
    "average": "ema_decay",
    "floor": "lr_floor",
    "settle": "lr_decay_steps",
    "keep": "keep_checkpoints",
    "clips": "preview_clips",
    "clip_seconds": "preview_seconds",
    "rollout.seam": "prompt_tail",
    "rollout.shortest": "initial_length",
    "rollout.every": "redraw_every",
    "adversary.listen_above": "min_accuracy",
    "adversary.skip_above": "max_accuracy",
    "critic.every": "update_every",
}
"""The path of a training setting in format 1 -> its name in format 2; the table that holds it stays."""


def renamed(path: str) -> str:
    """Return the path of a training setting in format 2; a path of format 2 is returned as it is.

    Args:
        path: names of tables and of the setting, joined by dots.

    >>> renamed("rollout.seam"), renamed("quantiser.kind"), renamed("steps")
    ('rollout.prompt_tail', 'quantizer.kind', 'steps')
    """
    names = path.split(".")
    return ".".join(NEW_NAMES.get(".".join(names[: i + 1]), name) for i, name in enumerate(names))


def upgrade_training(table: dict[str, Any], inside: str = "") -> dict[str, Any]:
    """Return a table of training settings with the names of format 2.

    Where a table has both names of a setting, the old one stays, and the reader of the table refuses it.

    Args:
        table: names to values, in either format.
        inside: the path of the table within the training settings, with a dot behind it.

    >>> upgrade_training({"clip": 1.0, "rollout": {"seam": 256}})
    {'grad_clip': 1.0, 'rollout': {'prompt_tail': 256}}
    """
    upgraded = {}
    for name, value in table.items():
        path = f"{inside}{name}"
        new_name = NEW_NAMES.get(path, name)
        new_value = upgrade_training(value, f"{path}.") if isinstance(value, dict) else value
        upgraded[name if new_name in table else new_name] = new_value
    return upgraded


def upgrade_run_config(config: dict[str, Any]) -> dict[str, Any]:
    """Return the content of a run's `config.toml` in format 2.

    Args:
        config: the sections of the file, with its `format`; sections of the wrong type stay as they are.

    >>> upgrade_run_config({"format": 1, "quantiser": {"classes": 256}, "training": {"keep": 3}})
    {'format': 2, 'quantizer': {'classes': 256}, 'training': {'keep_checkpoints': 3}}
    """
    if config["format"] >= FORMAT:
        return config
    sections = {NEW_NAMES.get(name, name): section for name, section in config.items() if name != "format"}
    training = sections.get("training")
    if isinstance(training, dict):
        sections["training"] = upgrade_training(training)
    return {"format": FORMAT} | sections
