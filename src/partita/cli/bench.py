"""`partita bench`: measure the rates of the sampler, of training and of preparing a corpus."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from tyro.conf import FlagCreatePairsOff, Positional

from partita.cli.arguments import parse
from partita.cli.help import asks_for_help, help_page
from partita.errors import PartitaError
from partita.terminal import print_line

USAGE = "partita bench WHAT [OPTIONS]"
GROUPS = {
    "what to measure": ("WHAT", "--size", "--scaling", "--model", "--corpus"),
    "output": ("--json",),
}
"""The options as `--help` shows them."""


@dataclass(frozen=True, kw_only=True)
class Command:
    """Measure how fast this machine draws, trains or prepares, and compare this with its peak rates."""

    what: Positional[Literal["sampler", "training", "corpus"]]
    """What to measure: `sampler`, `training` or `corpus`."""
    size: str | None = None
    """Size of the network, `wide` by default; not for `corpus`."""
    scaling: FlagCreatePairsOff[bool] = False
    """For `sampler`: measure the cost of a sample for 1 to 64 clips and for receptive fields from 253 to
    16,383 samples."""
    model: Path | None = None
    """For `sampler`: trained run, to measure how many bits per sample each `--precision` costs."""
    corpus: Path | None = None
    """Corpus whose test split the run of `--model` is scored on."""
    json: FlagCreatePairsOff[bool] = False
    """Print one JSON object on standard output, and nothing else there."""

    def __post_init__(self) -> None:
        """Check that the options belong to what is measured and to each other."""
        if (self.model is None) != (self.corpus is None):
            raise PartitaError("`--model` needs `--corpus` and the reverse: give both, or neither")
        if self.what != "sampler" and (self.scaling or self.model is not None):
            raise PartitaError(
                f"`--scaling`, `--model` and `--corpus` are for `sampler`, not for `{self.what}`: leave them"
                " out"
            )
        if self.scaling and self.model is not None:
            raise PartitaError("`--scaling` uses no trained model: leave out `--model` and `--corpus`")

    def run(self) -> None:
        """Print the rates."""
        found = self._measure()
        if self.json:
            print_line(json.dumps(found, allow_nan=False))
            return
        rows = [
            row for name in ("cases", "students", "clips", "receptive_fields") for row in found.pop(name, [])
        ]
        for row in [*rows, found] if found else rows:
            print_line(
                ", ".join(f"{name} {_short(value)}" for name, value in row.items() if value is not None)
            )

    def _measure(self) -> dict[str, Any]:
        if self.what == "corpus":
            from partita.benchmarks.corpus import bench

            if self.size is not None:
                raise PartitaError(f"`--size` is {self.size!r}, but `corpus` uses no network: leave it out")
            return dict(bench())
        if self.what == "training":
            from partita.benchmarks.training import bench as bench_training

            return bench_training(self.size or "wide")
        if self.scaling:
            from partita.benchmarks.scaling import scaling

            return scaling(self.size or "wide")
        from partita.benchmarks.sampler import bench as bench_sampler

        if self.model is None or self.corpus is None:
            return bench_sampler(self.size or "wide")
        from partita.benchmarks.precision import precision_costs
        from partita.data.corpus import Corpus
        from partita.models.sizes import name_of
        from partita.runs.loading import load

        loaded = load(self.model)
        size = name_of(loaded.model.config)
        if size is None or self.size not in {None, size}:
            raise PartitaError(
                f"{self.model} is of the size {size or 'that has no name'}: leave out"
                f" {'`--size`' if size else '`--model` and `--corpus`'}"
            )
        costs = precision_costs(loaded, Corpus.open(self.corpus))
        found = bench_sampler(size)
        for case in found["cases"]:
            case["bits_cost"] = costs[case["precision"]].as_json()
        return found


def read(arguments: Sequence[str]) -> Command:
    """Return the subcommand with the given arguments."""
    if asks_for_help(arguments):
        print_line(help_page(Command, GROUPS, usage=USAGE, whole=True))
        raise SystemExit
    return parse(Command, arguments, prog="partita bench")


def _short(value: Any) -> str:
    if isinstance(value, list):
        return " to ".join(_short(end) for end in (min(value), max(value)))
    if isinstance(value, dict):
        return "{value} ({low} to {high})".format(**{name: _short(number) for name, number in value.items()})
    return f"{value:,.4g}" if isinstance(value, float) else str(value)
