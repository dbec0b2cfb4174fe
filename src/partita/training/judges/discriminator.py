"""The discriminator as a judge of clips, on the routes `policy`, `gumbel` and `pathwise`.

The discriminators read waveforms: the end of the prompt, then the clip, so that they see the transition. This
file does not know how clips are drawn.
"""

from functools import partial

import torch
from torch import Tensor

from partita.models.heads.base import DensityHead
from partita.models.wavenet import WaveNet
from partita.training.config.rollout import RolloutConfig
from partita.training.judges.adversary import Adversary
from partita.training.judges.base import (
    ClipBatch,
    GeneratorLoss,
    TensorFiles,
    WaveformPair,
    drawn_logits,
    stored_classes,
)
from partita.training.losses.continuous import continuous_clips, waveform_of
from partita.training.losses.gan import RELATIVISTIC
from partita.training.losses.gumbel import GumbelRelaxation
from partita.training.losses.likelihood import sample_nats
from partita.training.losses.pathwise import implicit_reparameterisation
from partita.training.losses.policy_gradient import advantages, policy_loss
from partita.training.losses.relaxation import Relaxation, relaxed_clips


class DiscriminatorJudge:
    """A `Judge` that trains discriminators on the clips, with a replay buffer of earlier ones.

    Args:
        adversary: the discriminators.
        rollout: route, prompt_tail, replay and the settings of the route.
        table: (classes,) the waveform value of each class.
        replay_rng: the random stream that chooses clips from the replay buffer, on the CPU.
        noise_rng: the random stream of the Gumbel noise, on the CPU.
    """

    def __init__(
        self,
        adversary: Adversary,
        rollout: RolloutConfig,
        table: Tensor,
        *,
        replay_rng: torch.Generator,
        noise_rng: torch.Generator,
    ) -> None:
        self.adversary, self.rollout, self.table = adversary, rollout, table
        self.replay: Tensor | None = None
        """(clips, prompt_tail + length) classes that earlier generators drew, oldest first."""
        self._replay_rng, self._noise_rng = replay_rng, noise_rng

    @property
    def context(self) -> int:
        """Samples of the prompt that the discriminators read."""
        return self.rollout.prompt_tail

    @property
    def relative(self) -> bool:
        """Whether the weight is a share of the norm of the likelihood's gradient."""
        return self.rollout.relative

    @property
    def active(self) -> bool:
        """Whether the generator learns from the discriminators; see `Adversary.active`."""
        return self.adversary.active

    def weight(self, progress: float) -> float:
        """Return the weight of the adversarial loss; see `Adversary.weight`."""
        return self.adversary.weight(progress)

    def drawer(self, generator: WaveNet, *, step: int) -> WaveNet:
        """Return the generator, which draws the clips itself."""
        return generator

    def update(self, generator: WaveNet, clips: ClipBatch, *, step: int) -> dict[str, Tensor]:
        """Train the discriminators, then put the drawn clips into the replay buffer; see `Judge.update`."""
        numbers = self.adversary.update(self.pair(clips), partial(self.pair, clips))
        self._remember(clips)
        return numbers

    def generator_loss(self, generator: WaveNet, clips: ClipBatch) -> GeneratorLoss:
        """Return the loss of the configured route; see `Judge.generator_loss`."""
        if self.rollout.route == "policy":
            return self._policy_loss(generator, clips)
        with self.adversary.compute.autocast():
            waveform, outputs = self._drawn_waveform(generator, clips)
        prompt = self.table[clips.prompt_tail(self.rollout.prompt_tail)]
        real = self.table[self._after_prompt(clips, clips.real)]
        drawn = torch.cat([prompt, waveform], 1)
        loss = self.adversary.generator_loss(drawn, real, prompt_length=self.rollout.prompt_tail)
        return GeneratorLoss(loss, outputs, {"adversarial_loss": loss.detach()})

    def _drawn_waveform(self, generator: WaveNet, clips: ClipBatch) -> tuple[Tensor, Tensor]:
        """Return the drawn waveforms, (clips, length), with the derivative of the route, and the outputs."""
        given, passes = clips.conditions_of(generator.receptive_field), self.rollout.passes
        past = clips.prompt_tail(generator.receptive_field)
        model = partial(generator, conditions=given)
        if isinstance(generator.head, DensityHead):
            values, outputs = continuous_clips(model, generator.head, past, clips.drawn, passes=passes)
            return waveform_of(values, clips.drawn, self.table), outputs
        vectors, logits = relaxed_clips(model, past, clips.drawn, self._relaxation(), passes=passes)
        return vectors @ self.table, logits

    def _policy_loss(self, generator: WaveNet, clips: ClipBatch) -> GeneratorLoss:
        with self.adversary.compute.autocast():
            logits = drawn_logits(generator, clips)
        nats = sample_nats(logits, clips.drawn)
        waveform = self.table[self._after_prompt(clips, clips.drawn)]
        rewards = self.adversary.rewards(waveform)[:, self.rollout.prompt_tail :]
        advantage = advantages(rewards, discount=self.rollout.discount, normalise=self.rollout.normalise)
        return GeneratorLoss(policy_loss(nats, advantage), logits, {"reward": rewards.mean()})

    def _relaxation(self) -> Relaxation:
        if self.rollout.route == "pathwise":
            return partial(implicit_reparameterisation, clamp=self.rollout.clamp)
        return GumbelRelaxation(self._noise_rng, self.rollout.temperature)

    def pair(self, clips: ClipBatch) -> WaveformPair:
        """Return the waveforms for one update; half of the fake ones come from the replay buffer.

        The relativistic loss pairs each clip with what really follows its prompt, so it has no earlier clips.
        """
        real, fake = self._after_prompt(clips, clips.real), self._after_prompt(clips, clips.drawn)
        paired = self.adversary.config.loss == RELATIVISTIC
        if not paired and self.replay is not None and self.replay.shape[1] == fake.shape[1]:
            rows = torch.randperm(len(fake), generator=self._replay_rng)[: len(fake) // 2]
            chosen = torch.randint(len(self.replay), (len(rows),), generator=self._replay_rng)
            fake = fake.index_copy(0, rows.to(fake.device), self.replay[chosen.to(fake.device)])
        return WaveformPair(self.table[real], self.table[fake], prompt_length=self.rollout.prompt_tail)

    def _after_prompt(self, clips: ClipBatch, continuation: Tensor) -> Tensor:
        """Return the end of each prompt followed by a continuation, (clips, prompt_tail + length)."""
        return torch.cat([clips.prompt_tail(self.rollout.prompt_tail), continuation], 1)

    def _remember(self, clips: ClipBatch) -> None:
        """Add the drawn clips to the replay buffer; clips of another length are dropped from it."""
        fake = self._after_prompt(clips, clips.drawn)
        if self.replay is not None and self.replay.shape[1] == fake.shape[1]:
            fake = torch.cat([self.replay, fake])
        self.replay = fake[-self.rollout.replay :] if self.rollout.replay else None

    def tensors(self) -> TensorFiles:
        """Return all that `restore` needs, for a checkpoint; the owner of the streams saves their states."""
        replay = {} if self.replay is None else {"older": stored_classes(self.replay, len(self.table))}
        return {"rollout": replay} | self.adversary.tensors()

    def restore(self, tensors: TensorFiles) -> None:
        """Load the tensors of a checkpoint."""
        self.adversary.restore(tensors)
        replay = tensors["rollout"].get("older")
        self.replay = None if replay is None else replay.long().to(self.table.device)
