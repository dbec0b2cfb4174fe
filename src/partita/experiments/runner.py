"""Run independent tasks, in this process, in worker processes, or on the machines of a Ray cluster.

Each task is given to one function, which loads what it needs from a shared folder and leaves its result
there. A worker that is interrupted, or whose parent has died, saves its training and ends, so that no worker
of an old call is left when an experiment is started again. This file knows no experiment.
"""

import multiprocessing
import os
import signal
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, ProcessPoolExecutor, wait
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Literal

import torch

from partita.errors import PartitaError

Engine = Literal["processes", "ray"]
RunTasks = Callable[[Sequence[Any]], Iterator[Any]]
"""Runs tasks and yields their results in the order of the tasks."""

CHECK_SECONDS = 0.1  # between two checks whether the parent is alive, or a task has failed
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
            the tasks use, by absolute paths. Without a cluster (`RAY_ADDRESS`) Ray uses this machine.

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
    others = set(multiprocessing.active_children())
    scratch = tempfile.TemporaryDirectory(prefix="partita-")
    stop = Path(scratch.name) / "stop"
    pool = ProcessPoolExecutor(
        workers,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_begin_worker,
        initargs=(os.getpid(), threads),
    )
    try:
        yield partial(_results, pool, partial(_interruptible, work, stop))
    except BaseException:
        stop.touch()  # a pool gives each worker its next task in advance, which can't be cancelled
        for process in set(multiprocessing.active_children()) - others:
            process.terminate()  # a worker with a task saves and ends it; others do nothing
        raise
    finally:
        pool.shutdown(cancel_futures=True)
        scratch.cleanup()


def _results(pool: ProcessPoolExecutor, work: Callable[[Any], Any], tasks: Sequence[Any]) -> Iterator[Any]:
    """Yield the results of tasks; an error of a later task is raised when it happens."""
    futures = [pool.submit(work, task) for task in tasks]
    for future in futures:
        while not future.done():
            done, _ = wait(futures, return_when=FIRST_EXCEPTION, timeout=CHECK_SECONDS)
            for one in done:
                one.result()  # raises the error of a task that has failed
        yield future.result()


def _begin_worker(parent: int, threads: int | None) -> None:
    """Prepare a worker process, which does not notice signals while it has no task."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, args=(parent,), daemon=True).start()
    torch.set_num_threads(threads or torch.get_num_threads())


def _interruptible(work: Callable[[Any], Any], stop: Path, task: Any) -> Any:
    """Run a task; a signal ends it as Ctrl-C does. None is begun once there is the file `stop`."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    for number in numbers:
        signal.signal(number, signal.default_int_handler)
    try:
        if stop.exists():
            raise KeyboardInterrupt
        return work(task)
    finally:
        for number in numbers:
            signal.signal(number, signal.SIG_IGN)


def _end_with_parent(parent: int) -> None:
    """Wait until the parent has died, then let this process save and end."""
    while os.getppid() == parent:
        time.sleep(CHECK_SECONDS)
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
    if begun and "RAY_ADDRESS" in os.environ:
        ray.init()
    elif begun:
        ray.init(address="local", num_cpus=workers * cores, include_dashboard=False)
    remote = ray.remote(num_cpus=cores, max_retries=0, max_calls=1)(_with_threads)
    try:
        yield partial(_ray_results, ray, partial(remote.remote, work, threads), workers)
    finally:
        if begun:
            ray.shutdown()


def _ray_results(ray: Any, start: Callable[[Any], Any], workers: int, tasks: Sequence[Any]) -> Iterator[Any]:
    """Yield the results of tasks, of which as many run at a time as there are workers."""
    waiting, running, results = deque(enumerate(tasks)), dict[Any, int](), dict[int, Any]()
    try:
        for number in range(len(tasks)):
            while number not in results:
                while waiting and len(running) < workers:
                    place, task = waiting.popleft()
                    running[start(task)] = place
                (ready, *_), _ = ray.wait(list(running))
                try:
                    results[running.pop(ready)] = ray.get(ready)
                except ray.exceptions.RayTaskError as error:
                    raise error.cause from None
            yield results.pop(number)
    finally:
        for reference in running:
            ray.cancel(reference)
        if running:  # they save what they have trained
            ray.wait(list(running), num_returns=len(running), timeout=SAVE_SECONDS)


def _with_threads(work: Callable[[Any], Any], threads: int | None, task: Any) -> Any:
    torch.set_num_threads(threads or torch.get_num_threads())
    return work(task)
