"""Agreement of a learned judge with the exact log-ratio, where both models are known.

`judge_rewards` computes the reward that the judge of a run gives to each sample of some clips.
`judge_agreement` correlates these rewards with log p - log q, the logit of the best possible discriminator.
This file draws no clips.
"""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from partita.evaluation.metrics.divergence import Clips, log_ratios
from partita.evaluation.statistics.scores import RESAMPLES, Score, percentile_interval
from partita.models.discriminators.base import Discriminator
from partita.models.wavenet import WaveNet
from partita.runs.folder import RunFolder
from partita.runs.loading import LoadedModel, load
from partita.runs.scorer import load_discriminator
from partita.runs.weights import load_weights
from partita.seeds import numpy_stream
from partita.training.judges.rewards import sample_rewards

BLOCK = 256  # samples; the rewards of a block are summed before they are correlated

Floats = NDArray[np.float64]


def judge_agreement(judged: Floats, exact: Floats, *, seed: int) -> Score | None:
    """Return the correlation of a judge's rewards with the exact log-ratio, with a 95% interval.

    Both are summed over blocks of 256 samples: the value of a single sample is mostly its own surprise. A
    judge whose rewards carry no information has correlation 0. The interval is a bootstrap over clips.

    Args:
        judged: (clips, samples) the judge's reward of each sample.
        exact: (clips, samples) the exact log-ratio log p - log q of each sample.
        seed: of the bootstrap.

    Returns:
        The Pearson correlation, or None if either side is the same for all blocks.

    >>> exact = np.random.default_rng(0).normal(size=(4, 600))
    >>> judge_agreement(-2.0 * exact, exact, seed=0).value
    -1.0
    """
    judged_sums, exact_sums = _block_sums(judged), _block_sums(exact)
    if np.ptp(judged_sums) == 0.0 or np.ptp(exact_sums) == 0.0:
        return None
    picks = numpy_stream(seed, "evaluation/bootstrap").integers(
        len(judged_sums), size=(RESAMPLES, len(judged_sums))
    )
    replicates = np.array([_correlation(judged_sums[rows], exact_sums[rows]) for rows in picks])
    return percentile_interval(_correlation(judged_sums, exact_sums), replicates)


def judge_rewards(run: RunFolder, loaded: LoadedModel, clips: Clips) -> Floats | None:
    """Return the reward that the judge of a run gives to each sample of some clips.

    The reward of a critic is the log-ratio log p_critic - log p_model of the sample. If the critic's
    receptive field is longer than the past, the first samples are left out. A discriminator scores the clips
    in parts of the length that it was trained on, each part preceded by the end of the sound before it.

    Args:
        run: a finished run, trained with a discriminator, with a critic or with neither.
        loaded: the model of that run.
        clips: the clips to score, drawn by that model or by another.

    Returns:
        (clips, samples) rewards in nats, or None if the run has no judge.
    """
    training = run.config()["training"]
    if "critic" in training and "adversary" not in training:  # with both, the discriminator judged last
        critic = _load_critic(run)
        return log_ratios(critic, loaded.wavenet, _extend_past(clips, critic.receptive_field))
    if "adversary" not in training:
        return None
    discriminator = load_discriminator(run, run.newest_checkpoint()).eval().requires_grad_(False)
    rollout = training["rollout"]
    free_running = rollout["route"] != "teacher_forced"
    length = rollout["length"] if free_running else training["targets"]
    return _score_parts(
        discriminator,
        loaded.quantizer.decode(np.concatenate([clips.past, clips.sound], 1)),
        begin=clips.past.shape[1],
        length=length,
        prompt_tail=rollout["prompt_tail"] if free_running else 0,
        least_squares=training["adversary"]["loss"] == "least-squares",
    )


def _extend_past(clips: Clips, receptive_field: int) -> Clips:
    """Move the first samples of the clips into the past, until it is as long as the receptive field."""
    begin = max(0, receptive_field - clips.past.shape[1])
    past = np.concatenate([clips.past, clips.sound[:, :begin]], 1)
    return Clips(past, clips.sound[:, begin:], clips.conditions)


def _load_critic(run: RunFolder) -> WaveNet:
    """Load the critic of a run with the weights of the newest checkpoint, if it was trained further."""
    critic = load(run.config()["training"]["critic"]["run"]).wavenet
    learnt = run.newest_checkpoint() / "critic.safetensors"
    if learnt.exists():
        load_weights(critic, learnt)
    return critic


def _score_parts(
    discriminator: Discriminator,
    waveforms: NDArray[Any],
    *,
    begin: int,
    length: int,
    prompt_tail: int,
    least_squares: bool,
) -> Floats:
    """Return the rewards of all samples from `begin` on, computed in parts of `length` samples."""
    waveform, rewards = torch.from_numpy(np.ascontiguousarray(waveforms, np.float32)), []
    for start in range(begin, waveform.shape[1], length):
        end = min(start + length, waveform.shape[1])
        # a short last part gets more context, so that it is long enough for the discriminator
        first = max(0, min(start - prompt_tail, end - discriminator.min_samples))
        with torch.inference_mode():
            part = sample_rewards(discriminator, waveform[:, first:end], least_squares=least_squares)
        rewards.append(part[:, start - first :])
    return torch.cat(rewards, 1).double().numpy()


def _block_sums(rewards: Floats) -> Floats:
    """Return the sums over whole blocks; clips shorter than a block are summed as a whole."""
    block = min(BLOCK, rewards.shape[1])
    whole = rewards.shape[1] // block
    sums: Floats = rewards[:, : whole * block].reshape(len(rewards), whole, block).sum(2)
    return sums


def _correlation(a: Floats, b: Floats) -> float:
    """Return the Pearson correlation of two arrays, or 0 if one of them is constant."""
    a, b = a - a.mean(), b - b.mean()
    scale = np.sqrt((a**2).sum() * (b**2).sum())
    return float((a * b).sum() / scale) if scale > 0.0 else 0.0
