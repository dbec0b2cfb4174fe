"""Steering by sequential Monte Carlo: draw from p*(x), proportional to p(x) exp(strength * D(x)).

p is the model and D(x) is the sum of the logits that a scorer gives to the blocks of a clip. K continuations
of each clip, its particles, are drawn together and weighted after each block. When few of them have most of
the weight, particles with large weights replace particles with small ones. At the end one particle is drawn
by weight. This file does not know how a scorer works, or waveforms.

Sources: Deng et al. 2020, "Residual energy-based models for text generation" (the target); Del Moral, Doucet
& Jasra 2006, "Sequential Monte Carlo samplers"; Andrieu, Doucet & Holenstein 2010, "Particle Markov chain
Monte Carlo methods" (the unbiased estimate of Z, and drawing one particle).
"""

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from partita.errors import PartitaError
from partita.models.wavenet import WaveNet
from partita.sampling.backend import check_memory, engine_for
from partita.sampling.config import SamplingConfig, SteeringConfig
from partita.sampling.frame_sources import FrameSource
from partita.sampling.smc import resampling
from partita.sampling.stream import Classes, history_of
from partita.sampling.uniforms import uniforms

PARTICLE = 32
"""Particle k of clip c has the clip number c + (k << 32), so particle 0 draws the same as the plain clip."""

RESAMPLE, COMMIT, THIN = 1 << 63, 1 << 62, 3 << 62
"""Added to the clip number for uniforms that do not draw samples; their time is the block's number."""


