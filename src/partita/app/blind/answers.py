"""The answers of one listener: a file that only grows, one JSON object a line.

Every line is on the disk before `append` returns. Nothing is ever rewritten: a second answer to a trial is
kept, but only the first one counts. A line that a crash left incomplete stays where it is, and the next
answer begins a new line. This file does not know which trials exist.
"""

import importlib
import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from partita import storage
from partita.app.blind.questions import CHOICES, LETTERS
from partita.errors import PartitaError
from partita.tables import Table, reject_json_constant

END = "end"  # the trial of the line with which a listener ends the test
MOST_SECONDS, MOST_COUNT = 1e6, 10**6


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One answer.

    Args:
        trial: the id of the trial.
        choice: "A" or "B".
        seconds: the time taken since the trial was displayed, in seconds.
        plays: how often each clip was started or switched to, by its letter.
        switches: how often the listener switched between clips while they played.
        at: when the answer was given, in seconds since 1970, by the listener's clock.

    Raises:
        PartitaError: the choice is unknown, or a number is out of range.
    """

    trial: str
    choice: str
    seconds: float
    at: float
    plays: dict[str, int] = field(default_factory=dict)
    switches: int = 0

    def __post_init__(self) -> None:
        if self.choice not in CHOICES:
            raise PartitaError(f"`choice` is {self.choice!r}: give A or B")
        if not 0 <= self.seconds <= MOST_SECONDS:
            raise PartitaError(f"`seconds` is {self.seconds}: give a number from 0 to {MOST_SECONDS:g}")
        if not set(self.plays) <= set(LETTERS):
            raise PartitaError(f"`plays` names other clips than {', '.join(LETTERS)}: give counts of these")
        if not all(0 <= count <= MOST_COUNT for count in (self.switches, *self.plays.values())):
            raise PartitaError(f"`plays` or `switches` is not within 0 and {MOST_COUNT}: give counts")

    @classmethod
    def read(cls, table: Table) -> "Answer":
        """Return the answer in a table.

        Raises:
            PartitaError: a value is missing or wrong.

        >>> values = {"trial": "7f", "choice": "A", "seconds": 4.5, "at": 0.0, "plays": {"A": 2, "B": 1}}
        >>> Answer.read(Table(values, "answers.json", "save it again")).plays
        {'A': 2, 'B': 1}
        """
        plays = table.table("plays") if "plays" in table.values else Table({}, table.source, table.remedy)
        return cls(
            trial=table.text("trial"),
            choice=table.text("choice"),
            seconds=table.number("seconds"),
            at=table.number("at"),
            plays={letter: plays.integer(letter) for letter in plays.values},
            switches=table.integer("switches", default=0),
        )


@dataclass(frozen=True)
class AnswerFile:
    """The file of one listener's answers.

    Args:
        path: the file; it need not exist.
    """

    path: Path

    def append(self, answer: Answer) -> None:
        """Append an answer and wait until it is on the disk.

        Raises:
            PartitaError: the file can't be written.

        >>> import tempfile
        >>> file = AnswerFile(Path(tempfile.mkdtemp()) / "answers.jsonl")
        >>> file.append(Answer(trial="7f", choice="A", seconds=4.5, at=0.0))
        >>> file.append(Answer(trial="7f", choice="B", seconds=1.0, at=9.0))
        >>> len(file.read().answers), file.read().counted["7f"].choice
        (2, 'A')
        """
        self._append(asdict(answer))

    def append_end(self, at: float) -> None:
        """Append the line that says that the listener has ended the test."""
        self._append({"trial": END, "at": at})

    def _append(self, record: dict[str, Any]) -> None:
        line = json.dumps(record, allow_nan=False).encode() + b"\n"
        try:
            handle = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                _lock(handle)
                if _is_torn(handle):
                    line = b"\n" + line
                if os.write(handle, line) < len(line):
                    raise OSError(0, "the disk is full")
                os.fsync(handle)
            finally:
                os.close(handle)
            storage.flush_to_disk(self.path.parent)
        except OSError as error:
            raise PartitaError(
                f"the answer could not be saved in {self.path} ({error.strerror}): make space or give access,"
                " then answer again"
            ) from error

    def read(self) -> "Answers":
        """Return all answers of the file; none if it does not exist.

        Raises:
            PartitaError: the file can't be read.
        """
        try:
            data = self.path.read_bytes() if self.path.exists() else b""
        except OSError as error:
            raise PartitaError(f"{self.path} can't be read ({error.strerror}): give access to it") from error
        answers, ended, torn = [], False, 0
        for line in filter(None, data.split(b"\n")):
            try:
                values = json.loads(line.decode(), parse_constant=reject_json_constant)
                if not isinstance(values, dict):
                    raise ValueError("it is not an object")
                if values.get("trial") == END:
                    ended = True
                else:
                    answers.append(Answer.read(Table(values, str(self.path), "leave it out")))
            except (ValueError, RecursionError):  # includes PartitaError
                torn += 1
        return Answers(tuple(answers), ended=ended, unreadable=torn)


@dataclass(frozen=True)
class Answers:
    """The answers of one listener, in the order in which they were saved.

    Args:
        answers: all answers, also second answers to the same trial.
        ended: whether the listener has ended the test.
        unreadable: the number of lines that can't be read, for example one that a crash left incomplete.
    """

    answers: tuple[Answer, ...]
    ended: bool = False
    unreadable: int = 0

    @property
    def counted(self) -> dict[str, Answer]:
        """The answer that counts for each trial, the first one, by the trial's id."""
        return {answer.trial: answer for answer in reversed(self.answers)}


def _is_torn(handle: int) -> bool:
    """Return whether the last line of an open file has no line feed."""
    size = os.fstat(handle).st_size
    if not size:
        return False
    os.lseek(handle, size - 1, os.SEEK_SET)
    return os.read(handle, 1) != b"\n"


def _lock(handle: int) -> None:
    """Wait until no other thread or process appends; the lock ends when the file is closed."""
    if storage.HAS_LOCKS:
        fcntl = importlib.import_module("fcntl")
        fcntl.flock(handle, fcntl.LOCK_EX)
