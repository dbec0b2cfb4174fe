"""Read and rewrite arguments before they are parsed: old names, repeated options, the value of one option.

This file knows no subcommand.
"""

from collections.abc import Callable, Sequence
from itertools import zip_longest

from partita.errors import PartitaError
from partita.terminal import print_note


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
