"""Older formats of a run's config: format 1 is read as format 2, the current one.

Format 2 gives fourteen settings new names and changes nothing else. Settings files without a format number,
command-line flags and the arena's arm specifications use the same table of names. This file checks no value.
"""

from collections.abc import Collection
from typing import Any

from partita.errors import PartitaError

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


def refuse_both_names(paths: Collection[str], *, where: str) -> None:
    """Raise an error if a setting is given by its old name and by its new one.

    Args:
        paths: paths of training settings, in either format.
        where: the place of the settings, for the message.

    Raises:
        PartitaError: a setting is given twice.

    >>> refuse_both_names(["clip", "grad_clip"], where="mine.toml")
    Traceback (most recent call last):
    ...
    partita.errors.PartitaError: `clip` in mine.toml is the old name of `grad_clip`: give one of them
    """
    for path in paths:
        if (new := renamed(path)) != path and new in paths:
            raise PartitaError(f"`{path}` in {where} is the old name of `{new}`: give one of them")


def upgrade_training(table: dict[str, Any], *, where: str, inside: str = "") -> dict[str, Any]:
    """Return a table of training settings with the names of format 2.

    Args:
        table: names to values, in either format.
        where: the place of the table, for messages.
        inside: the path of the table within the training settings, with a dot behind it.

    Raises:
        PartitaError: the table has both names of a setting.

    >>> upgrade_training({"clip": 1.0, "rollout": {"seam": 256}}, where="mine.toml")
    {'grad_clip': 1.0, 'rollout': {'prompt_tail': 256}}
    """
    refuse_both_names([f"{inside}{name}" for name in table], where=where)
    upgraded = {}
    for name, value in table.items():
        path = f"{inside}{name}"
        inner = upgrade_training(value, where=where, inside=f"{path}.") if isinstance(value, dict) else value
        upgraded[NEW_NAMES.get(path, name)] = inner
    return upgraded


def with_mean_gain(config: dict[str, Any]) -> dict[str, Any]:
    """Return a run's config in which a network without `mean_gain` has the gain that it was trained with, 1.

    Args:
        config: the sections of the file; sections of the wrong type stay as they are.

    >>> with_mean_gain({"network": {"head": "gaussian"}, "training": {}})["training"]
    {'network': {'head': 'gaussian', 'mean_gain': 1.0}}
    """
    network, training = config.get("network"), config.get("training")
    if not isinstance(network, dict) or "mean_gain" in network or not isinstance(training, dict):
        return config
    if network.get("head", "categorical") == "categorical" or not {"iaf", "maf", "gan"}.isdisjoint(config):
        return config
    kept = network | {"mean_gain": 1.0}
    return config | {"network": kept, "training": training | {"network": kept}}


def upgrade_run_config(config: dict[str, Any], *, where: str = "config.toml") -> dict[str, Any]:
    """Return the content of a run's `config.toml` in format 2.

    Args:
        config: the sections of the file, with its `format`; sections of the wrong type stay as they are.
        where: the name of the file, for messages.

    Raises:
        PartitaError: the training settings have both names of a setting.

    >>> upgrade_run_config({"format": 1, "quantiser": {"classes": 256}, "training": {"keep": 3}})
    {'format': 2, 'quantizer': {'classes': 256}, 'training': {'keep_checkpoints': 3}}
    """
    if config["format"] >= FORMAT:
        return with_mean_gain(config)
    sections = {NEW_NAMES.get(name, name): section for name, section in config.items() if name != "format"}
    training = sections.get("training")
    if isinstance(training, dict):
        sections["training"] = upgrade_training(training, where=f"{where} [training]")
    return {"format": FORMAT} | sections
