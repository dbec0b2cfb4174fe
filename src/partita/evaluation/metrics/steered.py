"""How far steered sound is from the data, where that is a known distribution p: KL(steered || p), bounded.

A steered clip is one of K particles that were drawn, weighted and copied, so its own probability is a sum
over all that the others could have been, and is not computable. With all that was drawn as one big sample the
ratio is: the particle's path x has, by the law of sequential Monte Carlo, the density q(x) exp(D(x)) / Z_K,
times what the other particles are given x, where Z_K is the run's own estimate of the normaliser. So

    KL(steered || p) <= E[ log q(x) + D(x) - log Z_K - log p(x) ]

which is -E[log Z_K] when D is the exact log-ratio log p - log q, and is exact for K = 1. A learned D costs
what it is wrong by. This file does not know who judges.

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
    """Steered clips and how far they are from the data.

    Args:
        clips: with the past that they continue.
        bound: (clips,) in bits: its mean over clips is at least KL(steered || p).
        sums: the unsteered model's divergences along these clips.
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
    """Draw steered clips, with the bound's term of each.

    No block is drawn before the end, whatever the steering's lag says: that would add a choice that Z_K does
    not know.

    Args:
        p: the model that is the data.
        q: the model that is steered.
        steering: the judge; of its settings all but the lag.
        past: (clips, n) classes that the clips continue, at least as many as either model sees.
        steps: samples of each clip.
        config: the temperature of q and the draws' seed; without top-k and top-p.
        zero_class: of silence, where a judge hears more than the past.
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
    judged = _judgement(steering, clips, q.config.classes, zero_class) - stream.log_evidence
    return SteeredClips(clips, judged / NATS_PER_BIT - sums.log_ratio, sums)


def _without_lag(steering: Steering) -> Steering:
    return replace(steering, config=replace(steering.config, lag=None))


def _judgement(steering: Steering, clips: Clips, classes: int, zero_class: int) -> NDArray[np.float64]:
    """Return strength times D of each clip, heard again in the same blocks, (clips,) in nats."""
    count, length = len(clips.past), steering.scorer.context
    total = np.zeros(count)
    if steering.config.strength == 0.0:
        return total
    heard = history_of(clips.past, clips=count, length=length, classes=classes, zero_class=zero_class)
    block = steering.config.block
    listener = steering.scorer.start(heard, block)
    for start in range(0, clips.sound.shape[1], block):
        total += listener.score(clips.sound[:, start : start + block].astype(np.int64))
    return steering.config.strength * total
