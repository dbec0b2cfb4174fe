"""Checks of the values in a config: choices, ranges and counts.

Every check raises a `PartitaError` with the name, the value and the rule. This file does not know which
fields a config has.
"""

import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from partita.errors import PartitaError

LARGEST_COUNT = 10**9  # of a count without a smaller bound
LARGEST_WEIGHT = 1e9  # of a loss
MOST_CHANNELS = 1 << 14  # of a layer
MOST_PARTS = 16  # of a discriminator
MOST_PARAMETERS = 1 << 31  # of a network
SIMILAR = 0.7  # of two names, from 0 to 1: below this a suggestion is more likely wrong than right


def did_you_mean(word: object, known: Iterable[object]) -> str:
    """Return the end of a message about an unknown word: the known word that is most like it, if one is.

    Args:
        word: what was given.
        known: the words that there are.

    >>> did_you_mean("tinny", ["tiny", "small"]), did_you_mean("x", ["tiny", "small"])
    (' (did you mean tiny?)', '')
    """
    close = _closest(str(word), map(str, known))
    return f" (did you mean {close}?)" if close else ""


def _closest(word: str, names: Iterable[str]) -> str | None:
    """Return the name that is most like a word in any case, or None."""
    from difflib import get_close_matches

    lower = {name.lower(): name for name in names}
    close = get_close_matches(word.lower(), lower, n=1, cutoff=SIMILAR)
    return lower[close[0]] if close else None


def nearest_path(path: str | Path) -> str:
    """Return the end of a message about a missing file or folder: its neighbour with the most similar name.

    Args:
        path: a path that does not exist.

    >>> nearest_path(Path(__file__).parent / "chekcs.py").endswith("checks.py?)")
    True
    """
    missing = Path(path)
    try:
        names = [one.name for one in missing.parent.iterdir()]
    except OSError:
        return ""
    close = _closest(missing.name, names)
    return f" (did you mean {missing.parent / close}?)" if close else ""


def check_choice(name: str, value: object, choices: tuple[object, ...]) -> None:
    """Raise an error unless the value is one of the choices.

    >>> check_choice("device", "tpu", ("auto", "cpu", "cuda"))
    Traceback (most recent call last):
    ...
    partita.errors.PartitaError: `device` is 'tpu': choose one of auto, cpu, cuda
    """
    if value not in choices:
        listed = ", ".join(map(str, choices))
        raise PartitaError(f"`{name}` is {value!r}: choose one of {listed}{did_you_mean(value, choices)}")


def check_range(name: str, value: float, low: float, high: float) -> None:
    """Raise an error unless the number is finite and within [low, high].

    >>> check_range("ramp", 2.0, 0.0, 1.0)
    Traceback (most recent call last):
    ...
    partita.errors.PartitaError: `ramp` is 2.0: give a finite number from 0 to 1
    """
    if not (math.isfinite(value) and low <= value <= high):
        raise PartitaError(f"`{name}` is {value}: give a finite number from {low:g} to {high:g}")


def check_positive(name: str, value: float, high: float) -> None:
    """Raise an error unless the number is finite, above 0 and at most `high`.

    >>> check_positive("minutes", 0.0, 1e6)
    Traceback (most recent call last):
    ...
    partita.errors.PartitaError: `minutes` is 0.0: give a number above 0
    """
    if not (math.isfinite(value) and value > 0):
        raise PartitaError(f"`{name}` is {value}: give a number above 0")
    if value > high:
        raise PartitaError(f"`{name}` is {value}: give at most {high:g}")


def check_count(name: str, value: int, low: int, high: int = LARGEST_COUNT) -> None:
    """Raise an error unless the whole number is within [low, high].

    >>> check_count("batch", 0, 1)
    Traceback (most recent call last):
    ...
    partita.errors.PartitaError: `batch` is 0: give at least 1
    """
    if value < low:
        raise PartitaError(f"`{name}` is {value}: give at least {low}")
    if value > high:
        raise PartitaError(f"`{name}` is {value}: give at most {high}")


def check_counts(config: Any, high: dict[str, int], low: dict[str, int] | None = None) -> None:
    """Raise an error unless the named fields of a config are whole numbers within their bounds.

    Call it before a network is made: a config file can ask for more memory than there is.

    Args:
        config: the object with the fields.
        high: maps each field's name to its largest value.
        low: maps a field's name to its smallest value; 1 for a field that it leaves out.

    >>> from types import SimpleNamespace
    >>> check_counts(SimpleNamespace(layers=40), {"layers": 16})
    Traceback (most recent call last):
    ...
    partita.errors.PartitaError: `layers` is 40: give at most 16
    """
    for name, largest in high.items():
        value, smallest = getattr(config, name), (low or {}).get(name, 1)
        if type(value) is not int or value < smallest:
            raise PartitaError(f"`{name}` is {value!r}: give a whole number of at least {smallest}")
        if value > largest:
            raise PartitaError(f"`{name}` is {value}: give at most {largest}")


def check_list(name: str, values: tuple[int, ...], low: int, high: int) -> None:
    """Raise an error unless there are 1 to 16 numbers, each within [low, high].

    >>> check_list("periods", (2, 0), 1, 4096)
    Traceback (most recent call last):
    ...
    partita.errors.PartitaError: `periods` is (2, 0): give 1 to 16 numbers, each from 1 to 4096
    """
    if not 1 <= len(values) <= MOST_PARTS or not all(low <= value <= high for value in values):
        shown = values if len(values) <= MOST_PARTS else f"of {len(values)} numbers"
        raise PartitaError(f"`{name}` is {shown}: give 1 to {MOST_PARTS} numbers, each from {low} to {high}")
