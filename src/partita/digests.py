"""Digests that tell whether what is read is what was written: of bytes, of samples, of tables and in tables.

A table that an older version wrote has no digest in it, and is read as it is. This file does not read or
write files; `storage.file_digest` is the digest of a file.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from partita.errors import PartitaError
from partita.tables import Table

DIGEST = "digest"
"""The key of a table's own digest."""


def bytes_digest(data: bytes) -> str:
    """Return 16 hexadecimal digits that tell these bytes from any other: `storage.file_digest` of such a file.

    >>> bytes_digest(b"abc")
    'ba7816bf8f01cfea'
    """
    return hashlib.sha256(data).hexdigest()[:16]


def new_samples_hash(data: bytes = b"") -> hashlib.blake2b:
    """Return the hash that makes the digests in a corpus's index, of recordings and of their samples.

    Args:
        data: what it begins with.

    >>> new_samples_hash(b"ab").hexdigest()
    '3dc9ae220222e2e156b2a5abb60d01c7'
    """
    return hashlib.blake2b(data, digest_size=16)


def add_digest(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return a table with a digest of its values, whatever the order of its keys; an old digest is replaced.

    The layout of the file does not count: a table that is written and read again has the same digest.

    Args:
        values: fit for JSON or TOML.

    >>> add_digest({"bits": 4.5})
    {'bits': 4.5, 'digest': '268da2f235ba9404'}
    """
    return dict(values) | {DIGEST: _digest(values)}


def verify_digest(table: Table) -> Table:
    """Return a table that was read, without its digest.

    Raises:
        PartitaError: the values have another digest.

    >>> verify_digest(Table(add_digest({"bits": 4.5}), "scores.json", "remove it")).values
    {'bits': 4.5}
    >>> verify_digest(Table(add_digest({"bits": 4.5}) | {"bits": 4.0}, "scores.json", "remove it"))
    Traceback (most recent call last):
    ...
    partita.errors.PartitaError: scores.json is damaged or was edited (its digest is another): remove it
    """
    if DIGEST in table.values and table.text(DIGEST) != _digest(table.values):
        raise PartitaError(f"{table.source} is damaged or was edited (its digest is another): {table.remedy}")
    return replace(table, values={name: value for name, value in table.values.items() if name != DIGEST})


def _digest(values: Mapping[str, Any]) -> str:
    content = {name: value for name, value in values.items() if name != DIGEST}
    return bytes_digest(json.dumps(content, sort_keys=True, default=str).encode())
