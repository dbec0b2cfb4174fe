"""The words of a command line before anything reads them: what no path can hold is refused, `~` is a home.

This file knows no subcommand and no option.
"""

import os
from collections.abc import Sequence

from partita.errors import PartitaError


def checked(words: Sequence[str]) -> list[str]:
    r"""Return the words with homes in place of `~`; see `with_home`.

    Raises:
        PartitaError: a word holds a character that no file name and no number can have.

    >>> checked(["--out", "a\0b"])
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
            raise PartitaError(f"the {where} is empty: give a value (is a variable of the shell not set?)")
        if "\0" in word:
            raise PartitaError(f"the argument {word[:60]!r} holds a NUL character: leave it out")
        try:
            os.fsencode(word)
        except UnicodeEncodeError:
            raise PartitaError(
                f"the argument {word[:60]!r} holds a character that no file name can have: leave it out"
            ) from None
    return [with_home(word) for word in words]


def with_home(word: str) -> str:
    """Return a word with the home in place of a `~` or `~user` that begins it or its value after `=`.

    Shells do so only where `~` begins a word, not in `--out=~/corpus`. A user who is not known is left as he
    is: a file may be called so.

    >>> with_home("--out=~/corpus") == f"--out={os.path.expanduser('~')}/corpus"
    True
    >>> with_home("--out=a~b")
    '--out=a~b'
    """
    name, equals, value = word.partition("=")
    if equals and value.startswith("~"):
        return name + equals + os.path.expanduser(value)  # noqa: PTH111 - Path would normalise what is no path
    return os.path.expanduser(word)  # noqa: PTH111
