"""`partita bench`: the rates of the sampler, of training, of preparing, and the limits of the machine."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from tyro.conf import FlagCreatePairsOff, Positional

from partita.cli.arguments import parse
from partita.errors import PartitaError


@dataclass(frozen=True, kw_only=True)
class Command:
    """Measure how fast this machine draws, trains or prepares, as shares of what it could do at best."""

    what: Positional[Literal["sampler", "training", "corpus"]]
    """What to measure: `sampler`, `training` or `corpus`."""
    size: str | None = None
    """The network, by default `wide`; the corpus has none."""
    json: FlagCreatePairsOff[bool] = False
    """Print one JSON object, and nothing else, on standard output."""

    def run(self) -> None:
        """Print the rates."""
        found = self._measure()
        if self.json:
            print(json.dumps(found, allow_nan=False))
            return
        cases = found.pop("cases", [])
        for row in [*cases, found] if found else cases:
            print(", ".join(f"{name} {_short(value)}" for name, value in row.items()))

    def _measure(self) -> dict[str, Any]:
        if self.what == "corpus":
            from partita.audio.bench import bench

            if self.size is not None:
                raise PartitaError("`--size` is a network's: leave it out, preparing a corpus needs none")
            return dict(bench())
        if self.what == "training":
            from partita.training.bench import bench as bench_training

            return bench_training(self.size or "wide")
        from partita.sampling.bench import bench as bench_sampler

        return bench_sampler(self.size or "wide")


def read(arguments: Sequence[str]) -> Command:
    """Return the command that the arguments ask for."""
    return parse(Command, arguments, prog="partita bench")


def _short(value: Any) -> str:
    return f"{value:,.4g}" if isinstance(value, float) else str(value)
