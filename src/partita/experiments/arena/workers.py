"""Runs the arena's tasks, in this process or in several worker processes at a time.

Small networks make poor use of a second core, and students are independent: two processes with one thread
each finish earlier than one with two. Each task has its own process, which gets a description of the task
and loads or makes what it needs from the arena's folder.

A worker that is interrupted, or whose parent has died, saves its training and ends, so that no worker of an
old call is left when the arena is started again. This file does not decide the order of tasks and does not
interpret their results.
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

PARENT_CHECK_SECONDS = 0.1  # between two checks whether the parent is alive
SAVE_SECONDS = 10.0  # for saving after the parent has died


@dataclass(frozen=True)
class CriticTask:
    """Train the critic if it is missing; a divergence is reported by the arms that need the critic."""

    def run(self, context: ArenaContext) -> None:
        """Run the task."""
        with suppress(DivergedError):
            context.critic()


@dataclass(frozen=True)
class StartTask:
    """Train a student before the arms if it is missing; a divergence is reported by the arms.

    Args:
        seed: the student's.
    """

    seed: int

    def run(self, context: ArenaContext) -> None:
        """Run the task."""
        with suppress(DivergedError):
            _ = Student(context, self.seed).start


@dataclass(frozen=True)
class ArmsTask:
    """Train and evaluate arms of a student whose results are missing.

    Args:
        seed: the student's.
        specs: the arms, each with the temperatures of its evaluation.
    """

    seed: int
    specs: tuple[tuple[ArmSpec, tuple[float, ...]], ...]

    def run(self, context: ArenaContext) -> list[dict[str, Any]]:
        """Run the task and return the results, in the order of the arms."""
        student = Student(context, self.seed)
        student.train_arms(self.specs)
        return [student.result(spec, temperatures) for spec, temperatures in self.specs]


Task = CriticTask | StartTask | ArmsTask
RunTasks = Callable[[Sequence[Task]], Iterator[Any]]
"""Runs tasks and yields their results in the order of the tasks."""
Running = dict[Connection, tuple[int, SpawnProcess]]
"""Worker processes with the number of their task, by the connection that delivers its result."""


@contextmanager
def worker_pool(context: ArenaContext) -> Iterator[RunTasks]:
    """Yield a function that runs tasks while the block runs.

    Args:
        context: of this process. With several workers each process makes its own for the same folder, and
            `context.log` must be a function of a module.
    """
    if context.config.workers == 1:
        yield lambda tasks: (task.run(context) for task in tasks)
        return
    running: Running = {}
    try:
        yield partial(_run_in_processes, context, running)
    finally:
        for _, process in running.values():
            process.terminate()  # the worker saves and ends
        for _, process in running.values():
            process.join()


def _run_in_processes(context: ArenaContext, running: Running, tasks: Sequence[Task]) -> Iterator[Any]:
    """Yield the results of tasks, of which as many run at a time as there are workers.

    Raises:
        PartitaError, OSError: the error that was raised in a worker.
        RuntimeError: a worker ended in another way; its own message is on standard error.
    """
    waiting, results = deque(enumerate(tasks)), dict[int, Any]()
    for number in range(len(tasks)):
        while number not in results:
            while waiting and len(running) < context.config.workers:
                _start(context, running, *waiting.popleft())
            for connection in wait(list(running)):
                assert isinstance(connection, Connection)
                finished, process = running.pop(connection)
                results[finished] = _receive(connection, process)
        yield results.pop(number)


def _start(context: ArenaContext, running: Running, number: int, task: Task) -> None:
    spawn = multiprocessing.get_context("spawn")
    receiver, sender = spawn.Pipe(duplex=False)
    process = spawn.Process(target=_work, args=(sender, os.getpid(), context.config, context.log, task))
    process.start()
    sender.close()
    running[receiver] = number, process


def _receive(connection: Connection, process: SpawnProcess) -> Any:
    """Return the result that a worker sent, or raise the error that it raised."""
    with connection:
        try:
            failed, result = connection.recv()
        except EOFError:
            process.join()
            raise RuntimeError(f"a worker ended with the status {process.exitcode}") from None
    process.join()
    if failed:
        raise result
    return result


def _work(
    sender: Connection, parent: int, config: ArenaConfig, log: Callable[[str], None], task: Task
) -> None:
    """Run a task in a worker process and send its result."""
    threading.Thread(target=_end_with_parent, args=(parent,), daemon=True).start()
    torch.set_num_threads(config.threads or torch.get_num_threads())
    try:
        sender.send((False, task.run(ArenaContext(config, ArenaFolder(config.out), log))))
    except (PartitaError, OSError) as error:  # errors for which the command line has a message
        sender.send((True, error))
    except KeyboardInterrupt:  # the parent is interrupted as well and reports it
        sys.exit(1)


def _end_with_parent(parent: int) -> None:
    """Wait until the parent has died, then let this process save and end."""
    while os.getppid() == parent:
        time.sleep(PARENT_CHECK_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(SAVE_SECONDS)
    os._exit(1)
