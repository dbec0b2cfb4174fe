"""What is known of each source file; the index remembers it from one `prepare` to the next.

This module does not prepare recordings; `preparation` does.
"""

from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import IO, Any

from partita.digests import new_samples_hash
from partita.errors import PartitaError

COPY_BYTES = 1 << 20
PARTS = ("samples_part", "pitch_part")


@dataclass(frozen=True)
class StorePart:
    """The bytes of a store that belong to one recording.

    Args:
        store: the file that holds them now.
        offset: bytes from its start to the first of them.
        size: number of bytes.
    """

    store: Path
    offset: int
    size: int

    def has_digest(self, digest: str) -> bool:
        """Return whether these bytes can be read and have this digest; reads all of them."""
        found, left = new_samples_hash(), self.size
        try:
            with self.store.open("rb") as source:
                source.seek(self.offset)
                while left and (block := source.read(min(COPY_BYTES, left))):
                    found.update(block)
                    left -= len(block)
        except OSError:
            return False
        return not left and found.hexdigest() == digest

    def append_to(self, target: IO[bytes]) -> None:
        """Copy these bytes to the end of a file.

        Raises:
            PartitaError: the store is shorter than it was.
        """
        left = self.size
        with self.store.open("rb") as source:
            source.seek(self.offset)
            while left:
                block = source.read(min(COPY_BYTES, left))
                if not block:
                    raise PartitaError(f"{self.store} is shorter than it was: prepare the recordings again")
                target.write(block)
                left -= len(block)


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
        pitch_digest: digest of its pitch track; empty for a skipped file and in a corpus without pitch.
        note: what the user should know about the recording, None for nothing.
        samples_part: where its samples are now, None for a skipped file; not written to the index.
        pitch_part: where its pitch track is now, None if there is none; not written to the index.
    """

    source: str
    size: int
    mtime_ns: int
    digest: str
    reason: str | None
    stretches: tuple[tuple[int, int], ...]
    samples_digest: str
    pitch_digest: str = ""
    note: str | None = None
    samples_part: StorePart | None = None
    pitch_part: StorePart | None = None

    @property
    def samples(self) -> int:
        """Return the number of its samples in the corpus."""
        return sum(length for _, length in self.stretches)

    def renamed(self, source: str, size: int, mtime_ns: int) -> "PreparedFile":
        """Return the same content under another name."""
        return replace(self, source=source, size=size, mtime_ns=mtime_ns)

    def skipped(self, reason: str) -> "PreparedFile":
        """Return the file as a skipped one, which the next `prepare` reads again."""
        return PreparedFile(
            source=self.source,
            size=self.size,
            mtime_ns=self.mtime_ns,
            digest="",
            reason=reason,
            stretches=(),
            samples_digest="",
        )

    def as_json(self) -> dict[str, Any]:
        """Return the entry of the index."""
        entry = {name: value for name, value in vars(self).items() if name not in PARTS}
        return {**entry, "stretches": [list(stretch) for stretch in self.stretches]}

    @classmethod
    def from_json(
        cls, values: dict[str, Any], *, samples: StorePart | None, pitch: StorePart | None
    ) -> "PreparedFile":
        """Return the file of an entry of the index.

        Args:
            values: the entry; unknown keys are ignored.
            samples: where its samples are.
            pitch: where its pitch track is.
        """
        names = {field.name for field in fields(cls)} - {"stretches", *PARTS}
        known = {name: value for name, value in values.items() if name in names}
        stretches = tuple((start, length) for start, length in values["stretches"])
        return cls(**known, stretches=stretches, samples_part=samples, pitch_part=pitch)

    def damaged_store(self) -> Path | None:
        """Return the store that does not hold what was prepared, None if all is intact; reads all of it."""
        parts = ((self.samples_part, self.samples_digest), (self.pitch_part, self.pitch_digest))
        damaged = [part.store for part, digest in parts if part and not part.has_digest(digest)]
        return damaged[0] if damaged else None
