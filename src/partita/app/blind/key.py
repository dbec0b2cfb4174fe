"""The sealed key of a listening test: which arm is behind every trial and clip.

The key is written once, when the test is made. Its SHA-256 digest, the commitment, is published before the
first answer: it is in `test.json`, in what every listener gets, and in every file of answers. The key holds a
random salt, so that it can't be guessed from the commitment, and the digest of every served clip. So anybody
can check after the test that neither the key nor the clips were changed. This file does not decide when the
key may be read.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from partita import storage
from partita.app.blind.questions import CHOICES
from partita.errors import PartitaError
from partita.tables import Table, read_json

FORMAT = 1
REMEDY = "restore the folder of the test from a copy"


@dataclass(frozen=True, kw_only=True)
class TrialKey:
    """What is behind one trial.

    Args:
        trial: the trial's id.
        listener: the listener's token.
        question: the name of the question.
        item: the name of the item.
        seed: the seed of the item; empty if all clips are from one training.
        pair: the two arms in the order of the design; results are of the first against the second.
        a: the arm that is A.
        b: the arm that is B.
        x: which of A and B is X; None if the question is not ABX.
        repeat_of: the id of the trial that this one repeats; None if it is no repeat.
        digests: the SHA-256 of each served file, by the id of the clip.
    """

    trial: str
    listener: str
    question: str
    item: str
    seed: str
    pair: tuple[str, str]
    a: str
    b: str
    x: str | None
    repeat_of: str | None
    digests: dict[str, str]

    def arm(self, choice: str) -> str:
        """Return the arm behind a choice, "A" or "B"."""
        return self.a if choice == CHOICES[0] else self.b


@dataclass(frozen=True, kw_only=True)
class Key:
    """The key of a test.

    Args:
        salt: 64 random hexadecimal digits.
        seed: of the order of the trials.
        trials: what is behind each trial.
        design: the settings of the test, for the reader.
    """

    salt: str
    seed: int
    trials: tuple[TrialKey, ...]
    design: dict[str, Any]

    def as_bytes(self) -> bytes:
        """Return the content of the key's file."""
        return (json.dumps({"format": FORMAT} | asdict(self), indent=1, sort_keys=True) + "\n").encode()

    @property
    def commitment(self) -> str:
        """The SHA-256 of the key's file, 64 hexadecimal digits."""
        return commitment_of(self.as_bytes())

    def write(self, path: Path) -> None:
        """Write the key, readable by its owner alone."""
        with storage.atomic_file(path) as part:
            part.chmod(0o600)
            part.write_bytes(self.as_bytes())


def commitment_of(data: bytes) -> str:
    """Return the commitment to the content of a key's file.

    >>> commitment_of(b"")[:16]
    'e3b0c44298fc1c14'
    """
    return hashlib.sha256(data).hexdigest()


def read_key(path: Path, *, commitment: str) -> Key:
    """Read a key and check that it is the one that was committed to.

    Args:
        path: the key's file.
        commitment: what was published when the test was made.

    Raises:
        PartitaError: the file can't be read, or is not the one that was committed to.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise PartitaError(f"the key {path} can't be read ({error.strerror}): {REMEDY}") from error
    if (found := commitment_of(data)) != commitment:
        raise PartitaError(
            f"the key {path} was changed after the test was made (its SHA-256 is {found[:16]}..., not"
            f" {commitment[:16]}...): {REMEDY}"
        )
    table = read_json(path, remedy=REMEDY)
    table.integer("format", minimum=FORMAT, maximum=FORMAT)
    return Key(
        salt=table.text("salt"),
        seed=table.integer("seed"),
        trials=tuple(map(_trial, table.tables("trials"))),
        design=table.table("design").values,
    )


def _trial(table: Table) -> TrialKey:
    first, second = table.array("pair")
    return TrialKey(
        trial=table.text("trial"),
        listener=table.text("listener"),
        question=table.text("question"),
        item=table.text("item"),
        seed=table.text("seed"),
        pair=(first, second),
        a=table.text("a"),
        b=table.text("b"),
        x=table.optional("x", table.text),
        repeat_of=table.optional("repeat_of", table.text),
        digests=table.table("digests").values,
    )
