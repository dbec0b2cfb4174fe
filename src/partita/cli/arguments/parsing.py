"""Make a subcommand's dataclass from its arguments; every mistake is one line, with the word that was meant.

This file knows no subcommand.
"""

import ast
import io
import re
import sys
from collections.abc import Sequence
from contextlib import redirect_stderr
from typing import TypeVar

import tyro

from partita.checks import did_you_mean
from partita.cli.help import flags_of
from partita.cli.times import with_times
from partita.errors import PartitaError

CommandT = TypeVar("CommandT")

LONGEST = 400  # characters of a message: an argument can be as long as a file
_COLOUR = re.compile("\x1b\\[[0-9;]*m")
_REWORDED = (
    (r"^Error parsing (\S+):", r"`\1`:"),
    (r"^Missing from [^:]*:", "missing:"),
    (r"^Missing value for argument '(.+)'\. Expected 1 values$", r"`\1` has no value: give one"),
    (r"^(`\S+`): invalid literal for int\(\) with base 10: (.*)", r"\1 is \2: give a whole number"),
    (r"^(`\S+`): could not convert string to float: (.*)", r"\1 is \2: give a number"),
    (r"^(`\S+`): no type matching INT could be instantiated from \[(.*)\]", r"\1 is \2: give a whole number"),
    (r"^(`\S+`): no type matching FLOAT could be instantiated from \[(.*)\]", r"\1 is \2: give a number"),
    (r"^Unrecognized options: ([^,]*).*", r"`\1` is not expected here: leave it out"),
)
"""Patterns of tyro's messages, and what replaces them."""
_CHOICE = re.compile(r"^invalid choice '(.*)' for argument '(.*)'\. Expected one of (\(.*\))\s*$")
_HELP_INDENT = " " * 9  # rows with this indent repeat the help of an option


def parse(
    command: type[CommandT], arguments: Sequence[str], *, prog: str, default: CommandT | None = None
) -> CommandT:
    """Return the subcommand with the given arguments; `--help` prints the help and exits with status 0.

    Args:
        command: a dataclass whose fields are the arguments.
        arguments: what follows the subcommand's name.
        prog: the name of the command in help and messages.
        default: the values of arguments that are not given, in place of the dataclass's own defaults.

    Raises:
        PartitaError: an argument is missing, unknown or out of range.
        SystemExit: after the help.

    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True)
    ... class Sing:
    ...     times: int = 1
    >>> parse(Sing, ["--times", "3"], prog="sing")
    Sing(times=3)
    """
    captured = io.StringIO()
    words = with_times(arguments)
    try:
        with redirect_stderr(captured):
            return tyro.cli(
                command,
                args=words,
                prog=prog,
                default=tyro.MISSING_NONPROP if default is None else default,
                config=(
                    tyro.conf.PositionalMetavarFromFieldName,
                    tyro.conf.DisallowNone,
                ),
            )
    except SystemExit as exit_:
        if not exit_.code:
            sys.stderr.write(captured.getvalue())
            raise
        flags = flags_of(command if default is None else default)
        mistake = _mistake(exit_, captured.getvalue(), prog)
        raise (_unknown_option(words, flags, prog) or mistake) from exit_


def _unknown_option(words: Sequence[str], flags: Sequence[str], prog: str) -> PartitaError | None:
    """Return the error about the first option that there is not, or None."""
    for word in words:
        if word == "--":
            return None
        name = word.partition("=")[0].replace("_", "-")
        if word.startswith("--") and name not in flags:
            close = did_you_mean(name, flags)
            return PartitaError(f"`{name[:60]}` is not an option{close}; see `{prog} --help`")
    return None


def _mistake(exit_: BaseException, box: str, prog: str) -> PartitaError:
    """Return why tyro exits: the `PartitaError` of a dataclass, else tyro's own message as one line."""
    reason = exit_.__context__
    while reason is not None:
        if isinstance(reason, PartitaError):
            return reason
        reason = reason.__context__
    sections = _sections(box)
    message = _sentence(sections[1]) if len(sections) > 1 else " ".join(box.split())
    for pattern, words in _REWORDED:
        message = re.sub(pattern, words, message)
    if found := _CHOICE.match(message):
        value, name, choices = found[1], found[2], ast.literal_eval(found[3])
        message = f"`{name}` is {value!r}: choose one of {', '.join(choices)}{did_you_mean(value, choices)}"
    if len(message) > LONGEST:
        message = f"{message[:LONGEST]}..."
    return PartitaError(f"{message}; see `{prog} --help`")


def _sections(box: str) -> list[list[str]]:
    """Return the rows between the lines of tyro's box: the title, the message, then suggestions."""
    sections: list[list[str]] = [[]]
    for row in _COLOUR.sub("", box).splitlines():
        inner = row.strip("│╭╮╰╯─")
        text = inner.strip(" ─")
        if text.strip("-") and not inner.startswith(_HELP_INDENT):
            sections[-1].append(text)
        if not text.strip("-") or row.startswith("╭"):
            sections.append([])
    return [section for section in sections if section]


def _sentence(rows: list[str]) -> str:
    """Return a section of tyro's box as one sentence, with commas between the items of a list."""
    if len(rows) > 1 and rows[0].endswith(":"):
        return f"{rows[0]} {', '.join(rows[1:])}"
    return " ".join(rows).rstrip(".")
