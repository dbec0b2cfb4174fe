"""Arenas with one or several processes that are killed or interrupted, then continued to the same scores."""

import multiprocessing
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from partita.errors import PartitaError
from partita.experiments.arena.config import ArenaConfig
from partita.experiments.arena.folder import ArenaFolder
from partita.experiments.arena.run import arena
from partita.runs.folder import RunFolder
from partita.runs.loading import load

Make = Callable[..., ArenaConfig]
pytestmark = [
    pytest.mark.skipif(os.name == "nt", reason="signals as on POSIX"),
    pytest.mark.usefixtures("one_thread"),
]
TWO = {"seeds": 2, "validation_seeds": 2, "arms": ("likelihood", "report")}
SCRIPT = """
import sys
from pathlib import Path
from partita.experiments.arena.run import arena
from partita.experiments.arena.config import ArenaConfig
if __name__ == "__main__":
    arena(ArenaConfig(**eval(sys.argv[1], {"PosixPath": Path})))
"""


def same_parts(scores: dict[str, Any]) -> dict[str, Any]:
    """Return the scores without times."""
    return {name: value for name, value in scores.items() if name != "training"}


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + 120
    while not path.exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert path.exists()


def test_a_killed_arena_ends_with_the_same_scores(whole: dict[str, Any], small: Make, tmp_path: Path) -> None:
    config, chance = small(tmp_path / "killed"), random.Random(4)
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["partita.experiments.arena.run", "partita.ops.gated_stack.autograd"])
    for sign in ("teacher", "results/likelihood/1000.json", "runs/0000/start"):
        process = context.Process(target=arena, args=(config,), kwargs={"log": print})
        process.start()
        wait_for(config.out / sign)
        time.sleep(chance.uniform(0.0, 0.4))
        os.kill(process.pid, signal.SIGKILL)  # type: ignore[arg-type]
        process.join(timeout=60)
        assert process.exitcode == -signal.SIGKILL, f"it ended before it was killed, after {sign}"
    found = arena(config, log=lambda line: None)
    assert same_parts(found) == same_parts(whole)
    runs = [config.out / "runs" / "0000" / name for name in ("start", "likelihood", "report-0")]
    assert all(RunFolder.open(run).finished for run in runs)


@pytest.mark.slow
def test_two_workers_killed_or_interrupted_reach_the_same_scores(small: Make, tmp_path: Path) -> None:
    """First the parent is killed and its workers end by themselves; then all are interrupted as by Ctrl-C."""
    alone = arena(small(tmp_path / "alone", **TWO), log=lambda line: None)
    config, environment = small(tmp_path / "two", workers=2, **TWO), os.environ | {"PYTHONUNBUFFERED": "1"}
    for sign, number, status in (
        ("runs/1000/start", signal.SIGKILL, -signal.SIGKILL),
        ("runs/0001/start", signal.SIGINT, 1),
    ):
        process = subprocess.Popen(
            [sys.executable, "-c", SCRIPT, repr(vars(config))], env=environment, start_new_session=True
        )
        wait_for(config.out / sign)
        if number == signal.SIGINT:
            os.killpg(process.pid, number)
        else:
            process.send_signal(number)
        assert process.wait(timeout=60) in (status, -number)
        time.sleep(1.0)
    assert same_parts(arena(config)) == same_parts(alone)
    for seed in ("1000", "1001", "0000", "0001"):
        states = [
            load(out / "runs" / seed / "report").model.state_dict()
            for out in (config.out, tmp_path / "alone")
        ]
        assert all(torch.equal(value, states[1][name]) for name, value in states[0].items())


@pytest.mark.slow
def test_two_ray_workers_reach_the_same_scores(small: Make, tmp_path: Path) -> None:
    pytest.importorskip("ray")
    alone = arena(small(tmp_path / "alone", **TWO), log=lambda line: None)
    found = arena(small(tmp_path / "ray", workers=2, engine="ray", **TWO))
    assert same_parts(found) == same_parts(alone)


@pytest.mark.slow
def test_an_error_in_one_worker_stops_all(small: Make, tmp_path: Path) -> None:
    config = small(tmp_path / "two", workers=2, **TWO)
    with ArenaFolder(config.out).lock(config):
        (config.out / "runs" / "1000" / "start").mkdir(parents=True)
    with pytest.raises(PartitaError, match="1000/start"):
        arena(config)
    assert not list(config.out.glob("runs/000*"))
    assert not multiprocessing.active_children()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"workers": 0}, "`workers` is 0"),
        ({"workers": 2, "threads": None}, "`threads` is not set"),
        ({"workers": 2, "steps": None, "minutes": 1.0, "seeds": 3}, "give a multiple"),
    ],
)
def test_workers_need_equal_shares_of_the_machine(
    small: Make, tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(PartitaError, match=message):
        small(tmp_path, **TWO | changes)
