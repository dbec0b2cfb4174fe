"""Digests that tell whether what is read is what was written. This file does not know what is written."""

import hashlib
import json
from typing import Any


def digest_of(data: bytes) -> str:
    """Return 16 hexadecimal digits that tell these bytes from any other: `storage.digest` of such a file.

    >>> digest_of(b"abc")
    'ba7816bf8f01cfea'
    """
    return hashlib.sha256(data).hexdigest()[:16]


def table_digest(table: dict[str, Any]) -> str:
    """Return the digest of a table of JSON or TOML values, whatever the order of its keys.

    The layout of the file doesn't count, only the values: a table that is written and read again has the
    same digest.

    >>> table_digest({"a": 1, "b": 0.5}) == table_digest({"b": 0.5, "a": 1})
    True
    """
    return digest_of(json.dumps(table, sort_keys=True, default=str).encode())
