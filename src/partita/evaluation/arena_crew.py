"""Who does the arena's work: this process, or several, each a student at a time.

Small networks use a second core badly, and students have nothing to do with each other: two processes of one
thread do more than one of two. Every arm of a student is done by one process, beside as many others as ever.
Work is told by what it is, not by what it holds, so a process that is given it finds or makes the rest.

A process whose parent has died ends at once, so that an arena that is begun again is alone in its folder.
This file does not know in which order work is done, nor what comes of it.
"""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.synchronize import Event
from typing import Any

import torch

from partita.evaluation.arena_entry import Entry
from partita.evaluation.arena_ground import Ground
from partita.evaluation.arena_home import ArenaHome
from partita.evaluation.arena_plan import ArenaConfig
from partita.evaluation.arena_student import Student

SECONDS = 0.1  # between two looks at whether the parent is alive, and wants this process to go on


@dataclass(frozen=True)
class CriticWork:
    """Train the critic, if it is not there."""

    def do(self, ground: Ground) -> None:
        """Do it."""
        ground.critic()


@dataclass(frozen=True)
class StartWork:
    """Train a student until the arms part, if it is not there.

    Args:
        seed: the student's.
    """

    seed: int

    def do(self, ground: Ground) -> None:
        """Do it."""
        _ = Student(ground, self.seed).start


@dataclass(frozen=True)
class ArmsWork:
    """Train and measure arms of a student, those that are not there.

    Args:
        seed: the student's.
        entries: the arms with their settings, each with the temperatures to measure it at.
    """

    seed: int
    entries: tuple[tuple[Entry, tuple[float, ...]], ...]

    def do(self, ground: Ground) -> list[dict[str, Any]]:
        """Return the results, in the order of the entries."""
        student = Student(ground, self.seed)
        return [student.result(entry, temperatures) for entry, temperatures in self.entries]


Work = CriticWork | StartWork | ArmsWork
Crew = Callable[[Sequence[Work]], Iterator[Any]]
"""Does work, and yields what comes of it in the order in which it was given."""


@contextmanager
def crew(ground: Ground) -> Iterator[Crew]:
    """Yield who does the work, while the block runs.

    Args:
        ground: this process's; where there are several, each has its own in the same folder, and `say` must
            be a function of a module.
    """
    if ground.config.workers == 1:
        yield lambda work: (one.do(ground) for one in work)
        return
    context = multiprocessing.get_context("spawn")
    stop = context.Event()
    pool = ProcessPoolExecutor(
        ground.config.workers,
        mp_context=context,
        initializer=_begin,
        initargs=(os.getpid(), stop, ground.config.threads),
    )
    try:
        yield lambda work: pool.map(_do, ((ground.config, ground.say, one) for one in work))
    except BaseException:
        stop.set()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _begin(parent: int, stop: Event, threads: int | None) -> None:
    """Prepare a process for work."""
    torch.set_num_threads(threads or torch.get_num_threads())
    threading.Thread(target=_watch, args=(parent, stop), daemon=True).start()


def _watch(parent: int, stop: Event) -> None:
    """End this process when its parent has died; interrupt it when the parent asks for that."""
    while not stop.is_set():
        if os.getppid() != parent:
            os._exit(1)
        time.sleep(SECONDS)
    os.kill(os.getpid(), signal.SIGINT)


def _do(given: tuple[ArenaConfig, Callable[[str], None], Work]) -> Any:
    config, say, work = given
    return work.do(Ground(config, ArenaHome(config.out), say))
