"""`partita models`: list the models that ship with the package, or show the card of one."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tyro.conf import FlagCreatePairsOff, Positional

from partita.checks import did_you_mean
from partita.cli.arguments import parse
from partita.cli.help import asks_for_help, help_page
from partita.errors import PartitaError
from partita.terminal import print_line

USAGE = "partita models [NAME] [OPTIONS]"
GROUPS = {"what to show": ("NAME",), "output": ("--json",)}
"""The options as `--help` shows them."""


@dataclass(frozen=True, kw_only=True)
class Command:
    """List the models that ship with the package, or show the card of one.

    A card says who plays, the licences, how the model was trained, how it scores and what it can't do. Use a
    model by its name, for example `partita generate NAME --seconds 10 --out x.wav` or `partita train CORPUS
    --from NAME --out RUN`.
    """

    name: Positional[str | None] = None
    """Model whose card to show."""
    json: FlagCreatePairsOff[bool] = False
    """Print one JSON object on standard output, and nothing else there."""

    def run(self) -> None:
        """Print the list or the card."""
        from partita.runs.shipped.card import card_lines, shipped_card
        from partita.runs.shipped.folder import shipped_names

        names = shipped_names()
        if self.name is not None and self.name not in names:
            listed = f"it has {', '.join(names)}" if names else "it has none"
            raise PartitaError(
                f"{self.name!r} is not a model that ships with this version ({listed}): train one,"
                f" `partita train CORPUS --out RUN`{did_you_mean(self.name, names)}"
            )
        cards = [shipped_card(name) for name in ([self.name] if self.name else names)]
        if self.json:
            found: dict[str, Any] = cards[0] if self.name else {"models": cards}
            print_line(json.dumps(found, allow_nan=False))
        elif self.name:
            for line in card_lines(cards[0]):
                print_line(line)
        else:
            for row in _rows(cards):
                print_line(row)


def _rows(cards: list[dict[str, Any]]) -> list[str]:
    """Return a row for each model: name, size, licence, summary."""
    if not cards:
        return ["no model ships with this version: train one, `partita train CORPUS --out RUN`"]
    width = max(len(card["name"]) for card in cards)
    return [
        f"{card['name']:{width}}  {card['bytes'] / 1e6:.1f} MB  {card['licence']}  {card['summary']}"
        for card in cards
    ]


def read(arguments: Sequence[str]) -> Command:
    """Return the subcommand with the given arguments."""
    if asks_for_help(arguments):
        print_line(help_page(Command, GROUPS, usage=USAGE, whole=True))
        raise SystemExit
    return parse(Command, arguments, prog="partita models")
