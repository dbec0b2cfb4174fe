"""Lengths of time as people write them: 90, 1:30, 1:30:00, 1m30s or 2h.

A bare number has the unit of its option, seconds or minutes. This file knows no subcommand: an option takes a
time if its name ends in one of `UNITS`.
"""

import re
from collections.abc import Sequence

from partita.errors import PartitaError

UNITS = {"seconds": 1.0, "minutes": 60.0, "gap": 1.0}
"""The end of an option's name, and the seconds that a bare number there stands for."""
EXAMPLES = "a number, or a time such as 1:30 or 1m30s"
_NUMBER = r"\d+(?:\.\d*)?|\.\d+"
_CLOCK = re.compile(r"(?:(?P<h>\d+):(?=\d\d:))?(?P<m>\d+):(?P<s>[0-5]\d(?:\.\d*)?)")
_WORDS = re.compile(
    rf"(?:(?P<h>{_NUMBER}) ?h)? ?(?:(?P<m>{_NUMBER}) ?m(?:in)?)? ?(?:(?P<s>{_NUMBER}) ?s)?", re.IGNORECASE
)


def unit_of(option: str) -> float | None:
    """Return the seconds of a bare number behind an option, or None if the option takes no time.

    Args:
        option: as it is typed, for example "--prompt-seconds".

    >>> unit_of("--base-minutes"), unit_of("--seed")
    (60.0, None)
    """
    return UNITS.get(re.split("[-_.]", option)[-1]) if option.startswith("--") else None


def read_time(text: str, unit: float) -> float | None:
    """Return a time in its unit, or None if the text is no time.

    Args:
        text: a number, hours, minutes and seconds with colons, or numbers with the letters h, m and s.
        unit: the seconds that a bare number stands for.

    >>> read_time("1:30", 1.0), read_time("1:30:00", 60.0), read_time("1m30s", 1.0), read_time("90", 60.0)
    (90.0, 90.0, 90.0, 90.0)
    >>> read_time("1:75", 1.0) is None
    True
    """
    try:
        return float(text)
    except ValueError:
        found = _CLOCK.fullmatch(text) or _WORDS.fullmatch(text)
    if found is None or not any(found.groups()):
        return None
    hours, minutes, seconds = (float(found[name] or 0.0) for name in ("h", "m", "s"))
    return (3600.0 * hours + 60.0 * minutes + seconds) / unit


def with_times(arguments: Sequence[str]) -> list[str]:
    """Return the arguments with every time as a bare number in the unit of its option.

    Args:
        arguments: what follows the subcommand's name.

    Raises:
        PartitaError: the value of an option that takes a time is none.

    >>> with_times(["run", "--seconds", "1:30", "--base-minutes=1h", "--seed", "7"])
    ['run', '--seconds', '90.0', '--base-minutes=60.0', '--seed', '7']
    """
    words: list[str] = []
    option = ""
    for place, word in enumerate(arguments):
        if word == "--":
            return [*words, *arguments[place:]]
        name, equals, value = word.partition("=")
        if word.startswith("--"):
            words.append(f"{name}={_number(name, value)}" if equals else word)
            option = "" if equals else name
        else:
            words.append(_number(option, word))
            option = ""
    return words


def _number(option: str, text: str) -> str:
    """Return a value as it is, or a time behind an option that takes one as a bare number."""
    unit = unit_of(option)
    if unit is None or text == "None":
        return text
    time = read_time(text, unit)
    if time is None:
        raise PartitaError(f"`{option}` is {text[:60]!r}: give {EXAMPLES}")
    return text if _is_number(text) else repr(time)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
