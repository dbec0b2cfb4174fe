"""One update of the generator, the same for every arm: match, be judged, check, clip, step, average.

It knows nothing of corpora, files, schedules or time. At weight 0 the adversary learns and judges as ever,
and the generator's weights come out bitwise as without it.
"""

import math
from dataclasses import dataclass, replace
from functools import partial

import torch
from torch import Tensor

from partita.device import ComputeDevice, compute_device
from partita.models.wavenet import WaveNet
from partita.runs.optimizer_state import optimizer_tensors, restore_optimizer
from partita.seeds import torch_stream
from partita.training.config.train import TrainConfig
from partita.training.ema import EMA
from partita.training.judges.critic import Critic
from partita.training.judges.discriminator import DiscriminatorJudge
from partita.training.losses.balance import gradient_ratio
from partita.training.losses.gradient_scaling import add_gradient
from partita.training.losses.likelihood import NATS_PER_BIT, likelihood_bits, matching
from partita.training.monitoring.diagnostics import entropy_bits
from partita.training.optimizer import make_optimizer
from partita.training.rollouts.free_running import FreeRunning
from partita.training.rollouts.teacher_forced import Rollout, teacher_forced


@dataclass(frozen=True)
class Update:
    """What one update is given besides the windows.

    Args:
        step: its number, counted from 1.
        learning_rate: the generator's.
        progress: how much of the run is behind, 0 to 1.
    """

    step: int
    learning_rate: float
    progress: float


@dataclass(frozen=True)
class Seen:
    """What the losses look at.

    Args:
        logits: (batch, targets, classes), the generator's.
        targets: (batch, targets) real classes.
        valid: (batch, targets) which of them count.
    """

    logits: Tensor
    targets: Tensor
    valid: Tensor


