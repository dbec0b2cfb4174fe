"""Tasks for worker processes, which import this module."""

import os
import time
from pathlib import Path

import torch

from partita.errors import PartitaError
from partita.signals import deferred_signals


def double(task: tuple[float, int]) -> tuple[int, int, int]:
    """Return twice a number, the process and its threads, after a time."""
    time.sleep(task[0])
    return 2 * task[1], os.getpid(), torch.get_num_threads()


def save_when_stopped(path: Path) -> None:
    """Train until Ctrl-C, then take a second to save, as a training does."""
    with deferred_signals() as request:
        path.with_suffix(".begun").touch()
        while request.signal_name is None:
            time.sleep(0.01)
        time.sleep(1.0)
        path.touch()


def save_or_fail(path: Path | None) -> None:
    """Save when stopped, or fail once the other tasks have begun."""
    if path is not None:
        save_when_stopped(path)
        return
    time.sleep(3.0)
    raise PartitaError("the task failed")


def fail_or_leave_a_file(task: Path | None) -> None:
    """Fail at once, or write a file after half a minute."""
    if task is None:
        raise PartitaError("the task failed")
    time.sleep(30.0)
    task.touch()
