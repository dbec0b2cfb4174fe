"""The command `partita`: run a subcommand, and turn its end into an exit status and a message of one line.

Each subcommand is a file of this package. Its dataclass `Command` has the arguments as fields and their help
as docstrings; the method `run` does the work, and the function `read` makes a `Command` from arguments. Only
the file of the chosen subcommand is imported, so `partita --help` is quick. This file does not know what the
subcommands do.
"""

import os
import sys
from collections.abc import Sequence
from importlib import import_module

from partita import __version__
from partita.checks import did_you_mean
from partita.cli.arguments.raw import clean_arguments
from partita.cli.failures import is_bug, message_of
from partita.errors import PartitaError
from partita.standard_streams import discard_unwritable_output, prepare_standard_streams
from partita.terminal import flush_output, print_line, print_note

DONE, FAILURE, MISTAKE, INTERRUPTED = 0, 1, 2, 130

WAITING = ("OMP_WAIT_POLICY", "PASSIVE")
"""Idle threads of PyTorch sleep. By default they spin and take cores from other threads and programs; beside
another busy program a training step then takes up to ten times as long."""

CONTENTS = {
    "start here": {
        "demo": "hear what it does: train, draw and score, and write a page",
        "serve": "play, train, compare and test blindly in the browser",
        "models": "list the models that ship, or show the card of one",
        "completion": "complete subcommands and options in your shell with Tab",
    },
    "train": {
        "prepare": "make a corpus from your recordings",
        "train": "train a model on a corpus, or go on with a run",
    },
    "make sound": {
        "generate": "draw new sound, continue a recording, play a score or a line",
    },
    "measure": {
        "doctor": "find out what is wrong with a corpus or a run",
        "evaluate": "score models on recordings that were held out",
        "compare": "compare arms on a corpus: does an adversary help?",
        "arena": "compare arms where the true distribution is known",
        "bench": "measure the speed of this machine",
    },
}
"""The subcommands in groups, with what each does, as `--help` lists them."""
SUMMARIES = {name: text for members in CONTENTS.values() for name, text in members.items()}
"""Subcommand -> what it does."""
HELP = ("-h", "--help", "help")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status.

    The status is 0 if all is done, 2 for a mistake of the user, 130 after Ctrl-C and 1 for anything else.

    Args:
        arguments: what follows `partita`; by default the arguments of this process.

    >>> main(["sing"])
    2
    """
    if arguments is None:
        prepare_standard_streams()
    os.environ.setdefault(*WAITING)  # PyTorch reads it once, when it is imported
    given = list(sys.argv[1:] if arguments is None else arguments)
    name = given[0] if given else "--help"
    try:
        return _status(name, given[1:])
    finally:
        discard_unwritable_output()


def _status(name: str, rest: list[str]) -> int:
    """Run the subcommand, print a message if it fails, and return the exit status."""
    try:
        _dispatch(name, clean_arguments(rest))
        flush_output()
    except KeyboardInterrupt as interruption:
        _print_message(name, str(interruption) or "interrupted")
        return INTERRUPTED
    except PartitaError as error:
        _print_message(name, str(error))
        return MISTAKE
    except BrokenPipeError:  # the reader of the output has closed it
        return FAILURE
    except Exception as error:
        if os.environ.get("PARTITA_DEBUG"):
            raise
        _print_message(name, message_of(error, name))
        return FAILURE if is_bug(error) else MISTAKE
    return DONE


def _dispatch(name: str, rest: list[str]) -> None:
    if name == "help" and rest and rest[0] not in HELP:  # `help train` is `train --help`
        name, rest = rest[0], [*rest[1:], "--help"]
    if name in HELP:
        print_line(_help())
    elif name == "--version":
        print_line(f"partita {__version__}")
    elif name in SUMMARIES:
        read = import_module(f"partita.cli.{name}").read
        try:
            command = read(rest)
        except SystemExit:  # after `--help`
            return
        command.run()
    else:
        close = did_you_mean(name, [*SUMMARIES, "help"])
        raise PartitaError(f"{name[:60]!r} is not a subcommand{close}: `partita --help` lists them")


def _help() -> str:
    width = max(map(len, SUMMARIES))
    rows = [
        row
        for title, members in CONTENTS.items()
        for row in (f"{title}:", *(f"  {name:{width}}  {text}" for name, text in members.items()))
    ]
    return "\n".join(
        (
            "usage: partita SUBCOMMAND ...\n",
            "Train models of raw audio on your own recordings, and draw new sound from them.\n",
            *rows,
            "\n`partita help SUBCOMMAND` shows its options, `partita --version` the version.",
        )
    )


def _print_message(name: str, message: str) -> None:
    prefix = f"partita {name}" if name in SUMMARIES else "partita"
    print_note(f"{prefix}: {' '.join(message.split())}")
