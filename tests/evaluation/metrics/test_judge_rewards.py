"""What a run's judge rewards: the same that training rewarded, however long the clips are."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from partita.data.corpus import Corpus
from partita.evaluation.metrics.divergence import Clips, log_ratios
from partita.evaluation.metrics.judge_rewards import judgements
from partita.models.sizes import WaveNetConfig
from partita.runs.folder import RunFolder
from partita.runs.loading import load, load_weights
from partita.runs.scorer import load_discriminator
from partita.training.config.arms import with_arm
from partita.training.config.train import AdversaryConfig, CriticConfig, RolloutConfig, TrainConfig
from partita.training.judges.rewards import sample_rewards
from partita.training.train import train

SHAPE = WaveNetConfig(
    blocks=1, layers=3, residual_channels=4, dilation_channels=4, skip_channels=8, end_channels=8
)
ROLLOUT = RolloutConfig(clips=2, length=256, initial_length=256, prompt_tail=1024)


def trained(corpus: Corpus, out: Path, arm: str, **changes: Any) -> RunFolder:
    sizes: dict[str, Any] = {"network": SHAPE, "steps": 2, "targets": 1024, "batch": 1, "preview_clips": 0}
    config = TrainConfig(**(sizes | {"device": "cpu", "tensorboard": False, "rollout": ROLLOUT} | changes))
    return RunFolder.open(train(corpus, out, with_arm(config, arm), quiet=True))


@pytest.fixture
def clips() -> Clips:
    random = np.random.default_rng(0)
    return Clips(random.integers(90, 170, size=(3, 1100)), random.integers(90, 170, size=(3, 700)))


def test_nobody_judges_likelihood(corpus: Corpus, tmp_path: Path, clips: Clips) -> None:
    run = trained(corpus, tmp_path / "run", "likelihood")
    assert judgements(run, load(run.path), clips) is None


@pytest.mark.parametrize("loss", ["log", "least-squares"])
def test_a_discriminator_is_heard_part_by_part_after_its_seam(
    corpus: Corpus, tmp_path: Path, clips: Clips, loss: str
) -> None:
    adversary = AdversaryConfig(discriminators=("patchgan", "multi-scale"), loss=loss)
    run = trained(corpus, tmp_path / "run", "policy", adversary=adversary)
    network = load_discriminator(run, run.newest()).eval().requires_grad_(False)
    sound = torch.from_numpy(load(run.path).quantizer.decode(np.concatenate([clips.past, clips.sound], 1)))
    found = judgements(run, load(run.path), clips)
    assert found is not None and found.shape == clips.sound.shape
    for start in (0, 256):
        heard = sound[:, 1100 + start - 1024 : 1100 + start + 256]
        expected = sample_rewards(network, heard, least_squares=loss == "least-squares")[:, 1024:]
        np.testing.assert_allclose(found[:, start : start + 256], expected, rtol=1e-5)


def test_a_critic_that_has_learnt_judges_as_it_is_now(corpus: Corpus, tmp_path: Path, clips: Clips) -> None:
    large = trained(corpus, tmp_path / "large", "likelihood", seed=1)
    critic = CriticConfig(run=str(large.path), update_every=1, learning_rate=1e-2)
    route = replace(ROLLOUT, route="policy")
    run = trained(corpus, tmp_path / "run", "corrected", critic=critic, rollout=route)
    judge, student = load(large.path).model, load(run.path)
    before = log_ratios(judge, student.model, clips)
    load_weights(judge, run.newest() / "critic.safetensors")
    found = judgements(run, student, clips)
    assert found is not None
    np.testing.assert_array_equal(found, log_ratios(judge, student.model, clips))
    assert np.abs(found - before).max() > 1e-3


def test_a_critic_that_looks_further_back_judges_from_where_it_hears(
    corpus: Corpus, tmp_path: Path, clips: Clips
) -> None:
    large = trained(corpus, tmp_path / "large", "likelihood", network=replace(SHAPE, layers=7), seed=1)
    critic = CriticConfig(run=str(large.path))
    run = trained(corpus, tmp_path / "run", "critic", critic=critic, rollout=replace(ROLLOUT, route="policy"))
    short = Clips(clips.past[:, -100:], clips.sound)  # the critic sees 128 samples
    found = judgements(run, load(run.path), short)
    whole = judgements(run, load(run.path), clips)
    assert found is not None and whole is not None
    np.testing.assert_allclose(found, whole[:, 28:], atol=1e-5)
