"""Several runs of given minutes, trained in turns of some seconds, so that they are comparable.

A budget in minutes is wall-clock time. Trained one after the other, one run may have the machine to itself
and the next one only half of it, and the first makes more updates in "equal" time. In turns, whatever else
the machine does slows all runs alike. Each run's clock counts its own turns alone. Processor time would be
no better measure: it does not count the work of a GPU, threads that wait for each other use it up as well,
and a run of so many processor seconds takes several times as long as was asked for where the machine is busy.

This file does not know what the runs are compared by.
"""

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from partita.data.corpus import Corpus
from partita.data.verify import BackgroundCheck
from partita.errors import DivergedError
from partita.runs.folder import is_finished
from partita.signals import Interrupted, deferred_signals
from partita.training.config.train import TrainConfig
from partita.training.train import beginning, resuming
from partita.training.trainer import Trainer

TURNS = 40  # that each run's budget is split into
SHORTEST = 2.0  # seconds of a turn, which ends with a checkpoint
TOLERANCE = 1.15  # the ratio of two runs' shares of the machine from which on they are called unequal


@dataclass(frozen=True, kw_only=True)
class Planned:
    """A run that is to be trained.

    Args:
        path: its folder.
        config: how it is trained, if it is not there.
        start_from: the run whose weights it starts from.
    """

    path: Path
    config: TrainConfig
    start_from: Path | None = None


def train_in_turns(
    corpus: Corpus, planned: Sequence[Planned], *, quiet: bool = False
) -> dict[Path, DivergedError]:
    """Train runs to their ends: those that are not there are begun, unfinished ones go on.

    The run that has used the smallest part of its minutes is always the next. All are in memory at once. A
    run whose loss is not finite stops, and the others go on.

    Args:
        corpus: what they learn from.
        planned: the runs; each has a budget in minutes.
        quiet: show nothing on standard error.

    Returns:
        The error of each run that diverged, by its folder.

    Raises:
        PartitaError: a run can't be read or written.
        Interrupted: Ctrl-C or SIGTERM; all runs are saved and can go on.

    >>> import tempfile
    >>> train_in_turns(Corpus(Path(tempfile.mkdtemp()), {}), [])
    {}
    """
    astray: dict[Path, DivergedError] = {}
    with ExitStack() as stack, deferred_signals() as request:
        trainers = list(_opened(stack, corpus, planned, quiet))
        while trainers and request.signal_name is None:
            trainer = min(trainers, key=_part_used)
            try:
                finished = _turn(trainer, lambda: request.signal_name is not None, alone=len(trainers) == 1)
            except DivergedError as error:
                astray[trainer.run.path], finished = error, True
            if finished:
                trainers.remove(trainer)
    if request.signal_name is not None:
        raise Interrupted(f"stopped by {request.signal_name}; what was trained is saved")
    return astray


def _opened(stack: ExitStack, corpus: Corpus, planned: Sequence[Planned], quiet: bool) -> Iterator[Trainer]:
    """Yield the trainer of each run that is still to be trained; one comparison of the corpus serves all."""
    left = [one for one in planned if not is_finished(one.path)]
    check = stack.enter_context(BackgroundCheck(corpus)) if left else None
    for one in left:
        if one.path.exists():
            trainer = resuming(one.path, corpus=corpus, quiet=quiet, check=check)
        else:
            begin_from = one.start_from
            trainer = beginning(corpus, one.path, one.config, start_from=begin_from, quiet=quiet, check=check)
        yield stack.enter_context(trainer)


def _minutes(trainer: Trainer) -> float:
    assert trainer.config.minutes is not None, "only runs of given minutes are trained in turns"
    return trainer.config.minutes


def _part_used(trainer: Trainer) -> float:
    return trainer.state.seconds / _minutes(trainer)


def _turn(trainer: Trainer, told: Callable[[], bool], *, alone: bool) -> bool:
    """Train for a turn, or to the end where there is no other run; return whether the run is over."""
    length = math.inf if alone else max(SHORTEST, 60.0 * _minutes(trainer) / TURNS)
    begun, processor = time.monotonic(), time.process_time()

    def over() -> bool:
        """Tell whether the turn is over, and log it then: the trainer saves next, records included."""
        wall = time.monotonic() - begun
        if not told() and wall < length:
            return False
        record = {"kind": "turn", "step": trainer.state.step, "wall_seconds": round(wall, 3)}
        trainer.run.log(record | {"processor_seconds": round(time.process_time() - processor, 3)})
        return True

    with trainer.display:  # the last turn has scoring in it, which the others have not: it is not logged
        return trainer.until(over)


def machine_share(records: Sequence[Mapping[str, Any]]) -> float | None:
    """Return how much processor time a run got in all its turns, against what it gets in its best ones.

    Its first turn is left out, since compiling is part of it.

    Args:
        records: of the run's metrics.

    Returns:
        A share of at most about 1, or None where fewer than three turns are left.

    >>> turns = [
    ...     {"kind": "turn", "wall_seconds": 2.0, "processor_seconds": seconds} for seconds in (9, 4, 2, 4, 2)
    ... ]
    >>> round(machine_share(turns), 2)
    0.75
    """
    turns = [record for record in records if record.get("kind") == "turn" and record["wall_seconds"] > 0][1:]
    if len(turns) < 3:
        return None
    wall = np.array([turn["wall_seconds"] for turn in turns])
    processor = np.array([turn["processor_seconds"] for turn in turns])
    best = float(np.quantile(processor / wall, 0.9))
    return float(processor.sum() / wall.sum()) / best if best > 0 else None


def unequal(shares: Mapping[str, float | None]) -> str | None:
    """Return a warning where the machine was busier while one run trained than while another did.

    Args:
        shares: of each run, as `machine_share` returns them.

    >>> unequal({"likelihood": 0.97, "report": 0.95}) is None
    True
    >>> unequal({"likelihood": 0.97, "report": 0.6}).split(":")[0]
    'the machine was busy while report trained'
    """
    known = {name: share for name, share in shares.items() if share}
    if not known:
        return None
    least, most = min(known, key=lambda name: known[name]), max(known, key=lambda name: known[name])
    if known[most] < TOLERANCE * known[least]:
        return None
    return (
        f"the machine was busy while {least} trained: it got {known[least]:.0%} of the processor time of its"
        f" best turns, {most} {known[most]:.0%}; train them again on a machine that does nothing else"
    )
