"""Tasks for worker processes, which import this module."""

import os
import time
from pathlib import Path

import torch

from partita.errors import PartitaError


def double(task: tuple[float, int]) -> tuple[int, int, int]:
    """Return twice a number, the process and its threads, after a time."""
    time.sleep(task[0])
    return 2 * task[1], os.getpid(), torch.get_num_threads()


def fail_or_leave_a_file(task: Path | None) -> None:
    """Fail at once, or write a file after half a minute."""
    if task is None:
        raise PartitaError("the task failed")
    time.sleep(30.0)
    task.touch()
