"""`partita compare`: ask of a corpus whether an adversary helps, and answer with statistics."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro
from tyro.conf import FlagCreatePairsOff, Positional

from partita.cli.arguments import gather_repeats, parse
from partita.cli.help import asks_for_help, help_page
from partita.experiments.compare.config import CompareConfig
from partita.terminal import print_line, print_note

USAGE = "partita compare CORPUS --out PATH [OPTIONS]"
GROUPS = {
    "what to compare": ("CORPUS", "--arms", "--seeds", "--minutes", "--steps"),
    "base": ("--from", "--size", "--condition", "--base-minutes", "--base-steps"),
    "critic": ("--critic-size", "--critic-minutes", "--critic-steps"),
    "verdict": ("--primary-arm", "--primary-score", "--margin"),
    "clips": (
        *("--clips", "--seconds", "--prompt-seconds", "--long-clips", "--long-seconds", "--bits-seconds"),
        "--temperatures",
    ),
    "training": ("--targets", "--batch"),
    "computation": ("--seed", "--device", "--precision", "--threads", "--workers", "--engine"),
    "output": ("--out", "--json"),
}
"""The options as `--help` shows them."""


@dataclass(frozen=True, kw_only=True)
class Command:
    """Compare arms on a corpus: does an adversary, or another judge, make better sound than likelihood?

    All arms go on from one base, under several seeds, for the same time. Each chooses its temperature on the
    validation split; scores and verdicts come from the test split. If the comparison is interrupted, run the
    same command again to go on.
    """

    corpus: Positional[Path]
    """Corpus, made by `partita prepare`."""
    json: FlagCreatePairsOff[bool] = False
    """Print the scores as one JSON object on standard output, and nothing else there."""
    config: Annotated[CompareConfig, tyro.conf.arg(name="")]

    def run(self) -> None:
        """Run the comparison, then print the findings, and the path of the page, or the scores."""
        from partita.experiments.compare.page import write_compare_page
        from partita.experiments.compare.run import compare
        from partita.experiments.compare.sentences import sentences

        scores = compare(self.corpus, self.config)
        page = write_compare_page(self.config, self.corpus, scores)
        for line in (*sentences(scores), *(f"warning: {warning}" for warning in scores["warnings"])):
            print_note(line)
        print_line(json.dumps(scores, allow_nan=False) if self.json else page)


def read(arguments: Sequence[str]) -> Command:
    """Return the subcommand with the given arguments."""
    if asks_for_help(arguments):
        print_line(help_page(Command, GROUPS, usage=USAGE, whole=True))
        raise SystemExit
    repeated = gather_repeats(arguments, ("--arms", "--temperatures", "--condition"))
    return parse(Command, repeated, prog="partita compare")
