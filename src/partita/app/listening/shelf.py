"""The tests in the folder of the page, under names that say nothing. No test is made here."""

import json
import re
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from partita import storage
from partita.app.blind.folder import TOKEN, BlindTest
from partita.app.web.errors import MissingError
from partita.errors import PartitaError

NAME = re.compile(r"[A-Za-z0-9_-]{12}")
TITLE = "title.json"


@dataclass(frozen=True)
class TestShelf:
    """The tests of the page.

    Args:
        folder: is made when it is needed.
    """

    folder: Path
    _ended: dict[str, dict[str, Any]] = field(default_factory=dict, compare=False, repr=False)

    def new_name(self) -> str:
        """Return the name of a new test: it says nothing of its arms."""
        return secrets.token_urlsafe(9)

    def path(self, name: str) -> Path:
        """Return the folder of a test.

        Args:
            name: as `new_name` gives it.

        Raises:
            MissingError: this is not such a name.
        """
        if not NAME.fullmatch(name):
            raise MissingError("there is no such test: load the page again")
        return self.folder / name

    def get(self, name: str) -> BlindTest:
        """Return a test.

        Args:
            name: as `new_name` gives it.

        Raises:
            MissingError: there is none of this name, or not any more.
        """
        path = self.path(name)
        if not (path / "test.json").is_file():
            raise MissingError("there is no such test: load the page again")
        return BlindTest.open(path)

    def of_listener(self, token: str) -> BlindTest:
        """Return the test that a listener's link belongs to.

        Args:
            token: in the link.

        Raises:
            MissingError: the link belongs to no test.
        """
        if TOKEN.fullmatch(token):
            for path in self.folder.glob(f"*/served/{token}"):
                return BlindTest.open(path.parents[1])
        raise MissingError("this link belongs to no listening test: ask for your link again")

    def names(self) -> list[str]:
        """Return the names of all tests, newest first."""
        found = sorted(
            self.folder.glob("*/test.json"), key=lambda path: (path.stat().st_mtime, path), reverse=True
        )
        return [path.parent.name for path in found if NAME.fullmatch(path.parent.name)]

    def write_title(self, name: str, title: str) -> None:
        """Keep what the owner calls a test; it names the arms, so that no listener gets it.

        Args:
            name: of the test.
            title: for example "likelihood against report".
        """
        storage.write_json(self.path(name) / TITLE, {"title": title})

    def facts(self, name: str) -> dict[str, Any]:
        """Return what the owner may see of a test; the results only after its end.

        Args:
            name: of the test.

        Raises:
            PartitaError: there is no such test, or it is damaged.
        """
        test = self.get(name)
        listeners = [
            {"name": label, "token": token, **_progress(test, token)}
            for token, label in test.listeners.items()
        ]
        ended = test.ended or all(one["ended"] for one in listeners)
        facts: dict[str, Any] = {
            "test": name,
            "title": self._title(name),
            "listeners": listeners,
            "ended": ended,
            "commitment": test.commitment,
        }
        return facts | ({"results": results(test)} if ended else {})

    def summary(self, name: str) -> dict[str, Any]:
        """Return the same, or what is wrong with a damaged test, so that the others can be listed.

        The facts of a test that has ended are kept: nothing changes any more.

        Args:
            name: of the test.
        """
        if name in self._ended:
            return self._ended[name]
        try:
            facts = self.facts(name)
        except (PartitaError, OSError) as error:
            words = str(error).replace(f"{self.path(name)}/", "")
            return {"test": name, "title": self._title(name), "listeners": [], "ended": True, "error": words}
        if facts["ended"]:
            self._ended[name] = facts
        return facts

    def _title(self, name: str) -> str:
        try:
            return str(json.loads((self.path(name) / TITLE).read_text(encoding="utf-8"))["title"])
        except (OSError, ValueError, KeyError, TypeError):
            return "a listening test"


def results(test: BlindTest) -> dict[str, Any]:
    """Return the results of a test that has ended, after a check that nothing was changed.

    Args:
        test: the test.

    Raises:
        PartitaError: the key or a clip was changed.
    """
    from partita.app.blind.results import results_of  # SciPy takes a second to import

    test.verify()
    found = results_of(test.key().trials, test.answers())
    return {
        "sentences": [pair.verdict for pair in found.pairs],
        "more": [_more(pair.a, pair.b, pair.answers, pair.more_answers) for pair in found.pairs],
        "consistency": _consistency(found.consistency.same, found.consistency.repeats),
        "answered": found.answered,
        "trials": found.trials,
        "details": found.as_json(),
    }


def _progress(test: BlindTest, token: str) -> dict[str, Any]:
    progress = test.session(token).progress()
    return {"answered": progress.answered, "trials": progress.trials, "ended": progress.ended}


def _more(a: str, b: str, answers: int, more: int) -> str:
    """Return how many answers a small preference would need.

    >>> _more("a", "b", 40, 364)
    'A preference of 57 to 43 between a and b would need 364 more answers than these 40 to be found.'
    """
    if not more:
        return f"A preference of 57 to 43 between {a} and {b} would be found with these {answers} answers."
    return (
        f"A preference of 57 to 43 between {a} and {b} would need {more} more answers than these {answers} to"
        " be found."
    )


def _consistency(same: int, repeats: int) -> str:
    """Return how often a hidden repeat got the same answer.

    >>> _consistency(3, 4)
    'Of 4 hidden repeats, 3 got the same answer as before; chance gives half of them.'
    """
    if not repeats:
        return "No hidden repeat was answered."
    return f"Of {repeats} hidden repeats, {same} got the same answer as before; chance gives half of them."
