"""Runs trained in turns make equal updates in equal time on a busy machine, and end with the same bytes."""

import itertools
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from partita.data.corpus import Corpus
from partita.device import available_cores
from partita.errors import DivergedError
from partita.runs import metrics
from partita.runs.folder import RunFolder
from partita.signals import Interrupted
from partita.training import interleaved as turns_file
from partita.training import trainer as trainer_file
from partita.training.interleaved import TOLERANCE, PlannedRun, machine_share, train_in_turns, unequal_shares
from partita.training.steps.wavenet import WaveNetStep
from partita.training.time_budget import training_budget
from partita.training.train import resume, train
from partita.training.trainer import Trainer

Make = Callable[..., Any]


def step_of(run: Path) -> int:
    return int(RunFolder.open(run).newest_checkpoint().name.removeprefix("step-"))


BUDGET = 114.0  # seconds of training in 2 minutes: 5% are for the final score


class FakeMachine:
    """A clock that each update moves on: by 1 s while the machine is free, by 2 s while it is busy."""

    def __init__(self, busy_until: float) -> None:
        self.now, self.busy_until = 0.0, busy_until
        self.ended: dict[str, tuple[int, float]] = {}  # each run's steps and seconds

    def update(self) -> dict[str, torch.Tensor]:
        self.now += 2.0 if self.now < self.busy_until else 1.0
        return {"bits": torch.tensor(8.0)}

    def finish(self, trainer: Trainer) -> None:
        self.ended[trainer.folder.path.name] = (trainer.state.step, trainer.state.seconds)


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> FakeMachine:
    """A machine that is busy while the first of two runs trains, when one follows the other."""
    fake = FakeMachine(busy_until=BUDGET)
    clock = SimpleNamespace(
        monotonic=lambda: fake.now, perf_counter=lambda: fake.now, process_time=lambda: 0.0
    )
    monkeypatch.setattr(trainer_file, "time", clock)
    monkeypatch.setattr(turns_file, "time", clock)
    monkeypatch.setattr(WaveNetStep, "update", lambda *_: fake.update())
    monkeypatch.setattr("partita.training.steps.wavenet.validation_bits", lambda *_: 8.0)
    monkeypatch.setattr(Trainer, "save", lambda _trainer: None)
    monkeypatch.setattr(Trainer, "finish", lambda trainer: fake.finish(trainer))  # noqa: PLW0108
    return fake


def planned(make_config: Make, tmp_path: Path) -> list[PlannedRun]:
    config = make_config(steps=None, minutes=2.0, log_every=10**9, patience=0)
    assert training_budget(config) == BUDGET
    return [PlannedRun(path=tmp_path / name, config=config) for name in ("a", "b")]


def test_load_during_the_first_run_slows_both_alike(
    corpus: Corpus, tmp_path: Path, make_config: Make, machine: FakeMachine
) -> None:
    one, other = planned(make_config, tmp_path)
    for name in ("first", "second"):
        train(corpus, tmp_path / name, one.config, quiet=True)
    steps = {name: steps for name, (steps, _) in machine.ended.items()}
    assert steps == {"first": pytest.approx(BUDGET / 2, abs=3), "second": pytest.approx(BUDGET, abs=3)}

    machine.now = 0.0
    assert train_in_turns(corpus, [one, other], quiet=True) == {}
    (steps_a, seconds_a), (steps_b, seconds_b) = machine.ended["a"], machine.ended["b"]
    assert steps_a == pytest.approx(steps_b, abs=4)
    assert steps_a + steps_b == pytest.approx(1.5 * BUDGET, abs=6)
    for seconds in (seconds_a, seconds_b):  # the time of the other's turns does not count
        assert seconds == pytest.approx(BUDGET, abs=3)


def test_turns_change_no_bit(corpus: Corpus, tmp_path: Path, make_config: Make, adversary: Any) -> None:
    """With given steps, and the minutes so short that a turn is over after each of them."""
    config = make_config(minutes=10.0, adversary=adversary, arm="report", steps=6)
    train(corpus, tmp_path / "whole", config, quiet=True)
    turns = [PlannedRun(path=tmp_path / name, config=config) for name in ("a", "b")]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(turns_file, "SHORTEST", 0.0)
        patched.setattr(turns_file, "TURNS", 10**9)
        assert train_in_turns(corpus, turns, quiet=True) == {}
    records = {name: metrics.read(tmp_path / name / "metrics.jsonl") for name in ("a", "b")}
    assert max(sum(one["kind"] == "turn" for one in records[name]) for name in records) >= 5
    files = sorted(
        path.name for path in RunFolder.open(tmp_path / "whole").newest_checkpoint().glob("*.safetensors")
    )
    assert files
    for name in files:
        wanted = (RunFolder.open(tmp_path / "whole").newest_checkpoint() / name).read_bytes()
        for run in turns:
            assert (RunFolder.open(run.path).newest_checkpoint() / name).read_bytes() == wanted


