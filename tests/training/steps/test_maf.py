"""A masked autoregressive flow as a run: it learns, resumes, is scored, draws, and starts another run."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from partita.cli.train import read
from partita.data.corpus import Corpus
from partita.errors import PartitaError
from partita.evaluation.code_length import code_length
from partita.models.flows.maf import MAF, MAFConfig
from partita.runs import metrics
from partita.runs.folder import RunFolder
from partita.runs.loading import load
from partita.training.config.model_kinds import flow_like
from partita.training.config.train import TrainConfig
from partita.training.start.like_model import like_model
from partita.training.steps.learner import StepInfo
from partita.training.steps.maf import MAFStep
from partita.training.train import resume, train

Make = Callable[..., TrainConfig]


def flow(make_config: Make, **changes: Any) -> TrainConfig:
    """Return settings of a small flow."""
    return flow_like(make_config(**changes))


def batch(train_step: MAFStep, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    random = torch.Generator().manual_seed(seed)
    shape = (train_step.config.batch, train_step.context + train_step.config.targets)
    valid = torch.ones(train_step.config.batch, train_step.config.targets, dtype=torch.bool)
    valid[0, -7:] = False
    return torch.randint(100, 156, shape, generator=random), valid


@pytest.fixture(scope="module")
def finished(corpus: Corpus, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that is finished, with a preview clip."""
    config = TrainConfig(
        size="tiny",
        condition=("none",),
        targets=256,
        steps=30,
        threads=1,
        device="cpu",
        validations=3,
        preview_seconds=0.02,
        tensorboard=False,
    )
    small = replace(config.network_shape, layers=4, skip_channels=16, end_channels=16)
    return train(
        corpus, tmp_path_factory.mktemp("flow") / "run", flow_like(replace(config, network=small)), quiet=True
    )


def test_every_weight_changes_and_the_update_is_reproducible(make_config: Make) -> None:
    config = flow(make_config)
    first, second = MAFStep(config), MAFStep(config)
    before = {name: value.detach().clone() for name, value in first.generator.named_parameters()}
    numbers = first.update(*batch(first), StepInfo(1, 2e-3, 0.0))
    assert second.update(*batch(second), StepInfo(1, 2e-3, 0.0))["bits"] == numbers["bits"]
    assert set(numbers) == {"bits", "gradient_norm"}
    for name, value in first.generator.named_parameters():
        assert not torch.equal(value, before[name]), name
    again = first.update(*batch(first), StepInfo(2, 2e-3, 0.0))["bits"]
    assert again != second.update(*batch(second, 1), StepInfo(2, 2e-3, 0.0))["bits"]


def test_a_loss_that_is_not_finite_stops_before_any_weight_changes(make_config: Make) -> None:
    train_step = MAFStep(flow(make_config))
    with torch.no_grad():
        train_step.generator.spline_flows[1].end2_bias[0] = float("nan")
    before = train_step.generator.spline_flows[0].dilated.detach().clone()
    with pytest.raises(FloatingPointError, match="the likelihood loss"):
        train_step.update(*batch(train_step), StepInfo(1, 2e-3, 0.0))
    assert torch.equal(train_step.generator.spline_flows[0].dilated, before)


def test_training_lowers_the_bits_and_writes_a_clip(finished: Path) -> None:
    records = metrics.read(finished / "metrics.jsonl")
    bits = [record["bits"] for record in records if record["kind"] == "train"]
    assert bits[-1] < bits[0] - 0.5
    assert [record["kind"] for record in records][-1] == "final"
    assert len(list((finished / "clips").glob("*.wav"))) == 1
    assert RunFolder.open(finished).config()["maf"] == {"flows": 3, "bins": 16, "window": 256}


