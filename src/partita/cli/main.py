"""The command `partita`: find the subcommand, run it, turn whatever happens into an exit status and one line.

Each subcommand is a file of this folder with a dataclass `Command`, whose fields are the arguments, their
docstrings the help, and whose method `run` calls the rooms; its function `read` turns words into a `Command`.
Only the chosen file is loaded, so `partita --help` is quick. This file does not know what the subcommands do.
"""

import errno
import os
import sys
from collections.abc import Sequence
from importlib import import_module

from partita import __version__
from partita.errors import PartitaError

DONE, FAULT, MISTAKE, INTERRUPTED = 0, 1, 2, 130

WAITING = ("OMP_WAIT_POLICY", "PASSIVE")
"""PyTorch's idle threads sleep. By default they spin, on cores that our own threads or other programs could
use: beside another busy program a training step then takes up to ten times as long."""

SURROUNDINGS = {
    errno.ENOSPC: "make room on the disk, or write elsewhere",
    errno.EDQUOT: "make room on the disk, or write elsewhere",
    errno.EFBIG: "write less, or elsewhere",
    errno.EROFS: "write elsewhere",
    errno.EACCES: "change who may use it, or name another",
    errno.EPERM: "change who may use it, or name another",
    errno.ENOTDIR: "name a folder where one is needed",
    errno.ENAMETOOLONG: "give a shorter name",
}
"""What a person can do about failures of the operating system that are nobody's fault here."""

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
    os.environ.setdefault(*WAITING)  # before anything loads PyTorch, which reads it once
    given = list(sys.argv[1:] if arguments is None else arguments)
    name = given[0] if given else "--help"
    try:
        status = _dispatch(name, given[1:])
        sys.stdout.flush()
    except KeyboardInterrupt as interruption:
        _say(name, str(interruption) or "interrupted")
        return INTERRUPTED
    except PartitaError as error:
        _say(name, str(error))
        return MISTAKE
    except BrokenPipeError:
        # Whoever read our output has left. Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAULT
    except Exception as error:
        if os.environ.get("PARTITA_DEBUG"):
            raise
        _say(name, _fault(error))
        return MISTAKE if isinstance(error, OSError) and error.errno in SURROUNDINGS else FAULT
    return status


def _dispatch(name: str, rest: list[str]) -> int:
    if name in {"-h", "--help", "help"}:
        print(_help())
    elif name == "--version":
        print(f"partita {__version__}")
    elif name in SUMMARIES:
        command = import_module(f"partita.cli.{name}")
        command.read(rest).run()
    else:
        raise PartitaError(f"{name!r} is no subcommand: choose one of {', '.join(SUMMARIES)}")
    return DONE


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


def _fault(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        where = f": {error.filename}" if error.filename else ""
        remedy = SURROUNDINGS.get(error.errno or 0)
        return f"{error.strerror}{where}" + (f": {remedy}" if remedy else "")
    return (
        f"unexpected {type(error).__name__}: {error}"
        " (a fault of partita's; set PARTITA_DEBUG=1 to see where it happened)"
    )


def _say(name: str, message: str) -> None:
    prefix = f"partita {name}" if name in SUMMARIES else "partita"
    print(f"{prefix}: {' '.join(message.split())}", file=sys.stderr)
