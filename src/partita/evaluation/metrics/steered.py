"""Upper bound on KL(steered || p), where the data have a known distribution p.

Sequential Monte Carlo draws a steered clip as one of K particles. The probability of the clip alone is a sum
over all possible other particles and can't be computed. On the extended space of all particles, the density
of the path x of the chosen particle is q(x) exp(D(x)) / Z_K times the conditional density of the others,
where Z_K is the estimate of the normaliser from the same run. Therefore

    KL(steered || p) <= E[ log q(x) + D(x) - log Z_K - log p(x) ]

The bound is -E[log Z_K] if D is the exact log-ratio log p - log q, and it is exact for K = 1. An error of a
learned D increases it. This file works with any scorer.

Source: Andrieu, Doucet & Holenstein 2010, "Particle Markov chain Monte Carlo methods", section 4.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from partita.evaluation.metrics.divergence import ClipDivergences, Clips, divergences
from partita.models.wavenet import WaveNet
from partita.sampling.config import SamplingConfig
from partita.sampling.smc.sampler import SteeredStream, Steering
from partita.sampling.stream import history_of
from partita.training.losses.likelihood import NATS_PER_BIT


@dataclass(frozen=True)
class SteeredClips:
    """Steered clips with their terms of the bound.

    Args:
        clips: the clips with the past that they continue.
        bound: (clips,) in bits; the mean over clips is an upper bound on KL(steered || p).
        sums: divergences of p and the unsteered q along these clips.
    """

    clips: Clips
    bound: NDArray[np.float64]
    sums: ClipDivergences


def steered_kl_bound(
    p: WaveNet,
    q: WaveNet,
    steering: Steering,
    past: NDArray[np.integer],
    steps: int,
    config: SamplingConfig,
    *,
    zero_class: int,
) -> SteeredClips:
    """Draw steered clips and compute each clip's term of the bound.

    The bound contains Z_K, the estimate of the normaliser from the K particles. The lag is ignored: a block
    that becomes final early is not part of the estimate Z_K, so the bound would not hold.

    Args:
        p: the model of the data.
        q: the model to steer.
        steering: the scorer and its settings, except for the lag.
        past: (clips, n) classes that the clips continue; n is at least the receptive field of both models.
        steps: samples of each clip.
        config: temperature of q and seed of the draws; no top-k and no top-p.
        zero_class: class of silence, used before the past if the scorer needs a longer context.
    """
    stream = SteeredStream(
        q,
        _without_lag(steering),
        prompt=past,
        clips=len(past),
        steps=steps,
        config=config,
        zero_class=zero_class,
    )
    clips = Clips(past, stream.take(steps))
    (sums,) = divergences(p, q, clips, (config.temperature,))
    reward = _total_reward(steering, clips, q.config.classes, zero_class) - stream.log_evidence
    return SteeredClips(clips, reward / NATS_PER_BIT - sums.log_ratio, sums)


def _without_lag(steering: Steering) -> Steering:
    return replace(steering, config=replace(steering.config, lag=None))


def _total_reward(steering: Steering, clips: Clips, classes: int, zero_class: int) -> NDArray[np.float64]:
    """Return strength times D of each clip, scored again in the same blocks: (clips,) in nats."""
    count, length = len(clips.past), steering.scorer.context
    total = np.zeros(count)
    if steering.config.strength == 0.0:
        return total
    context = history_of(clips.past, clips=count, length=length, classes=classes, zero_class=zero_class)
    block = steering.config.block
    scorer = steering.scorer.start(context, block)
    for start in range(0, clips.sound.shape[1], block):
        total += scorer.score(clips.sound[:, start : start + block].astype(np.int64))
    return steering.config.strength * total
