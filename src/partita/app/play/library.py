"""The models that the local page offers: those that ship, and the runs that it was given or has trained.

A name stands for a model in addresses and forms, so that no path of this computer can be asked for. This file
loads no model.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from partita.app.compare.comparisons import comparisons_in
from partita.app.web.errors import MissingError
from partita.app.web.naming import unused_name
from partita.errors import PartitaError
from partita.runs.shipped.folder import SHIPPED, read_card, shipped_names

CONFIG = "config.toml"


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A model that can be chosen.

    Args:
        name: unique among all choices.
        path: its folder.
        given: what the command line calls it.
        title: one line about it.
        ships: whether it ships with the package.
    """

    name: str
    path: Path
    given: str
    title: str
    ships: bool = False


class Library:
    """The models of the page.

    Args:
        given: runs, or folders that hold runs.
        own: the folder of the runs that the page trains.

    >>> [choice.name for choice in Library((), Path("nowhere")).choices() if choice.ships]
    ['bach-violin']
    """

    def __init__(self, given: tuple[Path, ...], own: Path) -> None:
        self._given, self._own = given, own

    def check(self) -> None:
        """Raise an error if a given folder holds no run and no comparison.

        Raises:
            PartitaError: the folder is missing, or holds none.
        """
        for folder in self._given:
            if str(folder) in shipped_names() and not folder.exists():
                continue
            if not folder.is_dir():
                raise PartitaError(f"{folder} does not exist: give a run folder, made by `partita train`")
            if not runs_in(folder) and not comparisons_in((folder,)):
                raise PartitaError(
                    f"{folder} holds no run and no comparison: give a folder that `partita train` or"
                    " `partita compare` has made"
                )

    def choices(self) -> list[Choice]:
        """Return all models that are there now: given ones, then trained ones, then those that ship."""
        found: dict[str, Choice] = {}
        for folder in (*self._given, self._own):
            for run in runs_in(folder):
                name = unused_name(run.absolute().name, found)
                found[name] = Choice(name=name, path=run.absolute(), given=str(run), title=f"the run {run}")
        for name in shipped_names():
            title = _title(SHIPPED / name)
            unused = unused_name(name, found)
            found[unused] = Choice(name=unused, path=SHIPPED / name, given=name, title=title, ships=True)
        return list(found.values())

    def get(self, name: str) -> Choice:
        """Return a model.

        Args:
            name: as in `choices`.

        Raises:
            MissingError: there is none of this name, or its folder is gone.
        """
        found = {choice.name: choice for choice in self.choices()}
        if name not in found:
            raise MissingError(f"there is no model {name!r} any more: choose another one")
        return found[name]


@cache
def _title(folder: Path) -> str:
    """Return the title on the card of a shipped model; the digests of its files are checked once."""
    return str(read_card(folder).text("title"))


def runs_in(folder: Path) -> list[Path]:
    """Return a folder if it is a run, else the runs in it, in alphabetical order.

    Args:
        folder: a run, a folder of runs, or nothing.
    """
    if (folder / CONFIG).is_file():
        return [folder]
    return sorted(path.parent for path in folder.glob(f"*/{CONFIG}"))
