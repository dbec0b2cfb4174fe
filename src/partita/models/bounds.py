"""Bounds of the numbers that shape a network: a config file is checked by them before anything is allocated.
Knows no network."""

from typing import Any

from partita.errors import PartitaError

MOST_CHANNELS = 1 << 14
MOST_PARTS = 16  # of a discriminator
MOST_PARAMETERS = 1 << 31


def counts(config: Any, most: dict[str, int], least: dict[str, int] | None = None) -> None:
    """Refuse fields of a config that are no whole numbers, too small or too large.

    Args:
        config: whose fields.
        most: name -> the largest value.
        least: name -> the smallest value, where that is not 1.

    >>> from types import SimpleNamespace
    >>> counts(SimpleNamespace(layers=40), {"layers": 16})
    Traceback (most recent call last):
    ...
    partita.errors.PartitaError: `layers` is 40: give at most 16
    """
    for name, largest in most.items():
        value, smallest = getattr(config, name), (least or {}).get(name, 1)
        if type(value) is not int or value < smallest:
            raise PartitaError(f"`{name}` is {value!r}: give a whole number of at least {smallest}")
        if value > largest:
            raise PartitaError(f"`{name}` is {value}: give at most {largest}")


def several(name: str, values: tuple[int, ...], least: int, most: int) -> None:
    """Refuse a list of numbers that is empty, too long, or has one out of range.

    >>> several("periods", (2, 0), 1, 4096)
    Traceback (most recent call last):
    ...
    partita.errors.PartitaError: `periods` is (2, 0): give 1 to 16 numbers, each from 1 to 4096
    """
    if not 1 <= len(values) <= MOST_PARTS or not all(least <= value <= most for value in values):
        shown = values if len(values) <= MOST_PARTS else f"of {len(values)} numbers"
        raise PartitaError(
            f"`{name}` is {shown}: give 1 to {MOST_PARTS} numbers, each from {least} to {most}"
        )