@pytest.mark.skipif(os.name == "nt", reason="signals as on POSIX")
def test_a_signal_stops_all_runs_and_all_can_be_resumed(
    corpus: Corpus, tmp_path: Path, make_config: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns_file, "SHORTEST", 0.1)
    config = make_config(steps=None, minutes=1 / 60, validations=1)
    runs = [PlannedRun(path=tmp_path / name, config=config) for name in ("a", "b")]
    timer = threading.Timer(0.5, lambda: os.kill(os.getpid(), signal.SIGTERM))
    timer.start()
    with pytest.raises(Interrupted, match="stopped by SIGTERM"):
        train_in_turns(corpus, runs, quiet=True)
    timer.join()
    before = [step_of(run.path) for run in runs]
    assert not any(RunFolder.open(run.path).finished for run in runs)
    resume(runs[0].path, quiet=True, stop=lambda: True)  # each can also go on by itself
    assert train_in_turns(corpus, runs, quiet=True) == {}
    assert all(RunFolder.open(run.path).finished for run in runs)
    assert [step_of(run.path) for run in runs] > before


@pytest.mark.skipif(os.name == "nt", reason="signals as on POSIX")
def test_records_of_turns_survive_a_stop_and_all_runs_share_one_corpus_check(
    corpus: Corpus, tmp_path: Path, make_config: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns_file, "SHORTEST", 0.0)
    monkeypatch.setattr(turns_file, "TURNS", 10**9)
    begun: list[Corpus] = []
    monkeypatch.setattr(Corpus, "verify", lambda self, _stop: begun.append(self))
    config = make_config(minutes=10.0, steps=10)
    runs = [PlannedRun(path=tmp_path / name, config=config) for name in ("a", "b")]
    train_until, turns = Trainer.train_until, itertools.count(1)

    def interrupted_in_turn_4(trainer: Trainer, stop: Callable[[], bool]) -> bool:
        if next(turns) == 4:
            os.kill(os.getpid(), signal.SIGTERM)
        return train_until(trainer, stop)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Trainer, "train_until", interrupted_in_turn_4)
        with pytest.raises(Interrupted):
            train_in_turns(corpus, runs, quiet=True)
    for run in runs:
        records = metrics.read(run.path / "metrics.jsonl")
        assert records[-1]["kind"] == "turn"
        assert RunFolder.open(run.path).discard_unsaved() == []
        assert metrics.read(run.path / "metrics.jsonl") == records, "nothing was dropped"
    assert train_in_turns(corpus, runs, quiet=True) == {}
    assert begun == [corpus, corpus]


def test_a_run_that_diverges_does_not_stop_the_others(
    corpus: Corpus, tmp_path: Path, make_config: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = Trainer.step

    def diverging(trainer: Trainer) -> None:
        if trainer.folder.path.name == "a" and trainer.state.step == 2:
            raise DivergedError("the loss is not finite at step 3")
        step(trainer)

    monkeypatch.setattr(Trainer, "step", diverging)
    config = make_config(minutes=1.0, steps=4)
    runs = [PlannedRun(path=tmp_path / name, config=config) for name in ("a", "b")]
    failed = train_in_turns(corpus, runs, quiet=True)
    assert list(failed) == [tmp_path / "a"] and "step 3" in str(failed[tmp_path / "a"])
    assert RunFolder.open(tmp_path / "b").finished and step_of(tmp_path / "b") == 4


def turn(processor: float) -> dict[str, Any]:
    return {"kind": "turn", "step": 1, "wall_seconds": 2.0, "processor_seconds": processor}


def test_a_busy_machine_is_reported() -> None:
    steady = [turn(1.0), *(turn(3.8) for _ in range(20))]
    halved = [turn(1.0), *(turn(3.8 if number % 2 else 1.9) for number in range(20))]
    assert machine_share(steady) == pytest.approx(1.0)
    assert machine_share(halved) == pytest.approx(0.75)
    warning = unequal_shares({"likelihood": machine_share(steady), "report": machine_share(halved)})
    assert warning is not None and warning.startswith("the machine was busy while report trained: it got 75%")
    assert unequal_shares({"a": 1.0, "b": 1.01 / TOLERANCE}) is None
    assert unequal_shares({"a": None, "b": machine_share(steady[:3])}) is None


def _busy(seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass


@pytest.mark.slow
def test_two_busy_programs_slow_both_runs_alike(corpus: Corpus, tmp_path: Path, make_config: Make) -> None:
    """The first of two runs of 4 s would have them beside it all the time, the second never."""
    config = make_config(steps=None, minutes=4 / 60, validations=1, targets=1024)
    train(corpus, tmp_path / "warm", make_config(steps=2, targets=1024), quiet=True)
    context = multiprocessing.get_context("spawn")
    busy = [context.Process(target=_busy, args=(5.0,)) for _ in range(available_cores())]
    for process in busy:
        process.start()
    time.sleep(0.5)
    runs = [PlannedRun(path=tmp_path / name, config=config) for name in ("a", "b")]
    train_in_turns(corpus, runs, quiet=True)
    for process in busy:
        process.join()
    one, other = (step_of(run.path) for run in runs)
    assert one == pytest.approx(other, rel=0.2)
