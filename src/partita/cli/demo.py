"""`partita demo`: the whole way, from recordings or synthetic studies to a page to listen to."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated

import tyro

from partita.cli.arguments import parse
from partita.experiments.demo.config import DemoConfig
from partita.terminal import print_line


@dataclass(frozen=True, kw_only=True)
class Command:
    """Do everything at once: make a corpus, train two arms for equal time, draw clips, score, write a page.

    One model learns by likelihood, then two arms go on from it: `likelihood`, as before, and `report`, with
    an adversary. Everything is kept in the output folder; the same command goes on with a demo that was
    interrupted.
    """

    config: Annotated[DemoConfig, tyro.conf.arg(name="")] = field(default_factory=DemoConfig)

    def run(self) -> None:
        """Make the demo, then say on standard output where its page is."""
        from partita.experiments.demo.run import demo

        print_line(demo(self.config))


def read(arguments: Sequence[str]) -> Command:
    """Return the command that the arguments ask for."""
    return parse(Command, arguments, prog="partita demo")
