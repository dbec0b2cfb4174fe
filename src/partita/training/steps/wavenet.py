"""One update of a WaveNet, the same for every arm.

Compute the losses, check that they are finite, clip the gradients, step the optimizer, update the EMA.

This file knows no corpora, files, schedules or clocks. With a judge's weight at 0 the judge still learns, and
the generator's weights are bitwise the same as without a judge.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial

import torch
from torch import Tensor

from partita.data.windows import WindowBatch
from partita.device import ComputeDevice
from partita.models.conditioning.conditions import Conditions
from partita.models.wavenet import WaveNet
from partita.seeds import torch_stream
from partita.training.config.train import TrainConfig
from partita.training.judges.adversary import Adversary, trunk_shape
from partita.training.judges.base import TensorFiles, WaveformPair
from partita.training.losses.gradient_scaling import add_gradient, gradient_ratio
from partita.training.losses.likelihood import NATS_PER_BIT, matching_loss, mean_bits
from partita.training.monitoring.held_out import validation_bits
from partita.training.rollouts.free_running import FreeRunning, RolloutBatch
from partita.training.rollouts.teacher_forced import teacher_forced
from partita.training.steps.learner import Learner, StepInfo, check_finite
from partita.training.tiers.past_noise import PastNoise


@dataclass(frozen=True)
class LossInputs:
    """The generator's output on a batch, and the targets.

    Args:
        logits: (batch, targets, classes), of the generator.
        targets: (batch, targets), the real classes.
        valid: (batch, targets), which targets count.
    """

    logits: Tensor
    targets: Tensor
    valid: Tensor


class WaveNetStep(Learner[WaveNet]):
    """A WaveNet with all that training changes: EMA, optimizer, judge and random streams.

    Args:
        config: the run's config.
        compute: device and precision; by default from the config.
        critic: the critic's model, if the config has a critic.

    >>> train_step = WaveNetStep(TrainConfig(size="tiny", steps=1))
    >>> classes = torch.full((1, train_step.generator.receptive_field + 8), 128)
    >>> valid = torch.ones(1, 8, dtype=torch.bool)
    >>> round(train_step.update(classes, valid, StepInfo(1, 1e-3, 0.0))["bits"].item()) in range(7, 10)
    True
    """

    def __init__(
        self, config: TrainConfig, compute: ComputeDevice | None = None, *, critic: WaveNet | None = None
    ) -> None:
        assert (critic is None) == (config.critic is None)
        initialisation = torch_stream(config.seed, "initialisation")
        network = WaveNet(config.network_shape, generator=initialisation)
        super().__init__(network, config, compute)
        self.adversary: Adversary | None = None
        """The discriminators of the teacher-forced route."""
        self.free_running: FreeRunning | None = None
        """The clips and the judge of the other routes."""
        if config.rollout.free_running:
            self.free_running = FreeRunning(config, self.compute, critic=critic)
        elif config.adversary is not None:
            self.adversary = Adversary(
                config.adversary, seed=config.seed, compute=self.compute, trunk_shape=trunk_shape(config)
            )
        self.past_noise: PastNoise | None = None
        """Disturbs the past that the generator reads."""
        if config.input_noise or config.input_gain_db:
            self.past_noise = PastNoise(
                config.quantizer,
                deviation=config.input_noise,
                gain_db=config.input_gain_db,
                rng=torch_stream(config.seed, "noise"),
            )
        self._forward = torch.compile(self.generator) if config.compile else self.generator

    @property
    def context(self) -> int:
        """Samples that windows need before the first target, for the generator and for the judge."""
        own = self.generator.receptive_field
        return own if self.free_running is None else max(own, self.free_running.context)

    def update(
        self, classes: Tensor, valid: Tensor, info: StepInfo, conditions: Conditions | None = None
    ) -> dict[str, Tensor]:
        """Update the judge, if there is one, then the generator; see `Learner.update`."""
        targets, first = classes[:, self.context :], self.context - self.generator.receptive_field
        own = None if conditions is None else conditions.shifted(first)
        with self.compute.autocast():
            past = classes[:, first:-1]
            logits = self._forward(past if self.past_noise is None else self.past_noise(past), own)
        bits = mean_bits(self.generator.head.nats(logits, targets), valid)
        check_finite(bits, "the likelihood loss")
        numbers = {"bits": bits.detach()}
        loss = self._loss(LossInputs(logits, targets, valid), bits, info, numbers)
        check_finite(loss, "the generator's loss")
        self.optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        if self.free_running is not None:
            entropy = self.generator.head.entropy(logits.detach())
            numbers["entropy_real"] = entropy[valid].mean() / NATS_PER_BIT
            batch = RolloutBatch(classes, valid, conditions)
            self._add_judge_gradient(self.free_running, batch, info, numbers)
        return numbers | {"gradient_norm": self.step(info)}

    def scores(self, network: WaveNet, windows: Iterable[WindowBatch]) -> dict[str, float]:
        """Return `bits`, per sample; see `Learner.scores`."""
        return {"bits": validation_bits(network, windows, self.compute)}

    @property
    def multiply_adds(self) -> int:
        """Those of the network for a sample."""
        return self.config.network_shape.multiply_adds

    @property
    def score_context(self) -> int:
        """The receptive field: a judge does not score held-out windows."""
        return self.generator.receptive_field

    def _add_judge_gradient(
        self,
        free_running: FreeRunning,
        batch: RolloutBatch,
        info: StepInfo,
        numbers: dict[str, Tensor],
    ) -> None:
        """Add the gradient of the judge's loss on the generator's own clips; extend `numbers`."""
        loss, judge_numbers = free_running.loss(self.generator, batch, step=info.step, progress=info.progress)
        numbers |= judge_numbers
        judge = free_running.judge_at(info.progress)
        weight = 0.0 if loss is None else free_running.weight(info.progress)
        numbers["judge_heard"] = numbers["bits"].new_tensor(float(weight > 0.0))
        if loss is None:
            return
        check_finite(loss, "the loss of the generator's own clips")
        numbers["gradient_share"] = add_gradient(
            list(self.generator.parameters()), loss, weight=weight, relative=judge.relative
        )

    def _loss(self, inputs: LossInputs, bits: Tensor, info: StepInfo, numbers: dict[str, Tensor]) -> Tensor:
        """Return the weighted sum of the losses on the windows; extend `numbers`."""
        config = self.config
        if not config.needs_rollout or self.free_running is not None:
            return config.match_weight * NATS_PER_BIT * bits
        pair = self._teacher_forced(inputs)
        if config.match == "norm":
            distance = matching_loss(pair.real, pair.fake, inputs.valid, norm=config.match_norm)
            numbers["matching"] = distance.detach()
            loss = config.match_weight * distance
        else:
            loss = config.match_weight * NATS_PER_BIT * bits
        if self.adversary is None:
            return loss
        again = partial(self._teacher_forced, replace(inputs, logits=inputs.logits.detach()))
        numbers |= self.adversary.update(pair, again)
        adversarial = self.adversary.generator_loss(pair.fake, pair.real, prompt_length=pair.prompt_length)
        numbers["adversarial_loss"] = adversarial.detach()
        weight = self.adversary.weight(info.progress)
        numbers["judge_heard"] = numbers["bits"].new_tensor(float(weight > 0.0))
        if weight and self.adversary.config.weight_by == "gradient":
            return loss + weight * gradient_ratio(loss, adversarial, inputs.logits) * adversarial
        return loss + weight * adversarial

    def _teacher_forced(self, inputs: LossInputs) -> WaveformPair:
        return teacher_forced(
            inputs.logits,
            inputs.targets,
            inputs.valid,
            quantizer=self.config.quantizer,
            value=self.config.rollout.value,
            rng=self.rng,
        )

    def tensors(self) -> TensorFiles:
        """Return all that `restore` needs; see `Learner.tensors`."""
        tensors = super().tensors()
        if self.past_noise is not None:
            tensors["random"]["noise"] = self.past_noise.rng.get_state()
        if self.free_running is not None:
            tensors |= self.free_running.tensors()
        return tensors | (self.adversary.tensors() if self.adversary is not None else {})

    def restore(self, tensors: TensorFiles) -> None:
        """Load the tensors of a checkpoint."""
        super().restore(tensors)
        if self.past_noise is not None:
            self.past_noise.rng.set_state(tensors["random"]["noise"])
        if self.adversary is not None:
            self.adversary.restore(tensors)
        if self.free_running is not None:
            self.free_running.restore(tensors)

    def begin_from(self, weights: dict[str, Tensor]) -> None:
        """Load another run's weights into the generator, the EMA and a discriminator that has its layers.

        The optimizer and the rest of the judge keep their state.
        """
        super().begin_from(weights)
        if self.adversary is not None:
            self.adversary.begin_from(self.generator)
        if self.free_running is not None:
            self.free_running.begin_from(self.generator)