class TrainStep:
    """The generator with everything that training changes: its average, its optimizer, its adversary, its
    draws.

    Args:
        config: the run's config.
        where: device and precision; by default what the config says.
        critic: the model that judges, if the config has a critic.

    >>> train_step = TrainStep(TrainConfig(size="tiny", steps=1))
    >>> classes = torch.full((1, train_step.generator.receptive_field + 8), 128)
    >>> valid = torch.ones(1, 8, dtype=torch.bool)
    >>> round(train_step.update(classes, valid, Update(1, 1e-3, 0.0))["bits"].item()) in range(7, 10)
    True
    """

    def __init__(
        self, config: TrainConfig, where: ComputeDevice | None = None, *, critic: WaveNet | None = None
    ) -> None:
        assert (critic is None) == (config.critic is None)
        self.config = config
        self.compute = where or compute_device(config.device, config.precision)
        initialisation = torch_stream(config.seed, "initialisation")
        generator = WaveNet(config.network_shape, generator=initialisation)
        self.generator = generator.to(self.compute.device).train()
        self.ema = EMA(self.generator, decay=config.ema_decay) if config.ema_decay else None
        self.optimizer = make_optimizer(self.generator, config, bfloat16=self.compute.bfloat16)
        self.adversary: DiscriminatorJudge | None = None
        if config.adversary is not None:
            self.adversary = DiscriminatorJudge(config.adversary, seed=config.seed, compute=self.compute)
        self.free: FreeRunning | None = None
        judge: DiscriminatorJudge | Critic | None = self.adversary
        if critic is not None and config.critic is not None:
            judge = Critic(critic, self.compute, config.critic)
        if config.rollout.free_running and judge is not None:
            self.free = FreeRunning(config, self.compute, judge)
        self.random = torch_stream(config.seed, "rollout")
        self._forward = torch.compile(self.generator) if config.compile else self.generator

    @property
    def context(self) -> int:
        """Samples before the first target that windows must have: what the generator and the judge look
        at."""
        own = self.generator.receptive_field
        if self.free is None:
            return own
        judge = self.free.judge
        return max(
            own, judge.receptive_field if isinstance(judge, Critic) else self.config.rollout.prompt_tail
        )

    def update(self, classes: Tensor, valid: Tensor, update: Update) -> dict[str, Tensor]:
        """Make one update of the generator, and the adversary's before it.

        Args:
            classes: (batch, context + targets) int64, on the device.
            valid: (batch, targets) bool, on the device.
            update: its number and rates.

        Returns:
            named numbers, not synchronised: `bits` and `gradient_norm`, and those of the losses there are.

        Raises:
            FloatingPointError: a loss or a gradient is not finite; it says which. The generator has not
                moved.
        """
        targets = classes[:, self.context :]
        with self.compute.autocast():
            logits = self._forward(classes[:, self.context - self.generator.receptive_field : -1])
        bits = likelihood_bits(logits, targets, valid)
        _demand_finite(bits, "the likelihood loss")
        numbers = {"bits": bits.detach()}
        loss = self._loss(Seen(logits, targets, valid), bits, update, numbers)
        _demand_finite(loss, "the generator's loss")
        self.optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        if self.free is not None:
            numbers["entropy_real"] = entropy_bits(logits.detach())[valid].mean()
            self._run_free(self.free, classes, valid, update, numbers)
        norm = torch.nn.utils.clip_grad_norm_(self.generator.parameters(), self.config.grad_clip or math.inf)
        _demand_finite(norm, "the generator's gradient")
        for group in self.optimizer.param_groups:
            group["lr"] = update.learning_rate
        self.optimizer.step()
        if self.ema is not None:
            self.ema.update(self.generator, update.step)
        return numbers | {"gradient_norm": norm}

    def _run_free(
        self,
        free: FreeRunning,
        classes: Tensor,
        valid: Tensor,
        update: Update,
        numbers: dict[str, Tensor],
    ) -> None:
        """Add the gradient of what the generator's own clips are worth, and the numbers behind it."""
        loss, said = free.loss(self.generator, classes, valid, step=update.step, progress=update.progress)
        numbers |= said
        weight = 0.0 if loss is None else free.weight(update.progress)
        numbers["judge_heard"] = numbers["bits"].new_tensor(float(weight > 0.0))
        if loss is None:
            return
        _demand_finite(loss, "the loss of the generator's own clips")
        numbers["gradient_share"] = add_gradient(
            list(self.generator.parameters()), loss, weight=weight, relative=free.relative
        )

    def _loss(self, seen: Seen, bits: Tensor, update: Update, numbers: dict[str, Tensor]) -> Tensor:
        """Return the weighted sum of the arm's losses, and put each of them into `numbers`."""
        config = self.config
        if not config.needs_rollout or self.free is not None:
            return config.match_weight * NATS_PER_BIT * bits
        rollout = self._rollout(seen)
        if config.match == "norm":
            distance = matching(rollout.real, rollout.fake, seen.valid, norm=config.match_norm)
            numbers["matching"] = distance.detach()
            loss = config.match_weight * distance
        else:
            loss = config.match_weight * NATS_PER_BIT * bits
        if self.adversary is None:
            return loss
        again = partial(self._rollout, replace(seen, logits=seen.logits.detach()))
        numbers |= self.adversary.learn(rollout, again)
        adversarial = self.adversary.judge(rollout.fake, rollout.real)
        numbers["adversarial_loss"] = adversarial.detach()
        weight = self.adversary.weight(update.progress)
        numbers["judge_heard"] = numbers["bits"].new_tensor(float(weight > 0.0))
        if weight and self.adversary.config.weight_by == "gradient":
            return loss + weight * gradient_ratio(loss, adversarial, seen.logits) * adversarial
        return loss + weight * adversarial

    def _rollout(self, seen: Seen) -> Rollout:
        return teacher_forced(
            seen.logits,
            seen.targets,
            seen.valid,
            quantizer=self.config.quantizer,
            value=self.config.rollout.value,
            random=self.random,
        )

    @property
    def best_model(self) -> WaveNet:
        """Return the network to score and to draw from: the average, if there is one."""
        return self.generator if self.ema is None else self.ema.model

    def tensors(self) -> dict[str, dict[str, Tensor]]:
        """Return all that `restore` needs, for a checkpoint: file name -> tensors."""
        tensors = {
            "generator": dict(self.generator.state_dict()),
            "optimizer": optimizer_tensors(self.optimizer),
            "random": {"rollout": self.random.get_state()},
        }
        if self.ema is not None:
            tensors["average"] = dict(self.ema.model.state_dict())
        if self.free is not None:
            tensors |= self.free.tensors()
        return tensors | (self.adversary.tensors() if self.adversary is not None else {})

    def restore(self, tensors: dict[str, dict[str, Tensor]]) -> None:
        """Go on from a checkpoint's tensors."""
        self.generator.load_state_dict(tensors["generator"])
        restore_optimizer(self.optimizer, tensors["optimizer"])
        self.random.set_state(tensors["random"]["rollout"])
        if self.ema is not None:
            self.ema.model.load_state_dict(tensors["average"])
        if self.adversary is not None:
            self.adversary.restore(tensors)
        if self.free is not None:
            self.free.restore(tensors)

    def begin_from(self, weights: dict[str, Tensor]) -> None:
        """Start from another run's weights; optimizer and adversary start afresh."""
        self.generator.load_state_dict(weights)
        if self.ema is not None:
            self.ema.model.load_state_dict(weights)


def _demand_finite(value: Tensor, name: str) -> None:
    if not bool(torch.isfinite(value)):
        raise FloatingPointError(name)
