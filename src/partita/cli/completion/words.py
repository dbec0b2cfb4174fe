"""What can follow each word of a command line: subcommands, options, and the values of both.

All of it comes from the dataclasses of the subcommands and from the lists of names that their checks use.
This file knows no shell.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from importlib import import_module

from partita.cli.help import Option, options_of
from partita.cli.main import SUMMARIES

MODEL_VALUES = ("MODEL", "--from", "--student-of", "--teacher", "--judge")
"""What takes the name of a model that ships, or a run."""


@dataclass(frozen=True, kw_only=True)
class Value:
    """What an option or an argument takes.

    Args:
        choices: words to choose from.
        files: whether it takes files or folders.
        several: whether it takes more than one word.
    """

    choices: tuple[str, ...] = ()
    files: bool = False
    several: bool = False


@dataclass(frozen=True, kw_only=True)
class Flag:
    """An option.

    Args:
        name: as it is typed.
        text: the first sentence of its help.
        value: what it takes; None for nothing.
    """

    name: str
    text: str
    value: Value | None


@dataclass(frozen=True, kw_only=True)
class Subcommand:
    """A subcommand.

    Args:
        name: as it is typed.
        text: what it does.
        flags: its options.
        value: what its arguments without a name take.
    """

    name: str
    text: str
    flags: tuple[Flag, ...]
    value: Value


def all_subcommands() -> list[Subcommand]:
    """Return all subcommands, in the order of the help."""
    return [_subcommand(name, text) for name, text in SUMMARIES.items()]


def _subcommand(name: str, text: str) -> Subcommand:
    module = import_module(f"partita.cli.{name}")
    commands = module.variants() if hasattr(module, "variants") else [module.Command]
    options = {option.name: option for command in commands for option in options_of(command)}
    named = [option for option in options.values() if option.name.startswith("-")]
    values = [_value(option) for option in options.values() if not option.name.startswith("-")]
    flags = [flag for option in named for flag in _flags(option)]
    return Subcommand(
        name=name,
        text=text,
        flags=(*flags, Flag(name="--help", text="Show the options.", value=None)),
        value=Value(
            choices=tuple(choice for value in values for choice in value.choices),
            files=any(value.files for value in values),
        ),
    )


def _flags(option: Option) -> Iterable[Flag]:
    """Yield an option, and its negation if it has one."""
    for name in dict.fromkeys((option.name.replace("[no-]", ""), option.name.replace("[no-]", "no-"))):
        yield Flag(
            name=name,
            text=option.text.partition(". ")[0].removesuffix("."),
            value=_value(option) if option.value else None,
        )


def _value(option: Option) -> Value:
    """Return what an option or an argument takes."""
    files = option.value == "PATH" or option.name in ("CORPUS", "RECORDINGS", "--config", *MODEL_VALUES)
    if option.value.startswith("{"):
        choices = tuple(option.value.strip("{}").split(","))
    else:
        choices = _choices("MODEL" if files and option.name == "--model" else option.name)
    return Value(choices=choices, files=files, several=option.value.endswith("..."))


def _choices(name: str) -> tuple[str, ...]:
    """Return the words that an option or an argument of any subcommand can be, as its check knows them."""
    from partita.data.corpus import SPLITS
    from partita.device import DEVICES, PRECISIONS
    from partita.models.choice import MODELS
    from partita.models.heads.choice import HEADS
    from partita.models.sizes import SIZES
    from partita.runs.shipped.folder import shipped_names
    from partita.training.config.arms import ARMS
    from partita.training.config.presets import NAMES
    from partita.training.config.tiers import CONDITIONS
    from partita.training.config.train import OPTIMIZERS
    from partita.training.losses.gan import LOSSES

    if name in ("NAME", *MODEL_VALUES):
        return tuple(shipped_names())
    if name.endswith("-size"):
        return tuple(SIZES)
    known: dict[str, Iterable[str]] = {
        "--arm": ARMS,
        "--arms": ARMS,
        "--primary-arm": ARMS,
        "--adversary.loss": LOSSES,
        "--condition": CONDITIONS,
        "--config": NAMES,
        "--device": DEVICES,
        "--head": HEADS,
        "--model": MODELS,
        "--optimizer": OPTIMIZERS,
        "--precision": PRECISIONS,
        "--size": SIZES,
        "--split": SPLITS,
        "--augment": ("on", "off"),
    }
    return tuple(known.get(name, ()))
