"""Short and distinct names for the columns of a table. This file knows no models: names are paths."""

from collections.abc import Collection, Sequence
from pathlib import Path

from partita.terminal import printable

LONGEST = 16  # characters
KEPT = 6  # characters at the start of a name that is cut


def column_heads(names: Sequence[str], *, reserved: Collection[str] = ()) -> list[str]:
    """Return a head for each name: the names themselves, or, if one is long, the ends of their paths.

    As many folders are kept as make the ends distinct. A head that is still too long is cut in the middle. If
    heads are then equal, all are numbered.

    Args:
        names: paths, distinct.
        reserved: heads of other columns.

    >>> column_heads(["runs/a", "/data/experiments/first/run", "/data/experiments/second/run"])
    ['runs/a', 'first/run', 'second/run']
    >>> column_heads(["a-long-name-with-seed-1", "a-long-name-with-seed-2"])
    ['a-long...-seed-1', 'a-long...-seed-2']
    >>> column_heads(["real", "b"], reserved=["real"])
    ['1:real', '2:b']
    """
    heads = list(names)
    if max(map(len, names), default=0) > LONGEST:
        heads = _distinct_ends([Path(name) for name in names])
    heads = [_cut(printable(head)) for head in heads]
    if len({*heads, *reserved}) == len(heads) + len(reserved):
        return heads
    return [f"{number}:{head}" for number, head in enumerate(heads, 1)]


def _distinct_ends(paths: Sequence[Path]) -> list[str]:
    """Return the last parts of each path, as many for all as make them distinct."""
    for depth in range(1, max(len(path.parts) for path in paths)):
        ends = [str(Path(*path.parts[-depth:])) for path in paths]
        if len({*ends}) == len(ends):
            return ends
    return list(map(str, paths))


def _cut(head: str) -> str:
    """Return a head of at most `LONGEST` characters."""
    if len(head) <= LONGEST:
        return head
    return f"{head[:KEPT]}...{head[KEPT + 3 - LONGEST :]}"
