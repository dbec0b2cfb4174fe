"""The arena's tasks, and the workers that run them.

Small networks make poor use of a second core, and students are independent: two processes with one thread
each finish earlier than one with two. Each task gets a description of what to do, and loads or makes what it
needs from the arena's folder. This file does not decide the order of tasks and does not interpret their
results.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from partita.errors import DivergedError
from partita.experiments.arena.config import ArenaConfig
from partita.experiments.arena.context import ArenaContext
from partita.experiments.arena.folder import ArenaFolder
from partita.experiments.arena.student import Student
from partita.experiments.arm_spec import ArmSpec
from partita.experiments.runner import RunTasks, task_runner


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


@contextmanager
def worker_pool(context: ArenaContext) -> Iterator[RunTasks]:
    """Yield a function that runs tasks while the block runs.

    Args:
        context: of this process. With several workers each process makes its own for the same folder, and
            `context.log` must be a function of a module.
    """
    config = context.config
    alone = config.workers == 1 and config.engine == "processes"
    work = partial(_run_here, context) if alone else partial(_run, _absolute(config), context.log)
    with task_runner(work, workers=config.workers, threads=config.threads, engine=config.engine) as run_tasks:
        yield run_tasks


def _absolute(config: ArenaConfig) -> ArenaConfig:
    """Return the config for workers, which may have another working directory."""
    paths = {name: getattr(config, name) for name in ("out", "teacher", "corpus", "students")}
    return replace(config, **{name: path.absolute() for name, path in paths.items() if path is not None})


def _run_here(context: ArenaContext, task: Task) -> Any:
    return task.run(context)


def _run(config: ArenaConfig, log: Callable[[str], None], task: Task) -> Any:
    """Run a task in another process."""
    return task.run(ArenaContext(config, ArenaFolder(config.out), log))
