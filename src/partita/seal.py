"""Tables that are written with a digest of what is in them, so that a damaged value is not taken for another.

A file that was made by an older version has no digest, and is read as it is. This file does not read or write
files.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from typing import Any

from partita.tables import Table

DIGEST = "digest"


def sealed(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return a table with its digest.

    Args:
        values: fit for JSON, without NaN and infinity.

    >>> sealed({"bits": 4.5})
    {'bits': 4.5, 'digest': '268da2f235ba9404'}
    """
    return dict(values) | {DIGEST: _digest(values)}


def opened(table: Table) -> Table:
    """Return a table that was read without its digest.

    Raises:
        PartitaError: the digest is another.

    >>> opened(Table(sealed({"bits": 4.5}), "scores.json", "remove it")).values
    {'bits': 4.5}
    >>> opened(Table(sealed({"bits": 4.5}) | {"bits": 4.0}, "scores.json", "remove it"))
    Traceback (most recent call last):
    ...
    partita.errors.PartitaError: `digest` in scores.json is '268da2f235ba9404', but its content has \
another, so it was damaged or edited: remove it
    """
    rest = {name: value for name, value in table.values.items() if name != DIGEST}
    if DIGEST in table.values and table.text(DIGEST) != _digest(rest):
        table.refuse(DIGEST, "but its content has another, so it was damaged or edited")
    return replace(table, values=rest)


def _digest(values: Mapping[str, Any]) -> str:
    text = json.dumps(
        values, sort_keys=True
    )  # a damaged number may be read as infinite: its digest is another
    return sha256(text.encode()).hexdigest()[:16]
