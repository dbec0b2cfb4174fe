"""The facts about a finished training: updates, and how often and how well its judge was active."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from partita.data.corpus import Corpus
from partita.experiments.training_facts import training_facts
from partita.models.sizes import WaveNetConfig
from partita.runs.folder import RunFolder
from partita.runs.metrics import read
from partita.training.config.arms import with_arm
from partita.training.config.train import AdversaryConfig, CriticConfig, RolloutConfig, TrainConfig
from partita.training.train import train

SHAPE = WaveNetConfig(
    blocks=1, layers=3, residual_channels=4, dilation_channels=4, skip_channels=8, end_channels=8
)


def plain(**changes: Any) -> TrainConfig:
    """Return a config with five updates and a record for every second one."""
    return TrainConfig(
        network=SHAPE,
        steps=5,
        log_every=2,
        targets=512,
        batch=1,
        preview_clips=0,
        device="cpu",
        tensorboard=False,
        rollout=RolloutConfig(clips=2, length=256, initial_length=256, prompt_tail=256),
        **changes,
    )


def facts(corpus: Corpus, out: Path, arm: str, **changes: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Train an arm and return its facts and its records."""
    adversary = AdversaryConfig(**({"warmup": 4} | changes)) if arm != "likelihood" else None
    run = RunFolder.open(train(corpus, out, with_arm(plain(adversary=adversary), arm), quiet=True))
    return training_facts(run), [record for record in read(run.metrics_path) if record["kind"] == "train"]


@pytest.mark.parametrize("arm", ["policy", "report"])
def test_the_share_of_updates_with_an_active_judge_is_exact(corpus: Corpus, tmp_path: Path, arm: str) -> None:
    # regression: a record counted all its updates as active if the last one was
    found, records = facts(corpus, tmp_path / "run", arm)
    assert [record["step"] for record in records] == [2, 4, 5]
    assert [record["judge_heard"] for record in records] == [0.0, 0.5, 1.0]
    assert found["heard"] == pytest.approx(2 / 5)
    right = [(record["discriminator_real"] + 1 - record["discriminator_fake"]) / 2 for record in records]
    assert found["told_right"] == pytest.approx((2 * right[0] + 2 * right[1] + right[2]) / 5, abs=1e-3)


def test_a_judge_of_weight_0_is_not_active(corpus: Corpus, tmp_path: Path) -> None:
    ramp, _ = facts(corpus, tmp_path / "ramp", "policy", warmup=0, ramp=1.0)
    assert ramp["heard"] == pytest.approx(4 / 5)  # the weight rises from 0
    twin, _ = facts(corpus, tmp_path / "twin", "policy-0")
    assert twin["heard"] == 0.0


def test_a_critic_has_no_accuracy_on_patches(corpus: Corpus, tmp_path: Path) -> None:
    # regression: it depended on the update at which a run of `corrected` ended
    large = train(corpus, tmp_path / "large", plain(), quiet=True)
    rollout = replace(plain().rollout, route="policy")
    critic = CriticConfig(run=str(large), update_every=4, learning_rate=1e-3)
    config = replace(plain(), rollout=rollout, critic=critic)
    run = RunFolder.open(train(corpus, tmp_path / "run", with_arm(config, "corrected"), quiet=True))
    assert training_facts(run)["heard"] == 1.0
    assert "told_right" not in training_facts(run)


def test_a_run_without_a_judge_has_neither_share(corpus: Corpus, tmp_path: Path) -> None:
    found, _ = facts(corpus, tmp_path / "run", "likelihood")
    assert not {"heard", "told_right"} & found.keys()