def test_a_loaded_run_is_scored_and_draws(finished: Path, corpus: Corpus) -> None:
    loaded = load(finished)
    assert isinstance(loaded.model, MAF) and loaded.model.window == 256
    (final,) = (one for one in metrics.read(finished / "metrics.jsonl") if one["kind"] == "final")
    found = code_length(loaded, corpus, "validation", seconds=3.0)["bits_per_sample"]
    assert found["upper_bound"] and found["low"] <= found["value"] <= found["high"]
    assert found["value"] == pytest.approx(final["bits"], abs=0.5)
    prompt = np.sin(np.arange(300) / 5.0)
    clips = loaded.draw(seconds=0.1, clips=2, seed=1, prompt=prompt)
    assert clips.shape == (2, 400)
    assert np.array_equal(loaded.draw(seconds=0.05, clips=2, seed=1, prompt=prompt), clips[:, :200])
    assert not np.array_equal(loaded.draw(seconds=0.1, clips=2, seed=1), clips)


def test_a_run_that_was_stopped_ends_with_the_same_bytes(
    corpus: Corpus, tmp_path: Path, make_config: Make
) -> None:
    config = flow(make_config, steps=8, validations=2)
    train(corpus, tmp_path / "whole", config, quiet=True)
    left = iter([False] * 4 + [True])
    train(corpus, tmp_path / "parts", config, quiet=True, stop=lambda: next(left))
    resume(tmp_path / "parts", quiet=True)
    for name in ("generator", "average", "optimizer", "random"):
        ends = [
            RunFolder.open(tmp_path / run).newest_checkpoint() / f"{name}.safetensors"
            for run in ("whole", "parts")
        ]
        assert ends[0].read_bytes() == ends[1].read_bytes(), name


def test_a_run_starts_from_a_flow(finished: Path, corpus: Corpus, tmp_path: Path, make_config: Make) -> None:
    config = like_model(make_config(steps=1, network=None), finished)
    assert (config.model, config.maf) == ("maf", MAFConfig(window=256))
    run = train(corpus, tmp_path / "run", config, start_from=finished, quiet=True)
    begun = load(RunFolder.open(run).checkpoint_path(0)).model.state_dict()
    own = load(finished).model.state_dict()
    assert all(torch.equal(begun[name], own[name]) for name in own)
    other = replace(config, maf=MAFConfig(flows=2))
    with pytest.raises(PartitaError, match=r"has 3 flows of 16 bins, not 2 of 16: give `--maf\.flows 3`"):
        train(corpus, tmp_path / "other", other, start_from=finished, quiet=True)
    wavenet = make_config(network=replace(config.network_shape, head="categorical"))
    with pytest.raises(PartitaError, match="is a `maf`, not a `wavenet`: give `--model maf`"):
        train(corpus, tmp_path / "wavenet", wavenet, start_from=finished, quiet=True)


def test_the_command_line_needs_the_name_alone() -> None:
    settings = read(["corpus", "--model", "maf", "--out", "run", "--maf.flows", "2"]).settings
    assert settings.other_shape == MAFConfig(flows=2, window=8192)
    assert (settings.preview_clips, settings.preview_seconds) == (1, 0.5)
    assert read(["corpus", "--out", "run"]).settings.maf is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"maf": None}, "`model` is 'maf', but `maf` needs"),
        ({"model": "wavenet"}, "`model` is 'wavenet', but `maf` needs"),
        ({"match": "norm"}, "learns by likelihood alone"),
        ({"head": "logistic"}, "`head` is 'logistic', but a masked autoregressive flow has no head"),
        ({"input_noise": 1.0}, r"`input_noise` is 1\.0, which has no effect"),
        ({"period_taps": 5}, "`period_taps` is 5, which has no effect"),
        ({"compile": True}, "`compile` is True, which has no effect"),
    ],
)
def test_settings_that_do_not_fit_are_refused(changes: dict[str, Any], words: str) -> None:
    config = flow_like(TrainConfig())
    with pytest.raises(PartitaError, match=words):
        replace(config, **changes)
