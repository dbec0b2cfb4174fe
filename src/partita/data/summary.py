"""What a person should know about a corpus and its recordings, in a few lines. Knows no audio."""

from collections.abc import Iterable
from typing import Any

LISTED = 3  # recordings with the same note that have a line each
NAMED = 10  # of more, the first that one line names


def tell_notes(notes: Iterable[tuple[str, str]]) -> list[str]:
    """Return a line for each recording and its note, one line for many recordings with the same.

    Args:
        notes: (name, note) pairs.

    >>> tell_notes([("a.wav", "cut off")])
    ['a.wav: cut off']
    >>> tell_notes((f"{n}.wav", "8000 Hz") for n in range(5))
    ['0.wav, 1.wav, 2.wav, 3.wav and 4.wav: 8000 Hz']
    >>> tell_notes((f"{n}.wav", "8000 Hz") for n in range(1200))
    ['0.wav, 1.wav, 2.wav, 3.wav, 4.wav, 5.wav, 6.wav, 7.wav, 8.wav, 9.wav and 1,190 others: 8000 Hz']
    """
    names: dict[str, list[str]] = {}
    for name, note in notes:
        names.setdefault(note, []).append(name)
    lines = []
    for note, those in names.items():
        if len(those) > LISTED:
            last = those[-1] if len(those) <= NAMED + 1 else f"{len(those) - NAMED:,} others"
            first = those[:-1] if len(those) <= NAMED + 1 else those[:NAMED]
            lines.append(f"{', '.join(first)} and {last}: {note}")
        else:
            lines += [f"{name}: {note}" for name in those]
    return lines


def lines_about(index: dict[str, Any]) -> list[str]:
    """Return what a person should know about a corpus: skipped files, notes on the others, warnings.

    Args:
        index: of a corpus that was just prepared.

    >>> lines_about({"skipped": [{"source": "a.txt", "reason": "no sound"}], "files": [], "warnings": []})
    ['skipped a.txt: no sound']
    """
    noted = ((file["source"], file["note"]) for file in index["files"] if file.get("note"))
    return [
        *(f"skipped {skipped['source']}: {skipped['reason']}" for skipped in index["skipped"]),
        *(f"note {line}" for line in tell_notes(noted)),
        *(f"warning: {warning}" for warning in index["warnings"]),
    ]
