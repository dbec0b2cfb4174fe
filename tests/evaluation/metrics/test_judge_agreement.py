"""Agreement of a judge with the exact log-ratio, and the rewards of a run's judge."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from partita.data.corpus import Corpus
from partita.evaluation.metrics.divergence import Clips, log_ratios
from partita.evaluation.metrics.judge_agreement import judge_agreement, judge_rewards
from partita.models.sizes import WaveNetConfig
from partita.runs.folder import RunFolder
from partita.runs.loading import load
from partita.runs.scorer import load_discriminator
from partita.runs.weights import load_weights
from partita.training.config.arms import with_arm
from partita.training.config.train import AdversaryConfig, CriticConfig, RolloutConfig, TrainConfig
from partita.training.judges.rewards import sample_rewards
from partita.training.train import train

SHAPE = WaveNetConfig(
    blocks=1, layers=3, residual_channels=4, dilation_channels=4, skip_channels=8, end_channels=8
)
ROLLOUT = RolloutConfig(clips=2, length=256, initial_length=256, prompt_tail=1024)


@pytest.fixture(scope="module")
def exact() -> np.ndarray:
    return np.random.default_rng(1).normal(size=(40, 1100))


def correlation(judged: np.ndarray, exact: np.ndarray) -> float:
    found = judge_agreement(judged, exact, seed=0)
    assert found is not None
    assert found.low <= found.value <= found.high
    return found.value


def test_scaled_rewards_have_correlation_1_and_negated_rewards_minus_1(exact: np.ndarray) -> None:
    assert correlation(3.0 * exact + 1.0, exact) == pytest.approx(1.0)
    assert correlation(-0.1 * exact, exact) == pytest.approx(-1.0)


def test_noise_lowers_the_correlation(exact: np.ndarray) -> None:
    noise = np.random.default_rng(2).normal(size=exact.shape)
    assert correlation(exact + noise, exact) == pytest.approx(0.5**0.5, abs=0.15)
    assert abs(correlation(noise, exact)) < 0.25


def test_the_order_of_rewards_within_a_block_does_not_matter(exact: np.ndarray) -> None:
    rolled = np.roll(exact[:, :1024].reshape(40, 4, 256), 17, axis=2).reshape(40, 1024)
    assert correlation(rolled, exact[:, :1024]) == pytest.approx(1.0)


def test_constant_rewards_have_no_correlation(exact: np.ndarray) -> None:
    assert judge_agreement(np.zeros_like(exact), exact, seed=0) is None


def test_clips_shorter_than_a_block_are_summed_as_a_whole(exact: np.ndarray) -> None:
    assert correlation(exact[:, 100::-1], exact[:, :101]) == pytest.approx(1.0)


def trained(corpus: Corpus, out: Path, arm: str, **changes: Any) -> RunFolder:
    sizes: dict[str, Any] = {"network": SHAPE, "steps": 2, "targets": 1024, "batch": 1, "preview_clips": 0}
    sizes |= {"condition": ("none",)}  # as in an arena, whose clips have no frames
    config = TrainConfig(**(sizes | {"device": "cpu", "tensorboard": False, "rollout": ROLLOUT} | changes))
    return RunFolder.open(train(corpus, out, with_arm(config, arm), quiet=True))


@pytest.fixture
def clips() -> Clips:
    rng = np.random.default_rng(0)
    return Clips(rng.integers(90, 170, size=(3, 1100)), rng.integers(90, 170, size=(3, 700)))


def test_a_likelihood_run_has_no_rewards(corpus: Corpus, tmp_path: Path, clips: Clips) -> None:
    run = trained(corpus, tmp_path / "run", "likelihood")
    assert judge_rewards(run, load(run.path), clips) is None


@pytest.mark.parametrize("loss", ["log", "least-squares"])
def test_a_discriminator_scores_parts_after_their_prompt_tail(
    corpus: Corpus, tmp_path: Path, clips: Clips, loss: str
) -> None:
    adversary = AdversaryConfig(discriminators=("patchgan", "multi-scale"), loss=loss)
    run = trained(corpus, tmp_path / "run", "policy", adversary=adversary)
    network = load_discriminator(run, run.newest_checkpoint()).eval().requires_grad_(False)
    sound = torch.from_numpy(load(run.path).quantizer.decode(np.concatenate([clips.past, clips.sound], 1)))
    found = judge_rewards(run, load(run.path), clips)
    assert found is not None and found.shape == clips.sound.shape
    for start in (0, 256):
        part = sound[:, 1100 + start - 1024 : 1100 + start + 256]
        expected = sample_rewards(network, part, least_squares=loss == "least-squares")[:, 1024:]
        np.testing.assert_allclose(found[:, start : start + 256], expected, rtol=1e-5)


def test_a_trained_critic_scores_with_its_newest_weights(
    corpus: Corpus, tmp_path: Path, clips: Clips
) -> None:
    large = trained(corpus, tmp_path / "large", "likelihood", seed=1)
    critic = CriticConfig(run=str(large.path), update_every=1, learning_rate=1e-2)
    route = replace(ROLLOUT, route="policy")
    run = trained(corpus, tmp_path / "run", "corrected", critic=critic, rollout=route)
    judge, student = load(large.path).wavenet, load(run.path)
    before = log_ratios(judge, student.wavenet, clips)
    load_weights(judge, run.newest_checkpoint() / "critic.safetensors")
    found = judge_rewards(run, student, clips)
    assert found is not None
    np.testing.assert_array_equal(found, log_ratios(judge, student.wavenet, clips))
    assert np.abs(found - before).max() > 1e-3


def test_samples_without_a_full_receptive_field_of_the_critic_are_left_out(
    corpus: Corpus, tmp_path: Path, clips: Clips
) -> None:
    large = trained(corpus, tmp_path / "large", "likelihood", network=replace(SHAPE, layers=7), seed=1)
    critic = CriticConfig(run=str(large.path))
    run = trained(corpus, tmp_path / "run", "critic", critic=critic, rollout=replace(ROLLOUT, route="policy"))
    short = Clips(clips.past[:, -100:], clips.sound)  # the critic sees 128 samples
    found = judge_rewards(run, load(run.path), short)
    whole = judge_rewards(run, load(run.path), clips)
    assert found is not None and whole is not None
    np.testing.assert_allclose(found, whole[:, 28:], atol=1e-5)
