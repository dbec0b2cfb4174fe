"""Read labels from file names: `{digit}_{speaker}_{take}` reads three fields of `7_jackson_3.wav`."""

import re
import string
from pathlib import PurePosixPath

from partita.errors import PartitaError


def label_parser(pattern: str) -> re.Pattern[str]:
    """Compile a label pattern to a regular expression; each field matches at least one character, lazily.

    Args:
        pattern: text with fields in braces, for example `{digit}_{speaker}`.

    Raises:
        PartitaError: the pattern has no field, a field whose name is not an identifier, two fields of one
            name, or unbalanced braces.

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
            f"`labels` is {pattern!r}, must have fields with different names of letters and digits:"
            " write it like {digit}_{speaker}"
        )
    fields = ("" if name is None else f"(?P<{name}>[^/]+?)" for _, name, _, _ in parts)
    return re.compile(
        "".join(re.escape(text) + field for (text, *_), field in zip(parts, fields, strict=True))
    )


def read_label(parser: re.Pattern[str], name: str) -> dict[str, str] | None:
    """Return the fields of a recording's name, or None if the name does not match.

    A pattern without a slash is matched with the file name without its suffix, a pattern with slashes with
    the end of the path. A field whose name starts with an underscore is matched and left out.

    Args:
        parser: what `label_parser` returned.
        name: relative path of the recording, with forward slashes.

    >>> read_label(label_parser("{speaker}/{take}"), "set/ann/3.wav")
    {'speaker': 'ann', 'take': '3'}
    >>> read_label(label_parser("{speaker}/{_take}"), "set/ann/3.wav")
    {'speaker': 'ann'}
    """
    path = PurePosixPath(name).with_suffix("")
    depth = parser.pattern.count("/") - parser.pattern.count("[^/]") + 1
    found = parser.fullmatch("/".join(path.parts[-depth:]))
    if not found:
        return None
    return {field: value for field, value in found.groupdict().items() if not field.startswith("_")}
