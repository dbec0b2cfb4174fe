"""The command `partita`: find the subcommand, run it, turn whatever happens into an exit status and one line.

Each subcommand is a file of this folder with a dataclass `Command`, whose fields are the arguments, their
docstrings the help, and whose method `run` calls the rooms; its function `read` turns words into a `Command`.
Only the chosen file is loaded, so `partita --help` is quick. This file does not know what the subcommands do.
"""

import os
import sys
from collections.abc import Sequence
from importlib import import_module

from partita import __version__
from partita.cli.failures import is_fault, told
from partita.cli.raw_arguments import checked
from partita.errors import PartitaError
from partita.standard_streams import secure_streams, silence_failed_output
from partita.terminal import flush_output, print_line, print_note

DONE, FAULT, MISTAKE, INTERRUPTED = 0, 1, 2, 130

WAITING = ("OMP_WAIT_POLICY", "PASSIVE")
"""PyTorch's idle threads sleep. By default they spin, on cores that our own threads or other programs could
use: beside another busy program a training step then takes up to ten times as long."""

SUMMARIES = {
    "demo": "everything at once: a corpus, two trained models, clips, scores and a page to listen",
    "prepare": "make a corpus from recordings",
    "train": "train a model on a corpus, or go on with a run",
    "generate": "draw new sound from a trained model",
    "arena": "compare arms where the truth is known: students of a trained model",
    "evaluate": "score a trained model on a corpus's held-out recordings",
    "bench": "measure the speed of the sampler, of training or of preparing",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return its status: 0 done, 2 the user's mistake, 130 interrupted, 1 all else.

    Args:
        arguments: what follows `partita`; by default this process's own.

    >>> main(["sing"])
    2
    """
    if arguments is None:
        secure_streams()
    os.environ.setdefault(*WAITING)  # before anything loads PyTorch, which reads it once
    given = list(sys.argv[1:] if arguments is None else arguments)
    name = given[0] if given else "--help"
    try:
        return _status(name, given[1:])
    finally:
        silence_failed_output()


def _status(name: str, rest: list[str]) -> int:
    """Run the subcommand; whatever it ends with becomes a status and a line."""
    try:
        _dispatch(name, checked(rest))
        flush_output()
    except KeyboardInterrupt as interruption:
        _say(name, str(interruption) or "interrupted")
        return INTERRUPTED
    except PartitaError as error:
        _say(name, str(error))
        return MISTAKE
    except BrokenPipeError:  # whoever read our output has left
        return FAULT
    except Exception as error:
        if os.environ.get("PARTITA_DEBUG"):
            raise
        _say(name, told(error, name))
        return FAULT if is_fault(error) else MISTAKE
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
        raise PartitaError(f"{name!r} is no subcommand: choose one of {', '.join(SUMMARIES)}")


def _help() -> str:
    width = max(map(len, SUMMARIES))
    rows = "\n".join(f"  {name:{width}}  {summary}" for name, summary in SUMMARIES.items())
    return (
        "usage: partita SUBCOMMAND ...\n\n"
        "Train autoregressive models of raw audio on your own recordings, sharpen them with an adversary,\n"
        "and measure whether it helped.\n\n"
        f"subcommands:\n{rows}\n\n"
        "`partita SUBCOMMAND --help` tells its arguments, `partita --version` the version."
    )


def _say(name: str, message: str) -> None:
    prefix = f"partita {name}" if name in SUMMARIES else "partita"
    print_note(f"{prefix}: {' '.join(message.split())}")
