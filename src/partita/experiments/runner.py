"""Run independent tasks, in this process, in worker processes, or on the machines of a Ray cluster.

Each task is given to one function, which loads what it needs from a shared folder and leaves its result
there. A worker that is interrupted, or whose parent has died, saves its training and ends, so that no worker
of an old call is left when an experiment is started again. This file knows no experiment.
"""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any, Literal, TypeVar

import torch

from partita.errors import PartitaError

Engine = Literal["processes", "ray"]
TaskT = TypeVar("TaskT")
RunTasks = Callable[[Sequence[Any]], Iterator[Any]]
"""Runs tasks and yields their results in the order of the tasks."""

PARENT_CHECK_SECONDS = 0.1  # between two checks whether the parent is alive
SAVE_SECONDS = 10.0  # for saving after the parent has died


@contextmanager
def task_runner(
    work: Callable[[Any], Any], *, workers: int, threads: int | None, engine: Engine = "processes"
) -> Iterator[RunTasks]:
    """Yield a function that runs tasks while the block runs.

    If a task fails, the others are stopped, and its error is raised.

    Args:
        work: runs one task. With several workers it is a function of a module, or a `partial` of one, and the
            tasks and results can be pickled.
        workers: tasks that run at the same time. One worker of the engine `processes` is this process.
        threads: CPU threads of each worker; None leaves the choice to PyTorch.
        engine: `processes` on this machine, or `ray`, a Ray cluster, whose machines share the folders that
            the tasks use. Without a cluster (`RAY_ADDRESS`) Ray starts its own processes on this machine.

    Raises:
        PartitaError: Ray is not installed.

    >>> with task_runner(abs, workers=1, threads=1) as run_tasks:
    ...     list(run_tasks([-2, 3]))
    [2, 3]
    """
    if engine == "ray":
        with _ray(work, workers, threads) as run_tasks:
            yield run_tasks
    elif workers == 1:
        yield lambda tasks: map(work, tasks)
    else:
        with _processes(work, workers, threads) as run_tasks:
            yield run_tasks


@contextmanager
def _processes(work: Callable[[Any], Any], workers: int, threads: int | None) -> Iterator[RunTasks]:
    pool = ProcessPoolExecutor(
        workers,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_begin_worker,
        initargs=(os.getpid(), threads),
        max_tasks_per_child=1,  # each task begins with the memory of a new process
    )
    try:
        yield partial(_results, pool, work)
    except BaseException:
        for process in multiprocessing.active_children():
            process.terminate()  # the worker saves and ends
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _results(pool: ProcessPoolExecutor, work: Callable[[Any], Any], tasks: Sequence[Any]) -> Iterator[Any]:
    """Yield the results of tasks; an error of a later task is raised when it happens."""
    futures = [pool.submit(work, task) for task in tasks]
    failed: list[Future[Any]] = []
    for future in futures:
        future.add_done_callback(lambda one: failed.append(one) if _has_failed(one) else None)
    for future in futures:
        while not future.done() and not failed:
            threading.Event().wait(PARENT_CHECK_SECONDS)
        yield (failed[0] if failed else future).result()


def _has_failed(future: "Future[Any]") -> bool:
    return not future.cancelled() and future.exception() is not None


def _begin_worker(parent: int, threads: int | None) -> None:
    """Prepare a worker process."""
    threading.Thread(target=_end_with_parent, args=(parent,), daemon=True).start()
    torch.set_num_threads(threads or torch.get_num_threads())


def _end_with_parent(parent: int) -> None:
    """Wait until the parent has died, then let this process save and end."""
    while os.getppid() == parent:
        time.sleep(PARENT_CHECK_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(SAVE_SECONDS)
    os._exit(1)


@contextmanager
def _ray(work: Callable[[Any], Any], workers: int, threads: int | None) -> Iterator[RunTasks]:
    try:
        import ray
    except ImportError:
        raise PartitaError("`engine` is 'ray', which is not installed: pip install 'partita[ray]'") from None
    cores = threads or 1
    begun = not ray.is_initialized()
    if begun:
        own = {} if "RAY_ADDRESS" in os.environ else {"num_cpus": workers * cores, "include_dashboard": False}
        ray.init(log_to_driver=True, **own)
    remote = ray.remote(num_cpus=cores, max_retries=0, max_calls=1)(_with_threads)

    def run_tasks(tasks: Sequence[Any]) -> Iterator[Any]:
        references = [remote.remote(work, threads, task) for task in tasks]
        try:
            for reference in references:
                yield ray.get(reference)
        finally:
            for reference in references:
                ray.cancel(reference)

    try:
        yield run_tasks
    finally:
        if begun:
            ray.shutdown()


def _with_threads(work: Callable[[Any], Any], threads: int | None, task: Any) -> Any:
    torch.set_num_threads(threads or torch.get_num_threads())
    return work(task)
