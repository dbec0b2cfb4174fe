"""Steering: draw from p*(x), proportional to p(x) exp(strength * D(x)), in place of the model's own p(x).

D(x) is a sum of logits that a judge gives as the sound grows. K continuations of each clip, its particles,
are drawn side by side and weighted block by block; when few of them carry the weight, the light ones become
copies of the heavy ones; at the end one particle is drawn by weight. This is sequential Monte Carlo. This
file does not know who judges, or waveforms.

Sources: Deng et al. 2020, "Residual energy-based models for text generation" (the target); Del Moral, Doucet
& Jasra 2006, "Sequential Monte Carlo samplers"; Andrieu, Doucet & Holenstein 2010, "Particle Markov chain
Monte Carlo methods" (Z is estimated without bias, and one path is drawn).
"""

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from partita.errors import PartitaError
from partita.models.wavenet import WaveNet
from partita.sampling.backend import demand_room, engine_for
from partita.sampling.config import SamplingConfig, SteeringConfig
from partita.sampling.smc import resampling
from partita.sampling.stream import Classes, history_of
from partita.sampling.uniforms import uniforms

PARTICLE = 32
"""Particle k of clip c draws by the number c + (k << 32): particle 0 draws what the plain clip does."""

RESAMPLE, COMMIT, THIN = 1 << 63, 1 << 62, 3 << 62
"""What is added to a clip's number for uniforms that draw no sample; their time is the block's number."""


