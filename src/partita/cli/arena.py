"""`partita arena`: arms compared where the truth is known."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import tyro
from tyro.conf import FlagCreatePairsOff

from partita.cli.arguments import gather, parse
from partita.experiments.arena.config import ArenaConfig
from partita.terminal import print_line


@dataclass(frozen=True, kw_only=True)
class Command:
    """Compare arms where the data's distribution is known: it is what a trained model, the teacher, draws.

    Small students learn from the teacher's clips, every arm goes on from the same students for equal time,
    and the divergences between teacher and student are computed both ways, exactly up to sampling. All that
    is finished is kept; the same command goes on with an arena that was interrupted.
    """

    json: FlagCreatePairsOff[bool] = False
    """Print the scores as one JSON object, and nothing else, on standard output."""
    config: Annotated[ArenaConfig, tyro.conf.arg(name="")]

    def run(self) -> None:
        """Hold the arena, then say on standard output where its page is."""
        from partita.experiments.arena.page import write_arena_page
        from partita.experiments.arena.run import arena

        scores = arena(self.config)
        page = write_arena_page(self.config.out, scores)
        print_line(json.dumps(scores, allow_nan=False) if self.json else page)


def read(arguments: Sequence[str]) -> Command:
    """Return the command that the arguments ask for."""
    return parse(Command, gather(arguments, ("--arms", "--temperatures")), prog="partita arena")
