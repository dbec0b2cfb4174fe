"""`partita demo`: from recordings or synthetic studies to a page with clips and scores."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Annotated

import tyro

from partita.cli.arguments import parse
from partita.cli.help import asks_for_help, help_page
from partita.errors import PartitaError
from partita.experiments.demo.config import ARMS, DemoConfig
from partita.terminal import print_line, print_note

USAGE = "partita demo [OPTIONS]"
GROUPS = {
    "data": ("--recordings", "--sample-rate", "--from"),
    "size and time": ("--minutes", "--size", "--seed", "--device"),
    "output": ("--out",),
}
"""The options as `--help` shows them."""


@dataclass(frozen=True, kw_only=True)
class Command:
    """Make a corpus, train two arms for the same time, draw clips, score them and write a page.

    One model is trained by likelihood. Two arms then go on from it: `likelihood`, as before, and `report`,
    with an adversary. If the demo is interrupted, run the same command again to go on.
    """

    config: Annotated[DemoConfig, tyro.conf.arg(name="")] = field(default_factory=DemoConfig)

    def run(self) -> None:
        """Run the demo, then print the path of its page, and what `partita doctor` says first of it."""
        from partita.doctor import first_line
        from partita.experiments.demo.folder import DemoFolder
        from partita.experiments.demo.run import demo

        print_line(demo(self.config))
        with suppress(PartitaError):  # the page is there, whatever the metrics are like
            print_note(first_line(DemoFolder(self.config).run(ARMS[0])))


def read(arguments: Sequence[str]) -> Command:
    """Return the subcommand with the given arguments."""
    if asks_for_help(arguments):
        print_line(help_page(Command, GROUPS, usage=USAGE, whole=True))
        raise SystemExit
    return parse(Command, arguments, prog="partita demo")
