"""The command that starts an experiment, written from its config. This file starts nothing."""

import shlex
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

OPTIONS = {"start_from": "from"}  # names of fields whose options have other names


def experiment_command(name: str, config: Any, *arguments: Path) -> str:
    """Return the command line with every setting of a config that differs from its default.

    Args:
        name: the subcommand.
        config: its dataclass config.
        arguments: the arguments before the options.

    >>> from partita.experiments.arena.config import ArenaConfig
    >>> experiment_command("arena", ArenaConfig(out=Path("my arena"), arms=("report",), steps=5))
    "partita arena --out 'my arena' --arms report --steps 5"
    """
    words = ["partita", name, *map(str, arguments)]
    for field in fields(config):
        value = getattr(config, field.name)
        if field.default is not MISSING and value == field.default:
            continue
        option = OPTIONS.get(field.name, field.name).replace("_", "-")
        words += [f"--{option}", *_values(value)]
    return shlex.join(words)


def _values(value: Any) -> list[str]:
    """Return the words of an option's value."""
    return [str(one) for one in value] if isinstance(value, tuple) else [str(value)]
