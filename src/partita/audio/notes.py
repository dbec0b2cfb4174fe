"""What a person should know about recordings that are used, in a few lines. Knows no audio."""

from collections.abc import Iterable

LISTED = 3  # recordings with the same note that are named each


def tell_notes(notes: Iterable[tuple[str, str]]) -> list[str]:
    """Return a line for each recording and its note, one line for many recordings with the same.

    Args:
        notes: (name, note) pairs.

    >>> tell_notes([("a.wav", "cut off")])
    ['a.wav: cut off']
    >>> tell_notes((f"{n}.wav", "8000 Hz") for n in range(1200))
    ['0.wav and 1,199 others: 8000 Hz']
    """
    names: dict[str, list[str]] = {}
    for name, note in notes:
        names.setdefault(note, []).append(name)
    lines = []
    for note, those in names.items():
        if len(those) > LISTED:
            lines.append(f"{those[0]} and {len(those) - 1:,} others: {note}")
        else:
            lines += [f"{name}: {note}" for name in those]
    return lines
