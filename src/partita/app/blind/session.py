"""What one listener may see and do: the trials in order, the clips by id, answers, and the end.

A session reads the listener's own folder and answers alone. It never opens the key, so nothing that it
returns can depend on an arm. All state is on the disk: a new session of the same link goes on where the last
one was.
"""

import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from partita.app.blind.answers import Answer, AnswerFile
from partita.app.blind.key import REMEDY
from partita.errors import PartitaError
from partita.tables import Table, read_json


@dataclass(frozen=True)
class Progress:
    """How far a listener is.

    Args:
        answered: the number of trials with an answer.
        trials: the number of trials.
        next_trial: the id of the first trial without an answer; None if there is none.
        ended: whether the listener or the owner has ended the test.
    """

    answered: int
    trials: int
    next_trial: str | None
    ended: bool


@dataclass(frozen=True)
class ListenerSession:
    """The session of one listener.

    Args:
        folder: the listener's folder.
        file: the listener's answers.
        end_mark: the file that is there when the owner has ended the test.
    """

    folder: Path
    file: AnswerFile
    end_mark: Path

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """What a page needs to run the test, fit for JSON.

        {"format", "listener", "commitment", "sample_rate", "samples", "passes": [{"question", "text",
         "abx", "trials": [{"trial": ID, "clips": {"A": ID, "B": ID, "X" or "prompt": ID}}]}]}
        """
        return self._table.values

    @property
    def trials(self) -> list[str]:
        """The ids of the trials in order."""
        return [trial.text("trial") for trial in self._trials]

    @cached_property
    def clips(self) -> frozenset[str]:
        """The ids of all clips of the listener."""
        return frozenset(str(clip) for trial in self._trials for clip in trial.table("clips").values.values())

    def clip(self, clip: str) -> bytes:
        """Return the WAV file of a clip; all clips have the same number of bytes.

        Args:
            clip: the clip's id.

        Raises:
            PartitaError: the listener has no such clip.
        """
        if clip not in self.clips:
            raise PartitaError("there is no such clip in this test: reload the page")
        try:
            return (self.folder / "clips" / f"{clip}.wav").read_bytes()
        except OSError as error:
            raise PartitaError(
                f"this clip can't be read ({error.strerror}): tell the owner of the test"
            ) from None

    def progress(self) -> Progress:
        """Return how far the listener is."""
        found = self.file.read()
        counted, trials = found.counted, self.trials
        left = [trial for trial in trials if trial not in counted]
        ended = found.ended or self.end_mark.is_file()
        return Progress(len(trials) - len(left), len(trials), left[0] if left else None, ended)

    def answer(self, answer: Answer) -> Progress:
        """Save an answer and return how far the listener is.

        A second answer to the same trial is saved too, but does not count.

        Raises:
            PartitaError: the test has ended, there is no such trial, or the answer can't be saved.
        """
        if self.progress().ended:
            raise PartitaError("the test has ended, so the answer was not saved: nothing is left to do")
        if answer.trial not in self.trials:
            raise PartitaError("there is no such trial in this test: reload the page")
        self.file.append(answer)
        return self.progress()

    def end(self) -> None:
        """End the test for this listener; later answers are refused, and the listener may see the key."""
        if not self.file.read().ended:
            self.file.append_end(time.time())

    @cached_property
    def _table(self) -> Table:
        return read_json(self.folder / "trials.json", remedy=REMEDY)

    @cached_property
    def _trials(self) -> list[Table]:
        return [trial for one in self._table.tables("passes") for trial in one.tables("trials")]
