"""From typed words to a subcommand's dataclass, with every mistake as one line.

This file knows no subcommand and no room.
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

LONGEST = 400  # characters of what is wrong with the arguments: some pass whole files as one
_COLOUR = re.compile("\x1b\\[[0-9;]*m")
_PLAINER = (
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
"""What tyro says, and how it is said here."""
_HELP_INDENT = " " * 9  # rows this deep repeat an option's help


def parse(
    command: type[CommandT], arguments: Sequence[str], *, prog: str, default: CommandT | None = None
) -> CommandT:
    """Return the subcommand that the arguments ask for; `--help` prints the help and leaves with status 0.

    Args:
        command: a dataclass whose fields are the arguments.
        arguments: what follows the subcommand's name.
        prog: how the help calls the command.
        default: values of the arguments that are not given, in place of the dataclass's own.

    Raises:
        PartitaError: arguments that are missing, unknown or out of range.

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
    heard = io.StringIO()
    try:
        with redirect_stderr(heard):
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
    except SystemExit as leaving:
        if not leaving.code:
            sys.stderr.write(heard.getvalue())
            raise
        raise _mistake(leaving, heard.getvalue(), prog) from leaving


def with_new_names(arguments: Sequence[str], *, prog: str, renamed: Callable[[str], str]) -> list[str]:
    """Return the arguments with old names of options replaced, and print a line for each old name.

    Args:
        arguments: what follows the subcommand's name.
        prog: how messages call the command.
        renamed: maps an option's path, for example "rollout.seam", to its current path.

    >>> with_new_names(["corpus", "--steps=5"], prog="partita train", renamed=str)
    ['corpus', '--steps=5']
    """
    words, warned = [], set()
    for word in arguments:
        name, equals, value = word.partition("=")
        path = name.removeprefix("--").replace("-", "_")
        if name.startswith("--") and (new_path := renamed(path)) != path:
            new_name = f"--{new_path.replace('_', '-')}"
            if new_name not in warned:
                print_note(f"{prog}: `{name}` is deprecated: use `{new_name}`")
            warned.add(new_name)
            words.append(new_name + equals + value)
        else:
            words.append(word)
    return words


def gather(arguments: Sequence[str], options: Sequence[str]) -> list[str]:
    """Let options be repeated: their values, from wherever they stand, are put behind one of each at the end.

    >>> gather(["a", "--test", "x", "--out", "c", "--test=y"], ["--test"])
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


def peek(arguments: Sequence[str], option: str) -> str | None:
    """Return the value that an option has among the arguments, or None: it may decide others' defaults.

    >>> peek(["corpus", "--arm", "report", "--steps=5"], "--steps")
    '5'
    """
    found = None
    for word, following in zip_longest(arguments, arguments[1:]):
        name, equals, value = word.partition("=")
        if name == option:
            found = value if equals else following
    return found


def _mistake(leaving: BaseException, box: str, prog: str) -> PartitaError:
    """Return why tyro left: a room's own refusal if there is one, else its box of text as one line."""
    reason = leaving.__context__
    while reason is not None:
        if isinstance(reason, PartitaError):
            return reason
        reason = reason.__context__
    sections = _sections(box)
    said = _sentence(sections[1]) if len(sections) > 1 else " ".join(box.split())
    for pattern, words in _PLAINER:
        said = re.sub(pattern, words, said)
    for section in sections[2:]:
        if section[0] == "Perhaps you meant:":
            said += f" (perhaps you meant {', '.join(section[1:])})"
    if len(said) > LONGEST:
        said = f"{said[:LONGEST]}..."
    return PartitaError(f"{said}; see `{prog} --help`")


def _sections(box: str) -> list[list[str]]:
    """Return the rows between the rules of tyro's box: its title, the message, then advice."""
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
    """Return a section of tyro's box as one sentence; a list in it gets commas."""
    if len(rows) > 1 and rows[0].endswith(":"):
        return f"{rows[0]} {', '.join(rows[1:])}"
    return " ".join(rows).rstrip(".")
