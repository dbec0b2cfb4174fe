"""A source file and its prepared samples, as the index remembers them from one `prepare` to the next.

This module does not prepare recordings; `preparation` does.
"""

from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from partita.data.corpus import samples_digest


@dataclass(frozen=True, kw_only=True)
class PreparedFile:
    """A source file that was prepared or skipped: an entry of `files` in the index.

    Args:
        source: its name in the index.
        size: bytes.
        mtime_ns: time of the last change, nanoseconds.
        digest: digest of its bytes; empty if the same bytes may have another result next time.
        reason: why it was skipped, None if it was not.
        stretches: the parts that were not cut, as (start, length) in samples at the corpus's rate, counted
            from the start of the source.
        samples_digest: digest of its samples in the corpus; empty for a skipped file.
        offset: samples from the start of `store` to its samples; not written to the index.
        store: the file that holds its samples now; not written to the index.
        note: what the user should know about the recording, None for nothing.
    """

    source: str
    size: int
    mtime_ns: int
    digest: str
    reason: str | None
    stretches: tuple[tuple[int, int], ...]
    samples_digest: str
    offset: int = 0
    store: Path | None = None
    note: str | None = None

    @property
    def samples(self) -> int:
        """Return the number of its samples in the corpus."""
        return sum(length for _, length in self.stretches)

    def renamed(self, source: str, size: int, mtime_ns: int) -> "PreparedFile":
        """Return the same content under another name."""
        return replace(self, source=source, size=size, mtime_ns=mtime_ns)

    def skipped(self, reason: str) -> "PreparedFile":
        """Return the file as a skipped one, which the next `prepare` reads again."""
        return replace(self, reason=reason, digest="", stretches=(), samples_digest="", store=None, note=None)

    def as_json(self) -> dict[str, Any]:
        """Return the entry of the index."""
        entry = {name: value for name, value in vars(self).items() if name not in ("store", "offset")}
        return {**entry, "stretches": [list(stretch) for stretch in self.stretches]}

    @classmethod
    def from_json(cls, values: dict[str, Any], *, offset: int, store: Path) -> "PreparedFile":
        """Return the file of an entry of the index.

        Args:
            values: the entry; unknown keys are ignored.
            offset: samples from the start of `store` to its samples.
            store: the file that holds its samples.
        """
        names = {field.name for field in fields(cls)} - {"stretches", "offset", "store"}
        known = {name: value for name, value in values.items() if name in names}
        stretches = tuple((start, length) for start, length in values["stretches"])
        return cls(**known, stretches=stretches, offset=offset, store=store)

    def is_intact(self) -> bool:
        """Return whether the store holds the samples that were prepared; reads all of them."""
        if self.store is None or not self.samples:
            return True
        try:
            samples = np.memmap(self.store, dtype="<i2", mode="r")
        except (OSError, ValueError):
            return False
        return samples_digest(samples, self.offset, self.samples) == self.samples_digest
