"""Names that are unique on a page. This file does not know what they name."""

from collections.abc import Collection


def unused_name(name: str, taken: Collection[str]) -> str:
    """Return a name, with a number if it is taken.

    Args:
        name: the name.
        taken: names that stand for something else.

    >>> unused_name("a", []), unused_name("a", ["a", "a (2)"])
    ('a', 'a (3)')
    """
    number, unused = 1, name
    while unused in taken:
        number += 1
        unused = f"{name} ({number})"
    return unused
