"""Train several runs with equal budgets in minutes in short turns, so that they are comparable.

A budget in minutes is wall-clock time. If runs are trained one after the other, other programs may slow one
of them, which then makes fewer updates in "equal" time. In turns of some seconds, other programs slow all
runs alike. The clock of each run counts only its own turns. Processor time would not be a better measure: it
does not count the work of a GPU, and threads that wait for each other use it up.
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
from partita.training.session import SessionOptions
from partita.training.train import new_trainer, resumed_trainer
from partita.training.trainer import Trainer

TURNS = 40  # into which the budget of each run is divided
SHORTEST = 2.0  # seconds of a turn, because each turn ends with a checkpoint
TOLERANCE = 1.15  # smallest ratio of two runs' machine shares that is reported as unequal


@dataclass(frozen=True, kw_only=True)
class PlannedRun:
    """A run that is to be trained.

    Args:
        path: the run's folder.
        config: the config of a run that is absent; it has a budget in minutes.
        start_from: the run whose weights a new run starts from.
    """

    path: Path
    config: TrainConfig
    start_from: Path | None = None


def train_in_turns(
    corpus: Corpus, planned: Sequence[PlannedRun], *, quiet: bool = False
) -> dict[Path, DivergedError]:
    """Train runs until all are finished: create those that are absent, resume those that are unfinished.

    The next turn is always for the run that has used the smallest part of its budget. All runs are in memory
    at once. A run that diverges stops, and the others continue.

    Args:
        corpus: the corpus that all runs learn from.
        planned: the runs; each has a budget in minutes.
        quiet: show nothing on standard error.

    Returns:
        The errors of the runs that diverged, by their folders.

    Raises:
        PartitaError: a run can't be read or written.
        Interrupted: Ctrl-C or SIGTERM; all runs are saved and can be resumed.

    >>> import tempfile
    >>> train_in_turns(Corpus(Path(tempfile.mkdtemp()), {}), [])
    {}
    """
    failed: dict[Path, DivergedError] = {}
    with ExitStack() as stack, deferred_signals() as request:
        trainers = list(_opened(stack, corpus, planned, quiet))
        while trainers and request.signal_name is None:
            trainer = min(trainers, key=_budget_used)
            try:
                finished = _turn(trainer, lambda: request.signal_name is not None, alone=len(trainers) == 1)
            except DivergedError as error:
                failed[trainer.folder.path], finished = error, True
            if finished:
                trainers.remove(trainer)
    if request.signal_name is not None:
        raise Interrupted(f"stopped by {request.signal_name}; what was trained is saved")
    return failed


def _opened(
    stack: ExitStack, corpus: Corpus, planned: Sequence[PlannedRun], quiet: bool
) -> Iterator[Trainer]:
    """Yield the trainer of each run that is not finished; all share one check of the corpus."""
    left = [one for one in planned if not is_finished(one.path)]
    check = stack.enter_context(BackgroundCheck(corpus)) if left else None
    options = SessionOptions(quiet=quiet, corpus_check=check)
    for one in left:
        if one.path.exists():
            trainer = resumed_trainer(one.path, corpus=corpus, options=options)
        else:
            trainer = new_trainer(corpus, one.path, one.config, start_from=one.start_from, options=options)
        yield stack.enter_context(trainer)


def _minutes(trainer: Trainer) -> float:
    assert trainer.config.minutes is not None, "only runs of given minutes are trained in turns"
    return trainer.config.minutes


def _budget_used(trainer: Trainer) -> float:
    return trainer.state.seconds / _minutes(trainer)


def _turn(trainer: Trainer, stop: Callable[[], bool], *, alone: bool) -> bool:
    """Train for one turn, or to the end if no other run is left; return whether the run is finished."""
    length = math.inf if alone else max(SHORTEST, 60.0 * _minutes(trainer) / TURNS)
    begun, processor = time.monotonic(), time.process_time()

    def over() -> bool:
        """Return whether the turn is over; if so, log it, because the trainer saves next."""
        wall = time.monotonic() - begun
        if not stop() and wall < length:
            return False
        record = {"kind": "turn", "step": trainer.state.step, "wall_seconds": round(wall, 3)}
        trainer.folder.log(record | {"processor_seconds": round(time.process_time() - processor, 3)})
        return True

    with trainer.display:  # the last turn includes the final score, so it is not logged
        return trainer.train_until(over)


def machine_share(records: Sequence[Mapping[str, Any]]) -> float | None:
    """Return the processor time that a run got a second, over what it got in its best turns.

    The first turn is left out, because it includes compilation.

    Args:
        records: the run's metrics.

    Returns:
        A share of at most about 1, or None if fewer than three turns are left.

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


def unequal_shares(shares: Mapping[str, float | None]) -> str | None:
    """Return a warning if other programs slowed one run more than another, or None.

    Args:
        shares: the machine share of each run, as `machine_share` returns it.

    >>> unequal_shares({"likelihood": 0.97, "report": 0.95}) is None
    True
    >>> unequal_shares({"likelihood": 0.97, "report": 0.6}).split(":")[0]
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
