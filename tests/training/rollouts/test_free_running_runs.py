"""Whole runs of free-running arms: they resume bitwise, check the critic and report a collapse."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from free_running import CRITICS
from safetensors.torch import load_file

from partita.data.corpus import Corpus
from partita.errors import PartitaError
from partita.models.discriminators.trunk import TrunkConfig, TrunkDiscriminator
from partita.runs.folder import RunFolder
from partita.runs.metrics import read
from partita.runs.scorer import load_discriminator
from partita.training.config.arms import with_arm
from partita.training.config.train import AdversaryConfig, RolloutConfig, TrainConfig
from partita.training.train import resume, train


def with_critic(base: TrainConfig, run: Path, arm: str = "critic") -> TrainConfig:
    config = with_arm(base, arm)
    assert config.critic is not None
    return replace(config, critic=replace(config.critic, run=str(run)))


@pytest.mark.parametrize("arm", ["pathwise", *CRITICS, "ddo"])
def test_a_resumed_run_equals_an_uninterrupted_one(
    corpus: Corpus, base: TrainConfig, tmp_path: Path, arm: str
) -> None:
    teacher = train(corpus, tmp_path / "critic", replace(base, adversary=None, steps=5), quiet=True)
    config = with_critic(base, teacher, arm) if arm in CRITICS else with_arm(base, arm)
    whole = train(corpus, tmp_path / "whole", config, quiet=True)
    asked = iter([False] * (0 if arm != "phased" else (config.steps or 0) // 2) + [True])
    begun = train(corpus, tmp_path / "begun", config, quiet=True, stop=lambda: next(asked))
    assert RunFolder.open(begun).steps()[-1] < RunFolder.open(whole).steps()[-1]
    resume(begun, corpus=corpus, quiet=True)
    ends = [RunFolder.open(run).newest_checkpoint() for run in (whole, begun)]
    for path in ends[0].glob("*.safetensors"):
        assert path.read_bytes() == (ends[1] / path.name).read_bytes(), path.name
    records = [record for record in read(whole / "metrics.jsonl") if record["kind"] == "train"]
    assert {"entropy_real", "entropy_drawn", "gradient_share", "clip_length"} <= records[0].keys()


def test_a_critic_that_has_changed_is_refused(corpus: Corpus, base: TrainConfig, tmp_path: Path) -> None:
    plain = replace(base, adversary=None, rollout=RolloutConfig())
    teacher = train(corpus, tmp_path / "critic", replace(plain, steps=5), quiet=True)
    config = with_critic(base, teacher)
    run = train(corpus, tmp_path / "run", config, quiet=True, stop=lambda: True)
    teacher.rename(tmp_path / "away")
    train(corpus, teacher, replace(plain, steps=6), quiet=True)
    with pytest.raises(PartitaError, match="has changed since this run was saved"):
        resume(run, corpus=corpus, quiet=True)


def test_a_critic_must_be_given_and_have_the_same_classes(
    corpus: Corpus, base: TrainConfig, tmp_path: Path
) -> None:
    with pytest.raises(PartitaError, match=r"`critic\.run` is not given"):
        train(corpus, tmp_path / "run", with_arm(base, "critic"), quiet=True)
    shape = replace(base.network_shape, classes=64)
    quantizer = replace(base.quantizer, classes=64)
    other = replace(base, adversary=None, network=shape, quantizer=quantizer, steps=2)
    teacher = train(corpus, tmp_path / "critic", other, quiet=True)
    config = with_critic(base, teacher)
    with pytest.raises(PartitaError, match="has 64 mu-law classes, the run 256 mu-law"):
        train(corpus, tmp_path / "run", config, quiet=True)


def test_a_collapse_is_reported_once(
    corpus: Corpus, base: TrainConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "partita.training.monitoring.diagnostics.COLLAPSE", 2.0
    )  # a normal entropy counts as a collapse
    run = train(corpus, tmp_path / "run", with_arm(replace(base, log_every=5), "policy"), quiet=True)
    records = [record for record in read(run / "metrics.jsonl") if record["kind"] == "trouble"]
    assert [record["step"] for record in records] == [5]
    assert "the clips are collapsing" in records[0]["words"]


def test_the_trunk_of_a_run_is_loaded_again(corpus: Corpus, base: TrainConfig, tmp_path: Path) -> None:
    judge = AdversaryConfig(discriminators=("trunk",), trunk=TrunkConfig(layers=2))
    config = with_arm(replace(base, adversary=judge, rollout=RolloutConfig()), "report")
    run = RunFolder.open(train(corpus, tmp_path / "run", config, quiet=True))
    found = load_discriminator(run, run.newest_checkpoint())
    saved = load_file(run.newest_checkpoint() / "adversary.safetensors")
    assert isinstance(found, TrunkDiscriminator)
    assert all(torch.equal(value, saved[name]) for name, value in found.state_dict().items())
