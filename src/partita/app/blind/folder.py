"""The folder of a listening test, and when its key may be read.

    test.json                   what is public: the commitment to the key, the questions, sound facts
    links.json                  the names of the listeners and the tokens of their links; for the owner
    served/TOKEN/trials.json    what a listener gets: the trials in order, by opaque ids
    served/TOKEN/clips/ID.wav   the clips of a listener, all of the same size
    answers/TOKEN.jsonl         the answers of a listener; the file only grows
    sealed/key.json             the key
    ended.json                  is there when the owner has ended the test

A server needs to read `served` and to append to `answers`, nothing else. This file makes no test and computes
no results.
"""

import re
import time
from dataclasses import dataclass
from pathlib import Path

from partita import storage
from partita.app.blind.answers import AnswerFile, Answers
from partita.app.blind.key import REMEDY, Key, TrialKey, commitment_of, read_key
from partita.app.blind.session import ListenerSession
from partita.errors import PartitaError
from partita.tables import Table, read_json

TOKEN = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class BlindTest:
    """A listening test in its folder.

    Args:
        path: the folder.

    >>> BlindTest.open(Path("nowhere"))
    Traceback (most recent call last):
    ...
    partita.errors.PartitaError: nowhere is not the folder of a listening test: give one that has a test.json
    """

    path: Path

    @classmethod
    def open(cls, path: Path) -> "BlindTest":
        """Open a test.

        Raises:
            PartitaError: the folder holds no test.
        """
        test = cls(path)
        if not (path / "test.json").is_file():
            raise PartitaError(f"{path} is not the folder of a listening test: give one that has a test.json")
        return test

    @property
    def facts(self) -> Table:
        """What is public: `commitment`, `questions`, `sample_rate`, `samples`, `loudness` and more."""
        return read_json(self.path / "test.json", remedy=REMEDY)

    @property
    def commitment(self) -> str:
        """The SHA-256 of the key, published when the test was made."""
        return self.facts.text("commitment")

    @property
    def listeners(self) -> dict[str, str]:
        """The name of each listener by the token of the listener's link."""
        links = read_json(self.path / "links.json", remedy=REMEDY).tables("listeners")
        return {link.text("token"): link.text("name") for link in links}

    def session(self, token: str) -> ListenerSession:
        """Return what the listener with this link may see and do.

        Raises:
            PartitaError: there is no such link.
        """
        folder = self.path / "served" / token
        if not TOKEN.fullmatch(token) or not folder.is_dir():
            raise PartitaError("this link belongs to no listener of the test: ask for your link again")
        return ListenerSession(folder=folder, file=self.answer_file(token), end_mark=self._end_mark)

    def answer_file(self, token: str) -> AnswerFile:
        """Return the file of a listener's answers."""
        return AnswerFile(self.path / "answers" / f"{token}.jsonl")

    def answers(self) -> dict[str, Answers]:
        """Return the answers of every listener by token."""
        return {token: self.answer_file(token).read() for token in self.listeners}

    @property
    def ended(self) -> bool:
        """Whether the owner has ended the test."""
        return self._end_mark.is_file()

    def end(self) -> None:
        """End the test for all listeners, which unseals the key; later answers are refused."""
        if not self.ended:
            storage.write_json(self._end_mark, {"at": time.time(), "commitment": self.commitment})

    def key(self) -> Key:
        """Return the key of a test that has ended.

        Raises:
            PartitaError: the test has not ended, or the key is not the one that was committed to.
        """
        answers = self.answers()
        if not self.ended and not all(found.ended for found in answers.values()):
            open_ones = [self.listeners[token] for token, found in answers.items() if not found.ended]
            raise PartitaError(
                f"the key is sealed until the test ends, and {', '.join(open_ones)} can still answer: end the"
                " test first"
            )
        return self._key()

    def key_of(self, token: str) -> tuple[TrialKey, ...]:
        """Return the part of the key for one listener who has ended the test.

        The ids of other listeners' trials and clips are not in it, so it does not help them.

        Raises:
            PartitaError: neither this listener nor the owner has ended the test.
        """
        self.session(token)
        if not self.ended and not self.answer_file(token).read().ended:
            raise PartitaError("the key is sealed until you end the test: end it first")
        return tuple(trial for trial in self._key().trials if trial.listener == token)

    def verify(self) -> None:
        """Check that neither the key nor any served clip was changed since the test was made.

        Raises:
            PartitaError: the test has not ended, or something was changed; the message names it.
        """
        for trial in self.key().trials:
            for clip, digest in trial.digests.items():
                path = self.path / "served" / trial.listener / "clips" / f"{clip}.wav"
                if not path.is_file() or commitment_of(path.read_bytes()) != digest:
                    raise PartitaError(f"{path} was changed after the test was made: {REMEDY}")

    @property
    def _end_mark(self) -> Path:
        return self.path / "ended.json"

    def _key(self) -> Key:
        return read_key(self.path / "sealed" / "key.json", commitment=self.commitment)
