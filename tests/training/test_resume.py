"""Runs that are killed at random moments and resumed end with the same bytes as runs that are not killed."""

import json
import multiprocessing
import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from partita.data.corpus import Corpus
from partita.errors import PartitaError
from partita.runs import metrics
from partita.runs.folder import RunFolder
from partita.storage import lock_folder
from partita.training.config.arms import with_arm
from partita.training.config.train import AdversaryConfig, TrainConfig
from partita.training.train import resume, train

Make = Callable[..., TrainConfig]
TIMED = {"seconds", "samples_per_second"}

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals as on POSIX")


@pytest.fixture(scope="module")
def processes() -> Any:
    """Processes forked from a server that has imported everything, so that they start fast."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["partita.training.train", "partita.ops.gated_stack.autograd"])
    return context


def start(processes: Any, target: Callable[..., Path], *arguments: Any) -> Any:
    process = processes.Process(target=target, args=arguments, kwargs={"quiet": True})
    process.start()
    return process


def wait_for_a_run(out: Path) -> None:
    deadline = time.monotonic() + 60
    while not out.exists():
        assert time.monotonic() < deadline, "the run never began"
        time.sleep(0.01)


def content(run: Path) -> tuple[dict[str, bytes], Any, list[dict[str, Any]]]:
    """Return what must be equal: the tensors' files, the state, and the records without times."""
    newest = RunFolder.open(run).newest_checkpoint()
    files = {path.name: path.read_bytes() for path in newest.glob("*.safetensors")}
    state = json.loads((newest / "state.json").read_text())
    del state["position"]["seconds"], state["position"]["meter"]["seconds"], state["digest"]
    records = [
        {name: value for name, value in record.items() if name not in TIMED}
        for record in metrics.read(run / "metrics.jsonl")
    ]
    return files, state, records


@pytest.mark.parametrize(
    ("arm", "judges"),
    [
        ("likelihood", "one"),
        ("report", "one"),
        pytest.param("report", "all", marks=pytest.mark.slow),
    ],
)
def test_a_killed_run_ends_with_the_same_bytes(
    corpus: Corpus,
    tmp_path: Path,
    make_config: Make,
    adversary: AdversaryConfig,
    everything: AdversaryConfig,
    processes: Any,
    arm: str,
    judges: str,
) -> None:
    if judges == "all":
        adversary = everything
    config = with_arm(
        make_config(steps=80, validations=20, log_every=7, adversary=adversary, patience=0), arm
    )
    begun = time.monotonic()
    whole = train(corpus, tmp_path / "whole", config, quiet=True)
    took = time.monotonic() - begun
    out = tmp_path / "killed"
    chance = random.Random(arm)
    process = start(processes, train, str(corpus.path), out, config)
    wait_for_a_run(out)
    ends = []
    for number in range(5):
        process.join(timeout=chance.uniform(0.05, 0.5) * took)
        if process.is_alive():
            os.kill(process.pid, (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)[number % 3])
        process.join(timeout=60)
        ends.append(process.exitcode)
        if RunFolder.open(out).finished:
            break
        process = start(processes, resume, out)
    process.join(timeout=120)
    if not RunFolder.open(out).finished:
        resume(out, quiet=True)
    assert -signal.SIGKILL in ends
    ours, theirs = content(out), content(whole)
    assert ours[2] == theirs[2]
    assert ours[1] == theirs[1]
    assert ours[0].keys() == theirs[0].keys()
    for name, data in ours[0].items():
        assert data == theirs[0][name], name


def test_a_run_with_every_discriminator_resumes_bitwise(
    corpus: Corpus, tmp_path: Path, make_config: Make, everything: AdversaryConfig
) -> None:
    """Stopped while the discriminators warm up, and between two penalties."""
    config = with_arm(make_config(steps=12, log_every=5, adversary=everything, patience=0), "report")
    whole = train(corpus, tmp_path / "whole", config, quiet=True)
    stopped, asked = tmp_path / "stopped", iter([False, False, True])
    train(corpus, stopped, config, quiet=True, stop=lambda: next(asked))
    assert not RunFolder.open(stopped).finished
    resume(stopped, quiet=True)
    ours, theirs = content(stopped), content(whole)
    assert ours[1:] == theirs[1:]
    assert ours[0] == theirs[0]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_saves_and_says_how_to_resume(
    corpus: Corpus, out: Path, make_config: Make, number: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    from partita.signals import Interrupted
    from partita.training.trainer import Trainer

    step = Trainer.step

    def interrupted_step(self: Trainer) -> None:
        step(self)
        if self.state.step == 7:
            signal.raise_signal(number)

    monkeypatch.setattr(Trainer, "step", interrupted_step)
    with pytest.raises(
        Interrupted, match=f"stopped by {number.name} and saved at step 7: go on with .*--resume {out}"
    ):
        train(corpus, out, make_config(), quiet=True)
    assert RunFolder.open(out).steps()[-1] == 7


def test_a_signal_while_a_run_finishes_stops_what_comes_after(
    corpus: Corpus, out: Path, make_config: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    # regression: the run had come to its end, so the signal was forgotten, and a demo went on to its next arm
    from partita.signals import Interrupted
    from partita.training.trainer import Trainer

    finish = Trainer.finish

    def interrupted_finish(self: Trainer) -> None:
        signal.raise_signal(signal.SIGINT)
        finish(self)

    monkeypatch.setattr(Trainer, "finish", interrupted_finish)
    with pytest.raises(Interrupted, match="the run is finished"):
        train(corpus, out, make_config(), quiet=True)
    assert RunFolder.open(out).finished


def test_a_run_that_another_process_trains_is_not_changed(
    corpus: Corpus, out: Path, make_config: Make
) -> None:
    # regression: what the other process was writing was cleared away before the lock was asked for
    run = train(corpus, out, make_config(), quiet=True, stop=lambda: True)
    part = run / "checkpoints" / ".step-000009.0123abcd.part"
    part.mkdir()
    metrics.append(run / "metrics.jsonl", {"kind": "train", "step": 5})
    before = (run / "metrics.jsonl").read_bytes()
    with lock_folder(run), pytest.raises(PartitaError, match="another partita is writing"):
        resume(run, corpus=corpus, quiet=True)
    assert part.is_dir()
    assert (run / "metrics.jsonl").read_bytes() == before
    assert RunFolder.open(resume(run, corpus=corpus, quiet=True)).finished
    assert not part.exists()
