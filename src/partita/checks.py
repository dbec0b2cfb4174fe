"""What configs are checked by: words, ranges and counts. It knows no config."""

import math

from partita.errors import PartitaError

MOST = 10**9  # of any count that has no smaller bound
LARGEST_WEIGHT = 1e9  # of a loss


def one_of(name: str, value: object, choices: tuple[object, ...]) -> None:
    """Refuse a value that is not among the choices."""
    if value not in choices:
        raise PartitaError(f"`{name}` is {value!r}: choose one of {', '.join(map(str, choices))}")


def within(name: str, value: float, low: float, high: float) -> None:
    """Refuse a number outside [low, high], or infinite, or none."""
    if not (math.isfinite(value) and low <= value <= high):
        raise PartitaError(f"`{name}` is {value}: give a finite number from {low:g} to {high:g}")


def at_least(name: str, value: int, least: int, most: int = MOST) -> None:
    """Refuse a count that is too small or too large."""
    if value < least:
        raise PartitaError(f"`{name}` is {value}: give at least {least}")
    if value > most:
        raise PartitaError(f"`{name}` is {value}: give at most {most}")


def above_zero(name: str, value: float, most: float) -> None:
    """Refuse a number that is not above 0, or too large, or none."""
    if not (math.isfinite(value) and value > 0):
        raise PartitaError(f"`{name}` is {value}: give a number above 0")
    if value > most:
        raise PartitaError(f"`{name}` is {value}: give at most {most:g}")
