"""Tasks run in this process or in others, with their results in order; an error stops the others."""

import multiprocessing
import os
import sys
import time
from pathlib import Path

import pytest
from tasks import double, fail_or_leave_a_file, save_or_fail

from partita.errors import PartitaError
from partita.experiments.runner import Engine, task_runner

TASKS = [(0.3, 1), (0.0, 2), (0.1, 3)]


def test_one_worker_is_this_process() -> None:
    with task_runner(double, workers=1, threads=None) as run_tasks:
        found = list(run_tasks(TASKS))
    assert [number for number, _, _ in found] == [2, 4, 6]
    assert {process for _, process, _ in found} == {os.getpid()}


@pytest.mark.parametrize("engine", ["processes", pytest.param("ray", marks=pytest.mark.slow)])
def test_several_workers_give_results_in_the_order_of_the_tasks(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    if engine == "ray":
        pytest.importorskip("ray")
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))  # Ray's workers import the tasks
    with task_runner(double, workers=2, threads=1, engine=engine) as run_tasks:
        found = list(run_tasks(TASKS))
    assert [number for number, _, _ in found] == [2, 4, 6]
    assert os.getpid() not in {process for _, process, _ in found}
    assert {threads for _, _, threads in found} == {1}


def test_an_error_of_any_task_stops_the_others_at_once(tmp_path: Path) -> None:
    begun = time.monotonic()
    with (
        pytest.raises(PartitaError, match="the task failed"),
        task_runner(fail_or_leave_a_file, workers=2, threads=1) as run_tasks,
    ):
        list(run_tasks([tmp_path / "left", None]))
    assert time.monotonic() - begun < 25.0
    assert not multiprocessing.active_children()
    assert not (tmp_path / "left").exists()


def test_a_stopped_worker_saves_also_if_others_are_idle(tmp_path: Path) -> None:
    with (
        pytest.raises(PartitaError, match="the task failed"),
        task_runner(save_or_fail, workers=3, threads=1) as run_tasks,
    ):
        list(run_tasks([tmp_path / "saved", None]))
    assert (tmp_path / "saved").exists()
    assert not multiprocessing.active_children()


def test_tasks_that_wait_do_not_begin_once_the_others_are_stopped(tmp_path: Path) -> None:
    waiting = [tmp_path / str(number) for number in range(6)]
    with (
        pytest.raises(PartitaError, match="the task failed"),
        task_runner(save_or_fail, workers=2, threads=1) as run_tasks,
    ):
        list(run_tasks([None, *waiting]))
    begun = sorted(path.stem for path in tmp_path.glob("*.begun"))
    assert begun in (["0"], ["0", "1"])  # the worker that failed may have begun another one before
    assert not multiprocessing.active_children()


def test_a_missing_engine_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with (
        pytest.raises(PartitaError, match=r"partita\[ray\]"),
        task_runner(double, workers=2, threads=1, engine="ray"),
    ):
        pass
