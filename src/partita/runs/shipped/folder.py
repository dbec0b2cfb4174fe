"""Find a model that ships with the package by its name, and check that its files are undamaged.

A shipped model is a run folder with one finished checkpoint, beside it a card (`card.json`), which lists the
files with their digests, and `learnt.json`. The folder may be read-only. This file loads no weights.
"""

from pathlib import Path

from partita.checks import did_you_mean, nearest_path
from partita.digests import DIGEST, file_digest, verify_digest
from partita.errors import PartitaError
from partita.tables import Table, read_json

SHIPPED = Path(__file__).parents[2] / "shipped"
"""The folder of the shipped models inside the package."""
CARD = "card.json"
REINSTALL = "install partita again, `pip install --force-reinstall --no-deps partita`"


def shipped_names() -> list[str]:
    """Return the names of the models that ship, in alphabetical order.

    >>> "nowhere" in shipped_names()
    False
    """
    return sorted(path.parent.name for path in SHIPPED.glob(f"*/{CARD}"))


def model_path(given: str | Path) -> Path:
    """Return the path of a model: the given path if it exists, else the folder of the shipped model.

    Args:
        given: a path, or the name of a model that ships.

    Raises:
        PartitaError: there is neither, or a file of the shipped model is damaged.

    >>> model_path("/")
    PosixPath('/')
    """
    path = Path(given)
    if path.exists():
        return path
    names = shipped_names()
    if str(path) not in names:
        also = f", or a model that ships with partita: {', '.join(names)}" if names else ""
        close = did_you_mean(path, names) or nearest_path(path)
        raise PartitaError(f"{given} does not exist: give a run folder, made by `partita train`{also}{close}")
    read_card(SHIPPED / path)
    return SHIPPED / path


def read_card(folder: Path) -> Table:
    """Return the card of a model after checking its digest and those of the files that it lists.

    Args:
        folder: the folder of a shipped model.

    Raises:
        PartitaError: a file is missing or damaged; the message says how to install it again.
    """
    table = read_json(folder / CARD, remedy=REINSTALL)
    table.text(DIGEST)
    table = verify_digest(table)
    for name in (files := table.table("files")).values:
        digest, path = files.text(name), folder / name
        try:
            found = file_digest(path)
        except OSError as error:
            raise PartitaError(f"{path} can't be read ({error.strerror}): {REINSTALL}") from error
        if found != digest:
            raise PartitaError(f"{path} is damaged (its digest does not match): {REINSTALL}")
    return table