class ScorerState(Protocol):
    """A judge that has heard the past of some particles and follows them."""

    def score(self, new: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the sum of the logits over what is new, (particles,), in nats.

        Args:
            new: (particles, n) classes, n at least 1.
        """

    def copy(self, targets: NDArray[np.int64], sources: NDArray[np.int64]) -> None:
        """Let the particles `targets` have heard what `sources` have; no target is a source."""


class Scorer(Protocol):
    """Who says how much likelier sound is to be data than to be the model's, as a logit."""

    @property
    def context(self) -> int:
        """Samples of the past to be heard before the first block."""

    def start(self, past: NDArray[np.int64], block: int) -> ScorerState:
        """Return a listener.

        Args:
            past: (particles, context) classes.
            block: samples in each block; only the last one may be shorter.

        Raises:
            PartitaError: such blocks can't be judged.
        """


@dataclass(frozen=True, kw_only=True)
class Steering:
    """Who judges, and how to steer by it.

    Args:
        judge: see `judges.py`.
        config: particles, block, strength.
    """

    scorer: Scorer
    config: SteeringConfig = field(default_factory=SteeringConfig)


class SteeredStream:
    """Clips that grow together, steered; used as a `Stream`.

    A sample is given out when all particles of its clip agree on it: whichever is drawn at the end has it.
    When more than `lag` blocks wait, one particle is drawn by weight and the oldest waiting block is its own
    from then on; particles that have another one are dropped. That bounds memory and delay, and draws the
    block from p* as known `lag` blocks ahead.

    Args:
        model: the weights, read once here.
        steering: who judges, and how.
        prompt: (clips, n) classes that the clips continue, or (n,) for all of them; None is silence.
        clips: how many clips.
        steps: samples of each clip in all, the last of which decide which particle is drawn; None is no end.
        config: how the model draws.
        zero_class: the class of silence, which fills the past before the prompt.

    Raises:
        PartitaError: the prompt or the settings don't fit the model or the judge.

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
        demand_room(model, clips * self._particles)
        count = model.config.classes
        length = max(model.receptive_field, steering.scorer.context)
        history = history_of(prompt, clips=clips, length=length, classes=count, zero_class=zero_class)
        history = np.repeat(history, self._particles, 0)
        numbers = np.arange(clips)[:, None] + (np.arange(self._particles) << PARTICLE)
        self._engine = engine_for(
            model, history[:, length - model.receptive_field :], self.config, numbers=numbers.ravel()
        )
        heard = history[:, length - steering.scorer.context :]
        self._listener = steering.scorer.start(heard, self.steering.block)
        self._paths = np.empty((len(history), 0), np.uint8 if count <= 256 else np.int16)
        self._settled = np.zeros(clips, np.int64)
        self._blocks = 0
        self._log_weights = np.zeros((clips, self._particles))
        self._log_evidence = np.zeros(clips)

    @property
    def log_evidence(self) -> NDArray[np.float64]:
        """log Z_K of each clip, (clips,), in nats, of what was judged so far.

        Z_K estimates the sum over all x of p(x) exp(strength * D(x)), without bias; the mean of -log Z_K is
        at least KL(what is drawn || p*) - log Z. After a block was drawn for the lag's sake, it is an
        estimate of what follows that block, times the one before.
        """
        return self._log_evidence + resampling.log_mean(self._log_weights)

    @property
    def waiting(self) -> int:
        """Samples of each particle that are kept: those not yet given out."""
        return int(self._paths.shape[1])

    def take(self, steps: int) -> Classes:
        """Draw the next samples of every clip.

        Args:
            steps: samples of each clip.

        Returns:
            (clips, steps), uint8 (int16 for more than 256 classes).

        Raises:
            PartitaError: fewer samples are left, or the judge gave a logit that is no number.
        """
        if self.steps is not None and self.position + steps > self.steps:
            raise PartitaError(
                f"`steps` is {steps}, but {self.steps - self.position} are left: take at most those"
            )
        taken, done = np.empty((self.clips, steps), self._paths.dtype), 0
        while True:
            self._settle()
            ready = min(steps - done, int(self._settled.min()))
            if ready:
                taken[:, done : done + ready] = self._paths[:: self._particles, :ready]
                self._paths = self._paths[:, ready:].copy()  # what was given out is copied with no particle
                self._settled -= ready
                self.position += ready
                done += ready
            if done == steps:
                return taken
            self._advance()

    def _advance(self) -> None:
        """Draw and weigh a block; then the last step of all, or what keeps particles worth their while."""
        block, limit = self.steering.block, self.steering.lag
        drawn = self.position + self.waiting
        new = self._engine.take(block if self.steps is None else min(block, self.steps - drawn))
        self._paths = np.concatenate([self._paths, new.astype(self._paths.dtype)], 1)
        self._weigh(new.astype(np.int64))
        if drawn + new.shape[1] == self.steps:
            self._finish()
        else:
            size = resampling.effective_size(resampling.shares(self._log_weights))
            self._resample(size < self.steering.threshold * self._particles, RESAMPLE)
            if limit is not None and self.waiting - self._settled.min() > limit * block:
                self._settle()
                self._commit(self.waiting - self._settled > limit * block)
        self._blocks += 1

    def _weigh(self, new: NDArray[np.int64]) -> None:
        if self.steering.strength == 0.0:
            return
        logits = self._listener.score(new)
        if not np.isfinite(logits).all():
            raise PartitaError("the judge gave a logit that is no finite number: take another checkpoint")
        self._log_weights += self.steering.strength * logits.reshape(self._log_weights.shape)

    def _uniforms(self, purpose: int) -> NDArray[np.float64]:
        """Return a number for each clip, of this block and a purpose."""
        numbers = np.arange(self.clips, dtype=np.uint64) + np.uint64(purpose)
        return uniforms(self.config.seed, numbers, self._blocks, 1)[:, 0]  # type: ignore[arg-type]

    def _resample(self, which: NDArray[np.bool_], purpose: int) -> None:
        """Make the particles of some clips equal in weight: heavy ones are copied over light ones."""
        if not which.any():
            return
        weights, counts = self._log_weights[which], np.ones(self._log_weights.shape, np.int64)
        counts[which] = resampling.systematic(resampling.shares(weights), self._uniforms(purpose)[which])
        self._log_evidence[which] += resampling.log_mean(weights)
        self._log_weights[which] = 0.0
        targets, sources = resampling.moves(counts)
        if len(targets):
            self._engine.copy(targets, sources)
            self._listener.copy(targets, sources)
            self._paths[targets] = self._paths[sources]

    def _settle(self) -> None:
        """Find out how far the particles of each clip agree."""
        start = int(self._settled.min())
        paths = self._paths.reshape(self.clips, self._particles, -1)[:, :, start:]
        same = np.concatenate([(paths == paths[:, :1]).all(1), np.zeros((self.clips, 1), bool)], 1)
        self._settled = start + np.argmin(same, 1)

    def _commit(self, which: NDArray[np.bool_]) -> None:
        """Draw the oldest waiting block of some clips, and drop the particles that have another one."""
        share = resampling.shares(self._log_weights)
        winners = resampling.chosen(share, self._uniforms(COMMIT))
        paths = self._paths.reshape(self.clips, self._particles, -1)
        for clip in np.flatnonzero(which):
            block = paths[clip, :, self._settled[clip] :][:, : self.steering.block]
            agree = (block == block[winners[clip]]).all(1)
            self._log_weights[clip] -= np.log(share[clip, agree].sum())  # the mean weight stays what it was
            self._log_weights[clip, ~agree] = -np.inf
        self._resample(which, THIN)
        self._settle()

    def _finish(self) -> None:
        """Draw one particle of each clip by weight; what it has is settled."""
        winners = resampling.chosen(resampling.shares(self._log_weights), self._uniforms(COMMIT))
        first = np.arange(self.clips) * self._particles
        self._paths[first] = self._paths[first + winners]
        self._settled[:] = self.waiting
