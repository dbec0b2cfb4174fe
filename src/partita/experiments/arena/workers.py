"""Who does the arena's work: this process, or several at a time, each with a student of its own.

Small networks use a second core badly, and students have nothing to do with each other: two processes of one
thread do more than one of two. Each piece of work has a process of its own, which is told what to do, not
what it needs: that it finds in the folder, or makes.

A process that is interrupted, or whose parent has died, saves and ends, so that an arena that is begun again
is alone in its folder. This file does not know in which order work is done, nor what comes of it.
"""

import multiprocessing
import os
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any

import torch

from partita.errors import DivergedError, PartitaError
from partita.experiments.arena.arm_spec import ArmSpec
from partita.experiments.arena.config import ArenaConfig
from partita.experiments.arena.context import ArenaContext
from partita.experiments.arena.folder import ArenaFolder
from partita.experiments.arena.student import Student

SECONDS = 0.1  # between two looks at whether the parent is alive
PATIENCE = 10.0  # seconds to save in, when it is not


@dataclass(frozen=True)
class CriticWork:
    """Train the critic, if it is not there; that it diverges is found out by the arms that want it."""

    def do(self, ground: ArenaContext) -> None:
        """Do it."""
        with suppress(DivergedError):
            ground.critic()


@dataclass(frozen=True)
class StartWork:
    """Train a student until the arms part, if it is not there; that it diverges is found out by its arms.

    Args:
        seed: the student's.
    """

    seed: int

    def do(self, ground: ArenaContext) -> None:
        """Do it."""
        with suppress(DivergedError):
            _ = Student(ground, self.seed).start


@dataclass(frozen=True)
class ArmsWork:
    """Train and measure arms of a student, those that are not there.

    Args:
        seed: the student's.
        entries: the arms with their settings, each with the temperatures to measure it at.
    """

    seed: int
    entries: tuple[tuple[ArmSpec, tuple[float, ...]], ...]

    def do(self, ground: ArenaContext) -> list[dict[str, Any]]:
        """Return the results, in the order of the entries."""
        student = Student(ground, self.seed)
        student.train_arms(self.entries)
        return [student.result(entry, temperatures) for entry, temperatures in self.entries]


Work = CriticWork | StartWork | ArmsWork
Crew = Callable[[Sequence[Work]], Iterator[Any]]
"""Does work, and yields what comes of it in the order in which it was given."""
Alive = dict[Connection, tuple[int, SpawnProcess]]
"""Processes at work, by where their answers come from, with the number of the work."""


@contextmanager
def crew(ground: ArenaContext) -> Iterator[Crew]:
    """Yield who does the work, while the block runs.

    Args:
        ground: this process's; where there are several, each has its own in the same folder, and `say` must
            be a function of a module.
    """
    if ground.config.workers == 1:
        yield lambda work: (one.do(ground) for one in work)
        return
    alive: Alive = {}
    try:
        yield partial(_by_several, ground, alive)
    finally:
        for _, process in alive.values():
            process.terminate()  # which is a wish to save and stop
        for _, process in alive.values():
            process.join()


def _by_several(ground: ArenaContext, alive: Alive, work: Sequence[Work]) -> Iterator[Any]:
    """Yield what comes of the work, of which as much is done at a time as there are workers.

    Raises:
        PartitaError, OSError: what was raised in a process.
        RuntimeError: a process came to another end; what it said is on standard error.
    """
    waiting, done = deque(enumerate(work)), dict[int, Any]()
    for number in range(len(work)):
        while number not in done:
            while waiting and len(alive) < ground.config.workers:
                _begin(ground, alive, *waiting.popleft())
            for pipe in wait(list(alive)):
                assert isinstance(pipe, Connection)
                finished, process = alive.pop(pipe)
                done[finished] = _answer(pipe, process)
        yield done.pop(number)


def _begin(ground: ArenaContext, alive: Alive, number: int, work: Work) -> None:
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_do, args=(there, os.getpid(), ground.config, ground.say, work))
    process.start()
    there.close()
    alive[here] = number, process


def _answer(pipe: Connection, process: SpawnProcess) -> Any:
    """Return what a process that has ended its work sent, or raise what it raised."""
    with pipe:
        try:
            failed, answer = pipe.recv()
        except EOFError:
            process.join()
            raise RuntimeError(f"a worker ended with the status {process.exitcode}") from None
    process.join()
    if failed:
        raise answer
    return answer


def _do(
    answers: Connection, parent: int, config: ArenaConfig, say: Callable[[str], None], work: Work
) -> None:
    """Do a piece of work in a process of its own."""
    threading.Thread(target=_watch, args=(parent,), daemon=True).start()
    torch.set_num_threads(config.threads or torch.get_num_threads())
    try:
        answers.send((False, work.do(ArenaContext(config, ArenaFolder(config.out), say))))
    except (PartitaError, OSError) as error:  # what the command line has a line for
        answers.send((True, error))
    except KeyboardInterrupt:  # its parent knows
        sys.exit(1)


def _watch(parent: int) -> None:
    """Wait until the parent has died, then let this process save and end."""
    while os.getppid() == parent:
        time.sleep(SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(PATIENCE)
    os._exit(1)