class ScorerState(Protocol):
    """The state of a scorer for some particles: what it knows of their past."""

    def score(self, new: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the sum of the logits of the new samples, (particles,), in nats.

        Args:
            new: (particles, n) classes with n >= 1, which follow those of the last call.
        """

    def copy(self, targets: NDArray[np.int64], sources: NDArray[np.int64]) -> None:
        """Replace the past of the particles `targets` with that of `sources`; no target is a source."""


class Scorer(Protocol):
    """Gives samples a logit: how much likelier they are to come from the data than from the model."""

    @property
    def context(self) -> int:
        """Samples of the past that the scorer needs before the first block."""

    def start(self, past: NDArray[np.int64], block: int) -> ScorerState:
        """Return the state before the first block.

        Args:
            past: (particles, context) classes.
            block: samples per block; only the last block may be shorter.

        Raises:
            PartitaError: the scorer does not support blocks of this size.
        """


@dataclass(frozen=True, kw_only=True)
class Steering:
    """A scorer and the settings to steer with it.

    Args:
        scorer: gives the logits; see `scorers.py`.
        config: particles, block, strength.
    """

    scorer: Scorer
    config: SteeringConfig = field(default_factory=SteeringConfig)


class SteeredStream:
    """Steered clips that are drawn together; it has the interface of a `Stream`.

    `take` returns a sample when all particles of its clip agree on it, so it does not matter which of them is
    drawn in the end. When more than `lag` blocks wait for this, one particle is drawn by weight, its oldest
    waiting block is final, and particles with a different block are dropped. This bounds memory and delay;
    that block is drawn from p* given only the `lag` blocks after it.

    Args:
        model: the model; its weights are copied here.
        steering: the scorer, and how to steer.
        prompt: (clips, n) classes that the clips continue, or (n,) for all clips; None is silence.
        clips: the number of clips.
        steps: samples per clip, after which one particle is drawn by weight; None is no end.
        config: how the model draws.
        zero_class: the class of silence, which precedes the prompt.
        conditions: the frames that the clips follow, which the particles of a clip share: one row for all
            clips, or one for each. Needed if the model has a condition, otherwise ignored.

    Raises:
        PartitaError: the prompt, the frames or the settings do not fit the model or the scorer.

    >>> import torch
    >>> from partita.models.sizes import SIZES
    >>> from partita.sampling.smc.scorers import RatioScorer
    >>> model, better = (WaveNet(SIZES["tiny"], generator=torch.Generator().manual_seed(n)) for n in (0, 1))
    >>> steering = Steering(scorer=RatioScorer(better, model), config=SteeringConfig(particles=4, block=8))
    >>> steered = SteeredStream(model, steering, clips=2, steps=20, zero_class=128)
    >>> steered.take(15).shape, steered.take(5).shape, steered.log_evidence.shape
    ((2, 15), (2, 5), (2,))
    """

    def __init__(
        self,
        model: WaveNet,
        steering: Steering,
        *,
        prompt: Classes | None = None,
        clips: int = 1,
        steps: int | None = None,
        config: SamplingConfig | None = None,
        zero_class: int,
        conditions: FrameSource | None = None,
    ) -> None:
        if clips < 1:
            raise PartitaError(f"`clips` is {clips}: give at least 1")
        if steps is not None and steps < 0:
            raise PartitaError(f"`steps` is {steps}: give at least 0")
        self.config = config or SamplingConfig()
        self.steering = steering.config
        self.clips = clips
        self.steps = steps
        self.position = 0
        self._particles = self.steering.particles if self.steering.strength > 0.0 else 1
        check_memory(model, clips * self._particles)
        count = model.config.classes
        length = max(model.receptive_field, steering.scorer.context)
        history = history_of(prompt, clips=clips, length=length, classes=count, zero_class=zero_class)
        history = np.repeat(history, self._particles, 0)
        numbers = np.arange(clips)[:, None] + (np.arange(self._particles) << PARTICLE)
        self._engine = engine_for(
            model,
            history[:, length - model.receptive_field :],
            self.config,
            numbers=numbers.ravel(),
            conditions=conditions,
        )
        past = history[:, length - steering.scorer.context :]
        self._scorer_state = steering.scorer.start(past, self.steering.block)
        self._paths = np.empty((len(history), 0), np.uint8 if count <= 256 else np.uint16)
        self._agreed = np.zeros(clips, np.int64)
        self._blocks = 0
        self._log_weights = np.zeros((clips, self._particles))
        self._log_evidence = np.zeros(clips)

    @property
    def log_evidence(self) -> NDArray[np.float64]:
        """The estimate log Z_K of each clip, (clips,), in nats, for the samples drawn so far.

        Z_K is an unbiased estimate of Z, the sum over all x of p(x) exp(strength * D(x)). The mean of
        -log Z_K is at least KL(steered || p*) - log Z. Each block that becomes final because of `lag` starts
        a new estimate, for the samples after it; Z_K is then the product of the estimates.
        """
        return self._log_evidence + resampling.log_mean_weight(self._log_weights)

    @property
    def waiting(self) -> int:
        """Samples per particle that are stored because `take` has not returned them yet."""
        return int(self._paths.shape[1])

    def take(self, steps: int) -> Classes:
        """Draw the next samples of every clip.

        Args:
            steps: samples per clip.

        Returns:
            (clips, steps), uint8 (uint16 for more than 256 classes).

        Raises:
            PartitaError: fewer samples are left, or the scorer returned a logit that is not finite.
        """
        if self.steps is not None and self.position + steps > self.steps:
            raise PartitaError(
                f"`steps` is {steps}, but {self.steps - self.position} are left: take at most that many"
            )
        taken, done = np.empty((self.clips, steps), self._paths.dtype), 0
        while True:
            self._find_agreement()
            ready = min(steps - done, int(self._agreed.min()))
            if ready:
                taken[:, done : done + ready] = self._paths[:: self._particles, :ready]
                # a new array, so that returned samples are not copied with the particles
                self._paths = self._paths[:, ready:].copy()
                self._agreed -= ready
                self.position += ready
                done += ready
            if done == steps:
                return taken
            self._advance()

    def _advance(self) -> None:
        """Draw and score a block, then resample and enforce the lag, or finish after the last block."""
        block, lag = self.steering.block, self.steering.lag
        drawn = self.position + self.waiting
        new = self._engine.take(block if self.steps is None else min(block, self.steps - drawn))
        self._paths = np.concatenate([self._paths, new.astype(self._paths.dtype)], 1)
        self._score(new.astype(np.int64))
        if drawn + new.shape[1] == self.steps:
            self._finish()
        else:
            size = resampling.effective_sample_size(resampling.normalized_weights(self._log_weights))
            self._resample(size < self.steering.threshold * self._particles, RESAMPLE)
            if lag is not None and self.waiting - self._agreed.min() > lag * block:
                self._find_agreement()
                self._commit(self.waiting - self._agreed > lag * block)
        self._blocks += 1

    def _score(self, new: NDArray[np.int64]) -> None:
        if self.steering.strength == 0.0:
            return
        logits = self._scorer_state.score(new)
        if not np.isfinite(logits).all():
            raise PartitaError("the scorer returned a logit that is not finite: use another checkpoint")
        self._log_weights += self.steering.strength * logits.reshape(self._log_weights.shape)

    def _uniforms(self, purpose: int) -> NDArray[np.float64]:
        """Return one uniform per clip, for this block and a purpose."""
        numbers = np.arange(self.clips, dtype=np.uint64) + np.uint64(purpose)
        return uniforms(self.config.seed, numbers, self._blocks, 1)[:, 0]  # type: ignore[arg-type]

    def _resample(self, which: NDArray[np.bool_], purpose: int) -> None:
        """Resample the particles of some clips, after which they have equal weights."""
        if not which.any():
            return
        weights, counts = self._log_weights[which], np.ones(self._log_weights.shape, np.int64)
        counts[which] = resampling.systematic_counts(
            resampling.normalized_weights(weights), self._uniforms(purpose)[which]
        )
        self._log_evidence[which] += resampling.log_mean_weight(weights)
        self._log_weights[which] = 0.0
        targets, sources = resampling.copy_plan(counts)
        if len(targets):
            self._engine.copy(targets, sources)
            self._scorer_state.copy(targets, sources)
            self._paths[targets] = self._paths[sources]

    def _find_agreement(self) -> None:
        """Find how many waiting samples all particles of a clip agree on."""
        start = int(self._agreed.min())
        paths = self._paths.reshape(self.clips, self._particles, -1)[:, :, start:]
        same = np.concatenate([(paths == paths[:, :1]).all(1), np.zeros((self.clips, 1), bool)], 1)
        self._agreed = start + np.argmin(same, 1)

    def _commit(self, which: NDArray[np.bool_]) -> None:
        """Draw the oldest waiting block of some clips, and drop the particles with a different block."""
        weights = resampling.normalized_weights(self._log_weights)
        winners = resampling.draw_particles(weights, self._uniforms(COMMIT))
        paths = self._paths.reshape(self.clips, self._particles, -1)
        for clip in np.flatnonzero(which):
            block = paths[clip, :, self._agreed[clip] :][:, : self.steering.block]
            agree = (block == block[winners[clip]]).all(1)
            self._log_weights[clip] -= np.log(weights[clip, agree].sum())  # keeps the mean weight
            self._log_weights[clip, ~agree] = -np.inf
        self._resample(which, THIN)
        self._find_agreement()

    def _finish(self) -> None:
        """Draw one particle of each clip by weight; all its samples are final."""
        winners = resampling.draw_particles(
            resampling.normalized_weights(self._log_weights), self._uniforms(COMMIT)
        )
        first = np.arange(self.clips) * self._particles
        self._paths[first] = self._paths[first + winners]
        self._agreed[:] = self.waiting
