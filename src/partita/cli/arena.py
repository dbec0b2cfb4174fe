"""`partita arena`: compare arms on data with a known distribution."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import tyro
from tyro.conf import FlagCreatePairsOff

from partita.cli.arguments import gather_repeats, parse
from partita.cli.help import asks_for_help, help_page
from partita.experiments.arena.config import ArenaConfig
from partita.terminal import print_line

USAGE = "partita arena --out PATH [OPTIONS]"
GROUPS = {
    "arms": ("--arms", "--minutes", "--steps", "--judge", "--seeds", "--first-seed", "--validation-seeds"),
    "teacher": ("--teacher", "--corpus", "--teacher-size", "--teacher-minutes", "--teacher-steps"),
    "students": (
        *("--student-size", "--start-minutes", "--start-steps", "--students"),
        *("--train-samples", "--train-clips", "--targets", "--batch"),
    ),
    "critic": ("--critic-size", "--critic-minutes", "--critic-steps"),
    "evaluation": ("--clips", "--samples", "--temperatures"),
    "computation": ("--seed", "--device", "--precision", "--threads", "--workers", "--engine"),
    "output": ("--out", "--json"),
}
"""The options as `--help` shows them."""


@dataclass(frozen=True, kw_only=True)
class Command:
    """Compare arms on clips of a trained model, the teacher, whose distribution is known.

    Small models, the students, learn from the teacher's clips. Every arm then trains copies of the same
    students for the same time. The arena measures the divergences between teacher and student in both
    directions. If it is interrupted, run the same command again to go on.
    """

    json: FlagCreatePairsOff[bool] = False
    """Print the scores as one JSON object on standard output, and nothing else there."""
    config: Annotated[ArenaConfig, tyro.conf.arg(name="")]

    def run(self) -> None:
        """Run the arena, then print the path of its page, or the scores, on standard output."""
        from partita.experiments.arena.report.page import write_arena_page
        from partita.experiments.arena.run import arena

        scores = arena(self.config)
        page = write_arena_page(self.config, scores)
        print_line(json.dumps(scores, allow_nan=False) if self.json else page)


def read(arguments: Sequence[str]) -> Command:
    """Return the subcommand with the given arguments."""
    if asks_for_help(arguments):
        print_line(help_page(Command, GROUPS, usage=USAGE, whole=True))
        raise SystemExit
    return parse(Command, gather_repeats(arguments, ("--arms", "--temperatures")), prog="partita arena")
