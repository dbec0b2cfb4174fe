"""Check the arguments as they were typed, and expand `~`, before a subcommand reads them.

This file knows no subcommand and no option, and imports nothing heavy.
"""

import os
from collections.abc import Sequence

from partita.errors import PartitaError


def clean_arguments(words: Sequence[str]) -> list[str]:
    r"""Return the arguments with `~` expanded; see `expand_home`.

    Args:
        words: what follows the subcommand's name.

    Raises:
        PartitaError: an argument is empty, or holds a character that no file name can have.

    >>> clean_arguments(["--out", "a\0b"])
    Traceback (most recent call last):
    ...
    partita.errors.PartitaError: the argument 'a\x00b' holds a NUL character: leave it out
    """
    for place, word in enumerate(words):
        name, equals, value = word.partition("=")
        if not word or (name.startswith("--") and equals and not value):
            where = (
                f"value of `{words[place - 1]}`"
                if place and not word
                else f"argument `{word}`"
                if word
                else "first argument"
            )
            raise PartitaError(
                f"the {where} is empty: give a value, or check that a shell variable in it is set"
            )
        if "\0" in word:
            raise PartitaError(f"the argument {word[:60]!r} holds a NUL character: leave it out")
        try:
            os.fsencode(word)
        except UnicodeEncodeError:
            raise PartitaError(
                f"the argument {word[:60]!r} holds a character that no file name can have: leave it out"
            ) from None
    return [expand_home(word) for word in words]


def expand_home(word: str) -> str:
    """Return an argument with `~` or `~user` expanded to a home folder, at its start or after `=`.

    Shells expand `~` only at the start of an argument, not in `--out=~/corpus`. An unknown user stays as it
    is, since a file may have this name.

    >>> expand_home("--out=~/corpus") == f"--out={os.path.expanduser('~')}/corpus"
    True
    >>> expand_home("--out=a~b")
    '--out=a~b'
    """
    name, equals, value = word.partition("=")
    if equals and value.startswith("~"):
        return name + equals + os.path.expanduser(value)  # noqa: PTH111 - a Path would normalise it
    return os.path.expanduser(word)  # noqa: PTH111
