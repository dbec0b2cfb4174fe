"""Write a config, a frozen dataclass, as a TOML table, and read it back; unknown keys are refused.

TOML has no null, so a field that is None is left out; None must be the default of such a field. This file
does not know what a config means.
"""

import types
import typing
from dataclasses import MISSING, Field, fields, is_dataclass
from pathlib import Path
from typing import Any, TypeVar

import tomli_w

from partita import storage
from partita.errors import PartitaError
from partita.filenames import escape_surrogates
from partita.tables import short_repr

T = TypeVar("T")

LARGEST_WHOLE = 2**53  # up to it a float holds every whole number


def to_table(config: Any) -> dict[str, Any]:
    """Return a dataclass as a TOML table, with nested dataclasses as nested tables.

    >>> from partita.audio.quantizer import Quantizer
    >>> to_table(Quantizer())
    {'kind': 'mu-law', 'classes': 256}
    """
    table: dict[str, Any] = {}
    for field in fields(config):
        value = getattr(config, field.name)
        if value is None:
            assert field.default is None, "TOML has no null, so None must be the default"
        else:
            table[field.name] = _plain(value)
    return table


def from_table(kind: type[T], table: dict[str, Any], *, where: str) -> T:
    """Return the dataclass that a TOML table describes; fields that the table lacks have their defaults.

    Args:
        kind: the dataclass.
        table: names to values.
        where: the place of the table for messages, for example "run/config.toml [training]".

    Raises:
        PartitaError: a key is unknown or missing, or a value has the wrong type or is out of its range.

    >>> from partita.audio.quantizer import Quantizer
    >>> from_table(Quantizer, {"clases": 256}, where="config.toml")
    Traceback (most recent call last):
    ...
    partita.errors.PartitaError: `clases` in config.toml is not a setting: use one of kind, classes
    """
    hints = typing.get_type_hints(kind)
    known = {field.name: field for field in fields(kind)}  # type: ignore[arg-type]
    for name in table:
        if name not in known:
            raise PartitaError(f"`{name}` in {where} is not a setting: use one of {', '.join(known)}")
    for name, field in known.items():
        if name not in table and _is_required(field):
            raise PartitaError(f"`{name}` is missing in {where}: add it")
    values = {name: _typed(hints[name], value, name, where) for name, value in table.items()}
    try:
        return kind(**values)
    except PartitaError as error:
        raise type(error)(f"{error} (in {where})") from error


def write_toml(path: Path, table: dict[str, Any]) -> None:
    """Write a TOML file, whole or not at all."""
    storage.write_text(path, tomli_w.dumps(escape_surrogates(table)))


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return to_table(value)
    return list(value) if isinstance(value, tuple) else value


def _is_required(field: Field[Any]) -> bool:
    return field.default is MISSING and field.default_factory is MISSING


def _typed(hint: Any, value: Any, name: str, where: str) -> Any:
    """Return the value as the type of the annotation `hint`; raise an error if it has another type."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        (hint,) = (one for one in arguments if one is not types.NoneType)
        return _typed(hint, value, name, where)
    if is_dataclass(hint) and isinstance(value, dict):
        return from_table(typing.cast(type, hint), value, where=f"{where} [{name}]")
    if origin is tuple and isinstance(value, list):
        inner = arguments[0]
        return tuple(_typed(inner, one, name, where) for one in value)
    if origin is typing.Literal and value in arguments:
        return value
    if hint is float and type(value) is int and abs(value) <= LARGEST_WHOLE:
        return float(value)
    if not is_dataclass(hint) and isinstance(hint, type) and type(value) is hint:
        return value
    raise PartitaError(
        f"`{name}` in {where} is {short_repr(value)}, must be of type {_named(hint)}: change it"
    )


def _named(hint: Any) -> str:
    return hint.__name__ if isinstance(hint, type) and typing.get_origin(hint) is None else str(hint)
