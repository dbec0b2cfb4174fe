"""Make a subcommand's dataclass from its arguments; every mistake is one line.

This file knows no subcommand.
"""

import io
import re
import sys
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr
from itertools import zip_longest
from typing import TypeVar

import tyro

from partita.errors import PartitaError
from partita.terminal import print_note

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
    (
        r"^invalid choice (.*) for argument '(.*)'\. Expected one of \((.*)\)$",
        r"`\2` is \1: choose one of \3",
    ),
)
"""Patterns of tyro's messages, and what replaces them."""
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
    >>> parse(Sing, ["--times", "x"], prog="sing")
    Traceback (most recent call last):
    ...
    partita.errors.PartitaError: `--times` is 'x': give a whole number; see `sing --help`
    """
    captured = io.StringIO()
    try:
        with redirect_stderr(captured):
            return tyro.cli(
                command,
                args=list(arguments),
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
        raise _mistake(exit_, captured.getvalue(), prog) from exit_


def with_new_names(arguments: Sequence[str], *, prog: str, renamed: Callable[[str], str]) -> list[str]:
    """Return the arguments with old names of options replaced, and print a line for each old name.

    Args:
        arguments: what follows the subcommand's name.
        prog: how messages call the command.
        renamed: maps an option's path, for example "rollout.seam", to its current path.

    Raises:
        PartitaError: an option is given by its old name and by its new one.

    >>> with_new_names(["corpus", "--steps=5"], prog="partita train", renamed=str)
    ['corpus', '--steps=5']
    """
    words, warned = [], set()
    given = {word.partition("=")[0] for word in arguments}
    for word in arguments:
        name, equals, value = word.partition("=")
        path = name.removeprefix("--").replace("-", "_")
        if name.startswith("--") and (new_path := renamed(path)) != path:
            new_name = f"--{new_path.replace('_', '-')}"
            if new_name in given:
                raise PartitaError(f"`{name}` is the old name of `{new_name}`: give one of them")
            if new_name not in warned:
                print_note(f"{prog}: `{name}` is deprecated: use `{new_name}`")
            warned.add(new_name)
            words.append(new_name + equals + value)
        else:
            words.append(word)
    return words


def gather_repeats(arguments: Sequence[str], options: Sequence[str]) -> list[str]:
    """Return the arguments with the values of repeated options collected behind one option each, at the end.

    Args:
        arguments: what follows the subcommand's name.
        options: the options that may be repeated and that take several values.

    >>> gather_repeats(["a", "--test", "x", "--out", "c", "--test=y"], ["--test"])
    ['a', '--out', 'c', '--test', 'x', 'y']
    """
    rest: list[str] = []
    values: dict[str, list[str]] = {}
    current = rest
    for word in arguments:
        name, equals, value = word.partition("=")
        if name in options:
            current = values.setdefault(name, [])
            current += [value] if equals else []
            current = rest if equals else current
        elif word.startswith("--"):
            current = rest
            rest.append(word)
        else:
            current.append(word)
    return rest + [word for name, found in values.items() for word in (name, *found)]


def value_of(arguments: Sequence[str], option: str) -> str | None:
    """Return the last value that the arguments give an option, or None.

    A subcommand can so read an option that decides the defaults of others.

    Args:
        arguments: what follows the subcommand's name.
        option: the option's name.

    >>> value_of(["corpus", "--arm", "report", "--steps=5"], "--steps")
    '5'
    """
    found = None
    for word, following in zip_longest(arguments, arguments[1:]):
        name, equals, value = word.partition("=")
        if name == option:
            found = value if equals else following
    return found


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
    for section in sections[2:]:
        if section[0] == "Perhaps you meant:":
            message += f" (perhaps you meant {', '.join(section[1:])})"
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
