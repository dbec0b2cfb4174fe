"""Labels from file names: `{digit}_{speaker}_{take}` turns `7_jackson_3.wav` into three named fields."""

import re
import string
from pathlib import PurePosixPath

from partita.errors import PartitaError


def label_parser(pattern: str) -> re.Pattern[str]:
    """Return the regular expression of a label pattern; a field takes as little as it can, but something.

    Raises:
        PartitaError: no field, a field without a plain name, a name twice, or braces that don't close.

    >>> label_parser("{digit}_{speaker}").fullmatch("7_jackson").groupdict()
    {'digit': '7', 'speaker': 'jackson'}
    """
    try:
        parts = list(string.Formatter().parse(pattern))
    except ValueError as error:
        raise PartitaError(f"`labels` is {pattern!r}: {error}; write it like {{digit}}_{{speaker}}") from None
    names = [name for _, name, _, _ in parts if name is not None]
    if not names or len(set(names)) < len(names) or not all(name.isidentifier() for name in names):
        raise PartitaError(
            f"`labels` is {pattern!r}, must have fields with different plain names:"
            " write it like {digit}_{speaker}"
        )
    fields = ("" if name is None else f"(?P<{name}>[^/]+?)" for _, name, _, _ in parts)
    return re.compile(
        "".join(re.escape(text) + field for (text, *_), field in zip(parts, fields, strict=True))
    )


def read_label(parser: re.Pattern[str], name: str) -> dict[str, str] | None:
    """Return the fields of one recording's name, or None when it doesn't fit.

    A pattern without a slash is held against the file's name without suffix, one with a slash against the end
    of its path.

    >>> read_label(label_parser("{speaker}/{take}"), "set/ann/3.wav")
    {'speaker': 'ann', 'take': '3'}
    """
    path = PurePosixPath(name).with_suffix("")
    depth = parser.pattern.count("/") - parser.pattern.count("[^/]") + 1
    found = parser.fullmatch("/".join(path.parts[-depth:]))
    return found.groupdict() if found else None
