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
from partita.cli.failures import is_bug, message_of
from partita.cli.raw_arguments import clean_arguments
from partita.errors import PartitaError
from partita.standard_streams import discard_unwritable_output, prepare_standard_streams
from partita.terminal import flush_output, print_line, print_note

DONE, FAILURE, MISTAKE, INTERRUPTED = 0, 1, 2, 130

WAITING = ("OMP_WAIT_POLICY", "PASSIVE")
"""Idle threads of PyTorch sleep. By default they spin and take cores from other threads and programs; beside
another busy program a training step then takes up to ten times as long."""

SUMMARIES = {
    "demo": "make a corpus, train two models, draw clips, score them and write a page",
    "prepare": "make a corpus from recordings",
    "train": "train a model on a corpus, or resume a run",
    "generate": "draw new sound from a trained model",
    "compare": "compare arms on a corpus: does an adversary make better sound?",
    "arena": "compare arms on clips of a trained model, whose distribution is known",
    "evaluate": "score one or more models on a corpus's held-out recordings",
    "serve": "open a page in the browser to play models and to train and compare them",
    "doctor": "find out what is wrong with a corpus or a run, and what to do",
    "models": "list the models that ship, or show the card of one",
    "bench": "measure the speed of the sampler, of training or of preparing",
}


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
    if name in {"-h", "--help", "help"}:
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
        raise PartitaError(f"{name!r} is not a subcommand: choose one of {', '.join(SUMMARIES)}")


def _help() -> str:
    width = max(map(len, SUMMARIES))
    rows = "\n".join(f"  {name:{width}}  {summary}" for name, summary in SUMMARIES.items())
    return (
        "usage: partita SUBCOMMAND ...\n\n"
        "Train autoregressive models of raw audio on your own recordings, with or without an adversary,\n"
        "and measure whether the adversary helps.\n\n"
        f"subcommands:\n{rows}\n\n"
        "`partita SUBCOMMAND --help` shows its options, `partita --version` the version."
    )


def _print_message(name: str, message: str) -> None:
    prefix = f"partita {name}" if name in SUMMARIES else "partita"
    print_note(f"{prefix}: {' '.join(message.split())}")
