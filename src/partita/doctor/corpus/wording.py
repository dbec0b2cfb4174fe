"""Words that several checks of a corpus use."""

from collections.abc import Sequence

MOST_NAMED = 3


def names_of(sources: Sequence[str]) -> str:
    """Return the names of recordings, the first three of many.

    >>> names_of(["a.wav", "b.wav"]), names_of(["a", "b", "c", "d", "e"])
    ('a.wav and b.wav', 'a, b, c and 2 others')
    """
    if len(sources) > MOST_NAMED:
        more = len(sources) - MOST_NAMED
        return f"{', '.join(sources[:MOST_NAMED])} and {more} other{'s' if more > 1 else ''}"
    return " and ".join([", ".join(sources[:-1]), sources[-1]]) if len(sources) > 1 else "".join(sources)


def duration(seconds: float) -> str:
    """Return a duration in words.

    >>> duration(42.3), duration(600.0)
    ('42 s', '10.0 minutes')
    """
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.1f} minutes"
