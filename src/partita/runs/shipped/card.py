"""The card of a model: its players and licences, how it was trained, its scores, and what it can't do."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from partita.runs.shipped.folder import SHIPPED, read_card
from partita.tables import Table

FORMAT = 1
TEXTS = ("title", "summary", "licence", "command")
"""Required texts of a card: title, one line about the model, licence of the weights, training command."""


def check_card(table: Table) -> Table:
    """Check that a card has all that users are told, and return it.

    Args:
        table: the card.

    Raises:
        PartitaError: a key is missing or has a wrong type.

    >>> check_card(Table({}, source="card.json", remedy="add it"))
    Traceback (most recent call last):
    ...
    partita.errors.PartitaError: `title` is missing in card.json: add it
    """
    for name in TEXTS:
        table.text(name)
    for recording in table.tables("recordings"):
        for name in ("source", "player", "licence", "attribution"):
            recording.text(name)
    for name in (scores := table.table("scores")).values:
        for end in ("value", "low", "high"):
            scores.table(name).number(end)
    if not all(type(line) is str for line in table.array("limits")):
        table.reject("limits", "must be a list of strings")
    return table


def shipped_card(name: str) -> dict[str, Any]:
    """Return the card of a shipped model, with its `name`, and its size as `bytes`.

    Args:
        name: a name that `shipped_names` returns.

    Raises:
        PartitaError: a file of the model is damaged.
    """
    folder = SHIPPED / name
    card = check_card(read_card(folder)).values
    return {"name": name, **card, "bytes": folder_size(folder)}


def folder_size(folder: Path) -> int:
    """Return the bytes of all files in a folder.

    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "a").write_bytes(b"123"); folder_size(folder)
    3
    """
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def card_lines(card: dict[str, Any]) -> Iterator[str]:
    """Yield a card as lines of plain words.

    Args:
        card: as `shipped_card` returns it.
    """
    yield f"{card['name']}: {card['title']}"
    yield card["summary"]
    yield ""
    yield f"size: {card['bytes'] / 1e6:.1f} MB"
    yield f"licence of the weights: {card['licence']}"
    yield f"sample rate: {card['sample_rate']} Hz"
    yield f"trained with: {card['command']}"
    yield f"training: {card['steps']:,} updates{_time(card)}"
    yield ""
    yield "learnt from:"
    for one in card["recordings"]:
        yield f"  {one['source']}: {one['player']}, {one['licence']}"
        yield f"    {one['attribution']}"
    yield ""
    yield "scores [95% interval]:"
    width = max(map(len, card["scores"]), default=0)
    for name, score in card["scores"].items():
        yield f"  {name:{width}} {score['value']:10.4g}  [{score['low']:.4g}, {score['high']:.4g}]"
    yield ""
    yield "what it can't do:"
    yield from (f"  {line}" for line in card["limits"])


def notice_lines(card: dict[str, Any]) -> Iterator[str]:
    """Yield the notice that the licences of the recordings ask for, for the package's licence files.

    Args:
        card: a checked card, with its `name`.
    """
    yield f"The model {card['name']} that ships with Partita is licensed under {card['licence']}."
    yield "It has learnt from these recordings, resampled, mixed to one channel and set to one level:"
    for one in card["recordings"]:
        yield f"- {one['source']}: {one['attribution']} Licence: {one['licence']}"


def _time(card: dict[str, Any]) -> str:
    seconds = card.get("seconds")
    return "" if seconds is None else f" in {seconds / 60:.0f} minutes"
