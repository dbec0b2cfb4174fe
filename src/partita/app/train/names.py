"""Names of sets of recordings and of runs: letters, digits, `_` and `-`, because they are folders."""

import re
from pathlib import Path

LONGEST_NAME = 40


def is_name(name: str) -> bool:
    """Return whether a text can be the name of a set or a run of the page.

    Args:
        name: as an address has it.

    >>> is_name("cello-2"), is_name("../cello"), is_name("")
    (True, False, False)
    """
    return bool(name) and name == clean_name(name)


def clean_name(title: str, otherwise: str = "") -> str:
    """Return a title as a name.

    Args:
        title: what a visitor has typed.
        otherwise: the name if nothing is left.

    >>> clean_name("My cello, 2nd take"), clean_name("../../etc"), clean_name("...", "set")
    ('My-cello-2nd-take', 'etc', 'set')
    """
    return re.sub(r"[^\w-]+", "-", title).strip("-_")[:LONGEST_NAME].rstrip("-_") or otherwise


def unused_name(name: str, folder: Path) -> str:
    """Return a name, with a number if something in a folder has it.

    Args:
        name: the wanted name.
        folder: may be absent.

    >>> unused_name("cello", Path("nowhere"))
    'cello'
    """
    paths = folder.iterdir() if folder.is_dir() else ()
    taken = {path.name.casefold().partition(".")[0] for path in paths}
    number, unused = 1, name
    while unused.casefold() in taken:
        number += 1
        unused = f"{name}-{number}"
    return unused
