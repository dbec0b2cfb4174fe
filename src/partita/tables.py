"""Tables read from JSON and TOML files, checked value by value.

A file may have been damaged, or edited by hand, or written by another version. Whatever is wrong with it is
one `PartitaError` that names the key, its value, the rule and the remedy. This file does not know what any
table means.
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
LONGEST_INTEGER = 1024  # bits; Python can't write integers of more than about 14,000


@dataclass(frozen=True)
class Table:
    """A table of a file, whose values are taken with the type and range that the caller expects.

    Every method raises a `PartitaError` where the key is missing or its value is of another type or out of
    range. A default is returned where the key is missing, and checked against nothing.

    Args:
        values: keys to values.
        source: the file, as messages name it.
        remedy: what to do about a wrong value.
        prefix: the table's own place in the file, for messages: empty, or `recordings[3].` and the like.

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
        """Return an integer from `minimum` to `maximum`."""
        value = self._get(name, default)
        if type(value) is not int or (minimum is not None and value < minimum):
            self.reject(name, "must be an integer" + ("" if minimum is None else f" of at least {minimum}"))
        if maximum is not None and value > maximum:
            self.reject(name, f"must be at most {maximum}")
        return value

    def number(self, name: str, *, minimum: float = -math.inf, default: float | None = None) -> float:
        """Return a finite number of at least `minimum`."""
        value = self._get(name, default)
        if type(value) not in (int, float) or not abs(value) <= sys.float_info.max or value < minimum:
            self.reject(
                name, "must be a number" + ("" if minimum == -math.inf else f" of at least {minimum:g}")
            )
        return float(value)

    def text(self, name: str, *, default: str | None = None) -> str:
        """Return a string."""
        value = self._get(name, default)
        if type(value) is not str:
            self.reject(name, "must be a string")
        return value

    def boolean(self, name: str, *, default: bool | None = None) -> bool:
        """Return true or false."""
        value = self._get(name, default)
        if type(value) is not bool:
            self.reject(name, "must be true or false")
        return value

    def table(self, name: str) -> "Table":
        """Return a table inside this one."""
        value = self._get(name, None)
        if type(value) is not dict:
            self.reject(name, "must be a table")
        return Table(value, self.source, self.remedy, f"{self.prefix}{name}.")

    def array(self, name: str) -> list[Any]:
        """Return a list, of values of any type."""
        value = self._get(name, None)
        if type(value) is not list:
            self.reject(name, "must be a list")
        return value

    def tables(self, name: str) -> list["Table"]:
        """Return a list of tables."""
        inner = []
        for place, value in enumerate(self.array(name)):
            if type(value) is not dict:
                self.reject(name, f"must be a list of tables: item {place} is none")
            inner.append(Table(value, self.source, self.remedy, f"{self.prefix}{name}[{place}]."))
        return inner

    def optional(self, name: str, read: Callable[[str], T]) -> T | None:
        """Return None where the key is missing or null, else what `read`, a method of this table, returns.

        >>> table = Table({"label": None}, source="index.json", remedy="prepare again")
        >>> table.optional("label", table.text) is None
        True
        """
        return None if self.values.get(name) is None else read(name)

    def reject(self, name: str, rule: str) -> NoReturn:
        """Raise the error for a value that breaks a rule of the caller's.

        Args:
            name: the key.
            rule: what holds for its value, for example "must be below `samples`".
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
    """Return a value as a message shows it: cut where it is long.

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
        remedy: what to do about a file that is damaged.

    Raises:
        PartitaError: it can't be opened, or holds no table.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "scores.json"
    >>> _ = path.write_text('{"bits": 4.5}'); read_json(path, remedy="remove it").number("bits")
    4.5
    """
    return _read(path, lambda text: json.loads(text, parse_constant=reject_json_constant), remedy)


def read_toml(path: Path, *, remedy: str) -> Table:
    """Return the table in a TOML file; arguments and errors are those of `read_json`.

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
    except ValueError as error:  # UnicodeDecodeError, JSONDecodeError and TOMLDecodeError are such
        raise PartitaError(f"{path} is damaged ({error}): {remedy}") from error
    if not isinstance(values, dict):
        raise PartitaError(f"{path} is damaged (it holds no table): {remedy}")
    return Table(values, str(path), remedy)


def _refuse_long_integers(value: Any) -> None:
    """Raise a ValueError for an integer that Python may not write; hexadecimal TOML has such."""
    if type(value) is int and value.bit_length() > LONGEST_INTEGER:
        raise ValueError(f"an integer in it has {value.bit_length()} bits")
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            _refuse_long_integers(inner)


def reject_json_constant(name: str) -> NoReturn:
    """Raise a ValueError for NaN and infinity: the `parse_constant` of `json.loads`.

    >>> json.loads("[NaN]", parse_constant=reject_json_constant)
    Traceback (most recent call last):
    ...
    ValueError: NaN is no number of JSON
    """
    raise ValueError(f"{name} is no number of JSON")
