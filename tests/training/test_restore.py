"""Resuming from a damaged checkpoint raises one line, whatever the damage is."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from partita.data.corpus import Corpus
from partita.errors import PartitaError
from partita.runs.config import write_toml
from partita.runs.folder import RunFolder
from partita.training.config.arms import with_arm
from partita.training.config.train import AdversaryConfig, TrainConfig
from partita.training.state import TrainerState
from partita.training.train import resume, train

Make = Callable[..., TrainConfig]


@pytest.fixture
def stopped(corpus: Corpus, out: Path, make_config: Make, adversary: AdversaryConfig) -> RunFolder:
    """A run with an adversary, stopped after two steps, as a version without digests would have left it."""
    asked = iter([False, True])
    config = with_arm(make_config(steps=3, adversary=adversary), "report")
    run = RunFolder.open(train(corpus, out, config, quiet=True, stop=lambda: next(asked)))
    write_toml(run.path / "config.toml", run.config())
    change_state(run, files=None, digest=None)
    return run


def change_state(run: RunFolder, **changes: Any) -> None:
    path = run.newest_checkpoint() / "state.json"
    state = json.loads(path.read_text()) | changes
    path.write_text(json.dumps({name: value for name, value in state.items() if value is not None}))


def test_a_run_of_an_older_version_can_be_resumed(stopped: RunFolder, corpus: Corpus) -> None:
    assert RunFolder.open(resume(stopped.path, corpus=corpus, quiet=True)).finished


def test_tensors_that_an_older_version_lacks_keep_their_first_value(
    stopped: RunFolder, corpus: Corpus
) -> None:
    path = stopped.newest_checkpoint() / "adversary-progress.safetensors"
    tensors = load_file(path)
    del tensors["penalty"]
    save_file(tensors, path)
    assert RunFolder.open(resume(stopped.path, corpus=corpus, quiet=True)).finished


@pytest.mark.parametrize(
    ("file", "name", "change", "words"),
    [
        ("generator", "end2", lambda value: value[:-1], "`end2` has shape"),
        ("generator", "end2", lambda value: value.double(), "`end2` has type"),
        ("generator", "end2", None, "`end2` is missing in "),
        (
            "average",
            "end2",
            lambda value: value * torch.inf,
            "`end2` in .*average.* contains NaN or infinity",
        ),
        ("adversary", "last", lambda value: value[:1], "`last` has shape"),
        ("adversary-progress", "seen", lambda value: value.float(), "`seen` has type"),
        ("random", "rollout", lambda value: value[:-1], "`rollout` has shape"),
        ("random", "rollout", torch.zeros_like, "is damaged .*mt19937"),
        ("optimizer", "0.momentum", lambda value: value[:1], "`0.momentum` has shape"),
        ("optimizer", "0.momentum", lambda value: value * torch.nan, "`0.momentum` has values"),
        ("optimizer", "0.momentum", lambda value: value.half(), "type torch.float16"),
        ("optimizer", "4.step", lambda value: value * 0, "`4.step` has values"),
        ("optimizer", "4.step", None, "weight 4 has mean, square"),
        ("adversary-optimizer", "0.exp_avg", None, "weight 0 has exp_avg_sq, step"),
    ],
)
def test_tensors_that_do_not_fit_are_refused(
    stopped: RunFolder, corpus: Corpus, file: str, name: str, change: Any, words: str
) -> None:
    path = stopped.newest_checkpoint() / f"{file}.safetensors"
    tensors = load_file(path)
    value = tensors.pop(name)
    save_file(tensors if change is None else tensors | {name: change(value).contiguous()}, path)
    with pytest.raises(PartitaError, match=words):
        resume(stopped.path, corpus=corpus, quiet=True)


@pytest.mark.parametrize("file", ["generator", "average", "optimizer", "random", "adversary"])
def test_a_missing_file_is_reported(stopped: RunFolder, corpus: Corpus, file: str) -> None:
    # regression: a KeyError
    (stopped.newest_checkpoint() / f"{file}.safetensors").unlink()
    with pytest.raises(PartitaError, match=rf"{file}\.safetensors is missing: copy it again, or remove"):
        resume(stopped.path, corpus=corpus, quiet=True)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"position": None}, "`position` is missing"),
        ({"position": []}, "`position` in .* must be a table"),
        ({"windows": {}}, "`windows.of` is missing"),
        ({"windows": 3}, "`windows` in .* must be a table"),
        ({"step": 1}, "is of step 2, another than its folder"),
        ({"finished": 1}, "`finished` in .* must be true or false"),
        ({"chosen": "x"}, "`chosen` in .* must be an integer"),
    ],
)
def test_an_invalid_state_is_refused(
    stopped: RunFolder, corpus: Corpus, changes: dict[str, Any], words: str
) -> None:
    change_state(stopped, **changes)
    with pytest.raises(PartitaError, match=words):
        resume(stopped.path, corpus=corpus, quiet=True)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("step", -1),
        ("step", 2.0),
        ("step", True),
        ("seconds", float("nan")),
        ("every", "1"),
        ("best_bits", "x"),
        ("stale", None),
        ("trouble", 1),
        ("pace", None),
        ("pace.per_step", 2.0),
        ("pace.per_step", 5e-324),
        ("pace.anchor_progress", 1.5),
        ("meter.sums", []),
        ("meter.sums", {"bits": "x"}),
        ("meter.counts", {"bits": 0}),
        ("meter.steps", -1),
    ],
)
def test_each_value_of_the_trainer_state_is_checked(path: str, value: object) -> None:
    state = TrainerState(step=3).as_json()
    assert TrainerState.from_json(state) == TrainerState(step=3)
    *inside, name = path.split(".")
    table = state[inside[0]] if inside else state
    table[name] = value
    with pytest.raises(PartitaError, match=rf"`position\.{path}"):
        TrainerState.from_json(state)


def test_another_network_is_refused_before_it_is_created(stopped: RunFolder, corpus: Corpus) -> None:
    table = stopped.config()
    for shape in (table["network"], table["training"]["network"]):
        shape["skip_channels"] = 16384
    write_toml(stopped.path / "config.toml", table)
    with pytest.raises(PartitaError, match="config and weights are from different runs"):
        resume(stopped.path, corpus=corpus, quiet=True)
    table["network"]["skip_channels"] = 16
    write_toml(stopped.path / "config.toml", table)
    with pytest.raises(PartitaError, match="asks for another network"):
        resume(stopped.path, corpus=corpus, quiet=True)


def test_a_refused_checkpoint_leaves_the_metrics_as_they_were(stopped: RunFolder, corpus: Corpus) -> None:
    # regression: they were cut to what the checkpoint's state said, before its tensors were found damaged
    stopped.log({"kind": "train", "step": 10**6})
    before = stopped.metrics_path.read_bytes()
    path = stopped.newest_checkpoint() / "generator.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"\xff")
    with pytest.raises(PartitaError, match=r"generator\.safetensors"):
        resume(stopped.path, corpus=corpus, quiet=True)
    assert stopped.metrics_path.read_bytes() == before


def test_lost_records_are_reported_and_do_not_stop_a_run(
    stopped: RunFolder, corpus: Corpus, capsys: pytest.CaptureFixture[str]
) -> None:
    stopped.metrics_path.unlink()
    change_state(stopped, records=2)
    assert RunFolder.open(resume(stopped.path, corpus=corpus)).finished
    assert "has lost 2 records" in capsys.readouterr().err
