"""Read JSON and TOML files as tables, and check each value that is read from them.

A file may be damaged, edited by hand or written by another version. Every problem raises a `PartitaError`
with the key, its value, the rule and the remedy. This file does not know the meaning of any table.
"""

import json
import math
import sys
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from partita.errors import PartitaError
from partita.filenames import restore_surrogates

T = TypeVar("T")

LONGEST_SHOWN = 60  # characters of a wrong value in a message
LONGEST_INTEGER = 1024  # bits; Python refuses to print integers of more than about 14,000


@dataclass(frozen=True)
class Table:
    """A table of a file; its methods return values of the type and range that the caller expects.

    Every method raises a `PartitaError` if the key is missing or if its value has the wrong type or is out of
    range. If there is a default, it is returned for a missing key without a check.

    Args:
        values: maps keys to values.
        source: the name of the file in error messages.
        remedy: what the user can do about a wrong value, for error messages.
        prefix: the path of the table inside the file, for error messages: empty, or for example
            `recordings[3].`.

    >>> table = Table({"step": 3, "windows": {"epoch": "x"}}, source="state.json", remedy="copy it again")
    >>> table.integer("step", minimum=0)
    3
    >>> table.table("windows").integer("epoch")
    Traceback (most recent call last):
    ...
    partita.errors.PartitaError: `windows.epoch` in state.json is 'x', must be an integer: copy it again
    """

    values: dict[str, Any]
    source: str
    remedy: str
    prefix: str = ""

    def integer(
        self, name: str, *, minimum: int | None = None, maximum: int | None = None, default: int | None = None
    ) -> int:
        """Return the integer of a key, from `minimum` to `maximum`, or `default` if the key is missing."""
        value = self._get(name, default)
        if type(value) is not int or (minimum is not None and value < minimum):
            self.reject(name, "must be an integer" + ("" if minimum is None else f" of at least {minimum}"))
        if maximum is not None and value > maximum:
            self.reject(name, f"must be at most {maximum}")
        return value

    def number(self, name: str, *, minimum: float = -math.inf, default: float | None = None) -> float:
        """Return the finite number of a key, at least `minimum`, or `default` if the key is missing."""
        value = self._get(name, default)
        if type(value) not in (int, float) or not abs(value) <= sys.float_info.max or value < minimum:
            self.reject(
                name, "must be a number" + ("" if minimum == -math.inf else f" of at least {minimum:g}")
            )
        return float(value)

    def text(self, name: str, *, default: str | None = None) -> str:
        """Return the string of a key, or `default` if the key is missing."""
        value = self._get(name, default)
        if type(value) is not str:
            self.reject(name, "must be a string")
        return value

    def boolean(self, name: str, *, default: bool | None = None) -> bool:
        """Return the boolean value of a key, or `default` if the key is missing."""
        value = self._get(name, default)
        if type(value) is not bool:
            self.reject(name, "must be true or false")
        return value

    def table(self, name: str) -> "Table":
        """Return the table of a key."""
        value = self._get(name, None)
        if type(value) is not dict:
            self.reject(name, "must be a table")
        return Table(value, self.source, self.remedy, f"{self.prefix}{name}.")

    def array(self, name: str) -> list[Any]:
        """Return the list of a key; its values are not checked."""
        value = self._get(name, None)
        if type(value) is not list:
            self.reject(name, "must be a list")
        return value

    def tables(self, name: str) -> list["Table"]:
        """Return the list of tables of a key."""
        inner = []
        for index, value in enumerate(self.array(name)):
            if type(value) is not dict:
                self.reject(name, f"must be a list of tables: item {index} is not a table")
            inner.append(Table(value, self.source, self.remedy, f"{self.prefix}{name}[{index}]."))
        return inner

    def optional(self, name: str, read: Callable[[str], T]) -> T | None:
        """Return None if the key is missing or null; otherwise return `read(name)`.

        Args:
            name: the key.
            read: a method of this table, or another function of the key.

        >>> table = Table({"label": None}, source="index.json", remedy="prepare again")
        >>> table.optional("label", table.text) is None
        True
        """
        return None if self.values.get(name) is None else read(name)

    def reject(self, name: str, rule: str) -> NoReturn:
        """Raise the error for a value that breaks a rule of the caller.

        Args:
            name: the key.
            rule: the rule, for example "must be below `samples`".

        Raises:
            PartitaError: always.
        """
        if name not in self.values:
            raise PartitaError(f"`{self.prefix}{name}` is missing in {self.source}: {self.remedy}")
        value = short_repr(self.values[name])
        raise PartitaError(f"`{self.prefix}{name}` in {self.source} is {value}, {rule}: {self.remedy}")

    def _get(self, name: str, default: Any) -> Any:
        if name not in self.values:
            if default is None:
                self.reject(name, "")
            return default
        return self.values[name]


def short_repr(value: Any) -> str:
    """Return a value for an error message, cut to 60 characters.

    >>> short_repr("x" * 100)[-5:]
    'xx...'
    """
    if type(value) is int and value.bit_length() > LONGEST_INTEGER:
        return "a number too long to show"
    text = repr(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}..."


def read_json(path: Path, *, remedy: str) -> Table:
    """Return the table in a JSON file.

    Args:
        path: the file.
        remedy: what the user can do about a damaged file, for error messages.

    Raises:
        PartitaError: the file can't be opened, is damaged, or its content is not a JSON object.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "scores.json"
    >>> _ = path.write_text('{"bits": 4.5}'); read_json(path, remedy="remove it").number("bits")
    4.5
    """
    return _read(path, lambda text: json.loads(text, parse_constant=reject_json_constant), remedy)


def read_toml(path: Path, *, remedy: str) -> Table:
    """Return the table in a TOML file.

    Args:
        path: the file.
        remedy: what the user can do about a damaged file, for error messages.

    Raises:
        PartitaError: the file can't be opened or is damaged.

    >>> read_toml(Path("nowhere.toml"), remedy="check the path")
    Traceback (most recent call last):
    ...
    partita.errors.PartitaError: nowhere.toml can't be read (No such file or directory): check the path
    """
    return _read(path, lambda text: restore_surrogates(tomllib.loads(text)), remedy)


def _read(path: Path, parse: Callable[[str], Any], remedy: str) -> Table:
    try:
        values = parse(path.read_text(encoding="utf-8"))
        _refuse_long_integers(values)
    except OSError as error:
        raise PartitaError(f"{path} can't be read ({error.strerror}): {remedy}") from error
    except RecursionError as error:
        raise PartitaError(f"{path} is damaged (nested too deeply): {remedy}") from error
    except ValueError as error:  # includes UnicodeDecodeError, JSONDecodeError and TOMLDecodeError
        raise PartitaError(f"{path} is damaged ({error}): {remedy}") from error
    if not isinstance(values, dict):
        raise PartitaError(f"{path} is damaged (its content is not a JSON object or a TOML table): {remedy}")
    return Table(values, str(path), remedy)


def _refuse_long_integers(value: Any) -> None:
    """Raise a ValueError for an integer that Python can't print; TOML can hold one in hexadecimal."""
    if type(value) is int and value.bit_length() > LONGEST_INTEGER:
        raise ValueError(f"it contains an integer of {value.bit_length()} bits")
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            _refuse_long_integers(inner)


def reject_json_constant(name: str) -> NoReturn:
    """Raise a ValueError for NaN or infinity; use it as the `parse_constant` of `json.loads`.

    >>> json.loads("[NaN]", parse_constant=reject_json_constant)
    Traceback (most recent call last):
    ...
    ValueError: NaN is not a JSON number
    """
    raise ValueError(f"{name} is not a JSON number")
