"""Digests that detect damaged or edited data: of files, bytes, audio samples and tables.

A table holds its own digest under the key `digest`. A table without this key, from an older version, is
accepted. This file does not read tables from files and does not write them.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from partita.errors import PartitaError
from partita.tables import Table

DIGEST = "digest"
"""The key of a table's own digest."""


def bytes_digest(data: bytes) -> str:
    """Return the first 16 hexadecimal digits of the SHA-256 of bytes.

    `file_digest` gives the same for a file with this content.

    >>> bytes_digest(b"abc")
    'ba7816bf8f01cfea'
    """
    return hashlib.sha256(data).hexdigest()[:16]


def file_digest(path: Path) -> str:
    """Return the first 16 hexadecimal digits of the SHA-256 of a file.

    >>> import tempfile
    >>> target = Path(tempfile.mkdtemp()) / "a.txt"
    >>> _ = target.write_text("abc"); file_digest(target)
    'ba7816bf8f01cfea'
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]


def new_samples_hash(data: bytes = b"") -> hashlib.blake2b:
    """Return the hash object for the digests of recordings and samples in a corpus index.

    Args:
        data: the first bytes to hash.

    >>> new_samples_hash(b"ab").hexdigest()
    '3dc9ae220222e2e156b2a5abb60d01c7'
    """
    return hashlib.blake2b(data, digest_size=16)


def add_digest(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy of a table with the digest of its values; an existing digest is replaced.

    The digest does not depend on the order of the keys or on the layout of the file.

    Args:
        values: the table, with values that JSON or TOML can hold.

    >>> add_digest({"bits": 4.5})
    {'bits': 4.5, 'digest': '268da2f235ba9404'}
    """
    return dict(values) | {DIGEST: _digest(values)}


def verify_digest(table: Table) -> Table:
    """Check the digest of a table that was read, and return the table without it.

    A table without a digest is returned as it is.

    Raises:
        PartitaError: the digest does not match the values.

    >>> verify_digest(Table(add_digest({"bits": 4.5}), "scores.json", "remove it")).values
    {'bits': 4.5}
    >>> verify_digest(Table(add_digest({"bits": 4.5}) | {"bits": 4.0}, "scores.json", "remove it"))
    Traceback (most recent call last):
    ...
    partita.errors.PartitaError: scores.json is damaged or was edited (its digest does not match): remove it
    """
    if DIGEST in table.values and table.text(DIGEST) != _digest(table.values):
        raise PartitaError(
            f"{table.source} is damaged or was edited (its digest does not match): {table.remedy}"
        )
    return replace(table, values={name: value for name, value in table.values.items() if name != DIGEST})


def _digest(values: Mapping[str, Any]) -> str:
    content = {name: value for name, value in values.items() if name != DIGEST}
    return bytes_digest(json.dumps(content, sort_keys=True, default=str).encode())
