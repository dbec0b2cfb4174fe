"""The budgets of trainings in an experiment: time or updates, shares of the machine, the rate to go on at."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from partita.checks import check_count, check_positive
from partita.errors import PartitaError
from partita.training.config.train import MOST_STEPS, TrainConfig
from partita.training.schedule import learning_rate

MOST_MINUTES = 1e6


def budgeted(config: TrainConfig, minutes: float | None, steps: int | None, default: float) -> TrainConfig:
    """Return a training config with its budget.

    Args:
        config: the other settings.
        minutes: wall-clock time.
        steps: updates.
        default: the minutes if neither is given.

    >>> budgeted(TrainConfig(), None, None, 5.0).minutes, budgeted(TrainConfig(), None, 7, 5.0).steps
    (5.0, 7)
    """
    if minutes is None and steps is None:
        minutes = default
    return replace(config, steps=steps, minutes=minutes)


def rate_after(config: TrainConfig, steps: int) -> float:
    """Return the learning rate that a run has after its updates, before the decay to its end.

    Args:
        config: the run's settings.
        steps: its updates.

    >>> rate_after(TrainConfig(learning_rate=4e-3, lr_decay_steps=400), 1200)
    0.002
    """
    peak, decay_steps = config.learning_rate, config.lr_decay_steps
    return learning_rate(steps, 0.0, peak=peak, warmup=0, floor=1.0, decay_steps=decay_steps)


def check_one_budget(config: Any, parts: Sequence[str]) -> None:
    """Check the time or the number of updates of each part of an experiment, of which one may be given.

    Args:
        config: has the fields `PARTminutes` and `PARTsteps` for each part.
        parts: the beginnings of the fields, "" or for example "critic_".

    Raises:
        PartitaError: both are given, or one is not positive.
    """
    for part in parts:
        names = (f"{part}minutes", f"{part}steps")
        minutes, steps = (getattr(config, name) for name in names)
        if minutes is not None and steps is not None:
            raise PartitaError(f"both `{names[0]}` and `{names[1]}` are given: give one of them")
        if minutes is not None:
            check_positive(names[0], minutes, MOST_MINUTES)
        if steps is not None:
            check_count(names[1], steps, 1, MOST_STEPS)


def check_workers(workers: int, *, threads: int | None, steps: int | None, counts: Mapping[str, int]) -> None:
    """Check that arms of equal time get the same share of the machine.

    Args:
        workers: tasks that run at the same time.
        threads: of each worker.
        steps: updates of each arm; None if arms have equal time.
        counts: the numbers of seeds, by the names of their settings.

    Raises:
        PartitaError: the threads are open, or the last seeds would have more of the machine than others.

    >>> check_workers(2, threads=1, steps=None, counts={"seeds": 8})
    """
    if workers == 1:
        return
    if threads is None:
        raise PartitaError(
            f"`workers` is {workers} but `threads` is not set: give the threads of each worker with"
            " `--threads`"
        )
    for name, count in counts.items():
        if steps is None and count % workers:
            raise PartitaError(
                f"`{name}` is {count}, not a multiple of `workers` {workers}, so the last of them would get"
                " more of the machine: give a multiple, or `--steps` in place of minutes"
            )
