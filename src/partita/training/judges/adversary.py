"""Discriminators in training: the networks, their optimizer, their updates, and the adversarial loss.

The input is waveforms. This file does not know how the fake ones were made, and never changes the generator.
"""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

from partita.device import ComputeDevice
from partita.models.discriminators.ensemble import make_discriminator
from partita.models.discriminators.trunk import TrunkDiscriminator, TrunkShape
from partita.models.wavenet import WaveNet
from partita.runs.optimizer_state import optimizer_tensors, restore_optimizer
from partita.seeds import torch_stream
from partita.training.config.adversary import AdversaryConfig
from partita.training.config.train import TrainConfig
from partita.training.judges.base import TensorFiles, WaveformPair
from partita.training.judges.rewards import patches_in_prompt, sample_rewards
from partita.training.losses.gan import (
    RELATIVISTIC,
    adversarial_loss,
    difference_penalty,
    discriminator_loss,
    feature_matching,
    feature_statistics,
    gradient_penalty,
    mean_over_discriminators,
)
from partita.training.losses.spectral import spectral_distance

NUDGE = 0.001
"""The deviation of the noise of a penalty by differences: a few of 256 mu-law classes of soft sound."""
ACCURACY_DECAY = 0.9
"""Decay of the running mean of the accuracy: it covers about ten updates."""


class Adversary:
    """Discriminators with their optimizer.

    Args:
        config: shapes, losses and rates.
        seed: the run's seed; the initial weights have their own random stream.
        compute: device and precision.
        trunk_shape: what a `trunk` needs to know of the generator; the other kinds do not need it.

    >>> cpu = ComputeDevice(torch.device("cpu"), False)
    >>> adversary = Adversary(AdversaryConfig(weight=0.1, ramp=0.5), seed=0, compute=cpu)
    >>> adversary.weight(0.25)
    0.05
    """

    def __init__(
        self,
        config: AdversaryConfig,
        *,
        seed: int,
        compute: ComputeDevice,
        trunk_shape: TrunkShape | None = None,
    ) -> None:
        self.config = config
        self.compute = compute
        stream = torch_stream(seed, "adversary")
        network = make_discriminator(config, generator=stream, trunk_shape=trunk_shape)
        self.discriminator = network.to(compute.device).train()
        self.optimizer = torch.optim.Adam(
            self.discriminator.parameters(), lr=config.learning_rate, betas=(config.beta1, 0.999)
        )
        self._rng = torch_stream(seed, "adversary/penalty")
        self.updates = 0
        """Updates so far, including the skipped ones."""
        self.accuracy = 0.5
        """Running mean of the share of patches after the prompt that are classified correctly."""

    def update(self, first: WaveformPair, again: Callable[[], WaveformPair]) -> dict[str, Tensor]:
        """Make `config.updates` updates and return the numbers of the last one, not synchronised.

        Args:
            first: the input of the first update.
            again: returns the input of each further update: new draws on the same windows.

        Returns:
            `discriminator_loss`, without the penalty; `discriminator_real` and `discriminator_fake`, the
            shares of patches after the prompt that are classified as real; and, if updates may be skipped,
            `discriminator_skipped`, the share of skipped ones.

        Raises:
            FloatingPointError: a loss or gradient is not finite; that update is not made.
        """
        self.discriminator.requires_grad_(True)
        skipped, kind = 0, self.config.loss
        for number in range(self.config.updates):
            pair = first if number == 0 else again()
            with self.compute.autocast():
                real, fake = self._logits(pair)
            samples = pair.real.shape[1]
            losses = [
                discriminator_loss(
                    *(self._judged(one, samples, pair.prompt_length) for one in logits), kind=kind
                )
                for logits in zip(real, fake, strict=True)
            ]
            loss = mean_over_discriminators(losses)
            shares = self._shares(real, fake, pair)
            if self._skips(*shares):
                skipped += 1
            else:
                self._step(loss, pair)
            self.updates += 1
            accuracy = float(shares[0] + 1 - shares[1]) / 2
            self.accuracy += (1 - ACCURACY_DECAY) * (accuracy - self.accuracy)
        numbers = {
            "discriminator_loss": loss.detach(),
            "discriminator_real": shares[0],
            "discriminator_fake": shares[1],
        }
        if self.config.max_accuracy < 1.0:
            numbers["discriminator_skipped"] = shares[0].new_tensor(skipped / self.config.updates)
        return numbers

    def _step(self, loss: Tensor, pair: WaveformPair) -> None:
        if self.updates % self.config.r1_every == 0:
            for weight, waveform in ((self.config.r1, pair.real), (self.config.r2, pair.fake)):
                if weight:
                    loss = loss + weight / 2 * self.config.r1_every * self._penalty(waveform)
        self.optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        gradients = [p.grad for p in self.discriminator.parameters() if p.grad is not None]
        if not bool(torch.isfinite(torch.nn.utils.get_total_norm(gradients) + loss)):
            raise FloatingPointError("the discriminator's loss or gradient")
        self.optimizer.step()

    def _penalty(self, sound: Tensor) -> Tensor:
        """Return R1 of real or R2 of drawn sound, in float32: a slope is lost in bfloat16."""
        if self.config.penalty == "difference":
            noise = torch.randn(sound.shape, generator=self._rng).to(sound.device)
            pairs = self.discriminator.feature_maps(
                torch.cat([sound.detach(), sound.detach() + NUDGE * noise])
            )
            return difference_penalty([maps[-1].float().chunk(2) for maps in pairs], distance=NUDGE)
        waveform = sound.detach().requires_grad_()
        logits = [maps[-1] for maps in self.discriminator.feature_maps(waveform)]
        return gradient_penalty(waveform, logits)

    def _shares(self, real: list[Tensor], fake: list[Tensor], pair: WaveformPair) -> tuple[Tensor, Tensor]:
        """Return the shares of real and of fake patches that are classified as real, after the prompt.

        The relativistic loss compares: a patch counts as real if its logit is above that of the patch that it
        is paired with.
        """
        samples, prompt = pair.real.shape[1], pair.prompt_length
        first, second = (
            [_after_prompt(each.detach(), samples, prompt) for each in one] for one in (real, fake)
        )
        threshold = torch.tensor(0.5 if self.config.loss == "least-squares" else 0.0, device=first[0].device)
        fixed = [threshold] * len(first)
        limits = (second, first) if self.config.loss == RELATIVISTIC else (fixed, fixed)
        return _share_above(first, limits[0]), _share_above(second, limits[1])

    def _judged(self, logits: Tensor, samples: int, prompt_length: int) -> Tensor:
        """Return the logits that count in the losses."""
        return _after_prompt(logits, samples, prompt_length) if self.config.mask_prompt else logits

    def _skips(self, share_real: Tensor, share_fake: Tensor) -> bool:
        """Return whether the discriminators are so accurate that this update is skipped."""
        accuracy = (share_real + 1 - share_fake) / 2
        return self.config.max_accuracy < 1.0 and bool(accuracy > self.config.max_accuracy)

    def _logits(self, pair: WaveformPair) -> tuple[list[Tensor], list[Tensor]]:
        """Return the logits of each discriminator on real and on fake sound.

        Both go through the networks in one batch, except with batch normalisation, where clips of a batch
        influence each other.
        """
        fake = pair.fake.detach()
        if "patchgan" in self.config.discriminators and self.config.patchgan.normalisation == "batch":
            apart = [self.discriminator.feature_maps(waveform) for waveform in (pair.real, fake)]
            first, second = ([maps[-1].float() for maps in one] for one in apart)
            return first, second
        together = self.discriminator.feature_maps(torch.cat([pair.real, fake]))
        halves = [maps[-1].float().chunk(2) for maps in together]
        return [half[0] for half in halves], [half[1] for half in halves]

    def generator_loss(self, fake: Tensor, real: Tensor | None = None, *, prompt_length: int = 0) -> Tensor:
        """Return the generator's adversarial loss, unweighted; the discriminators get no gradient.

        Args:
            fake: (batch, samples), the generator's sound; carries its gradient.
            real: (batch, samples), real sound, with which the fake one is compared by the relativistic loss,
                and if `feature_weight` is above 0. For the kinds `maps` and `spectrum` it is the sound that
                each fake one replaces, for `statistics` any real sound.
            prompt_length: samples at the start that are real in both.
        """
        config = self.config
        self.discriminator.requires_grad_(False)
        with self.compute.autocast():
            fake_maps = self.discriminator.feature_maps(fake)
        compares = config.feature_weight and config.features != "spectrum"
        real_maps: list[list[Tensor]] | None = None
        if compares or config.loss == RELATIVISTIC:
            assert real is not None, "a comparison needs real sound"
            with self.compute.autocast(), torch.no_grad():
                real_maps = self.discriminator.feature_maps(real)
        losses = []
        for number, maps in enumerate(fake_maps):
            paired = [maps[-1], *([] if real_maps is None else [real_maps[number][-1]])]
            logits = [self._judged(one.float(), fake.shape[1], prompt_length) for one in paired]
            real_logits = logits[1] if len(logits) > 1 else None
            losses.append(
                adversarial_loss(logits[0], kind=config.loss, saturating=config.saturating, real=real_logits)
            )
        loss = mean_over_discriminators(losses)
        if not config.feature_weight:
            return loss
        if config.features == "spectrum":
            assert real is not None, "the distance of the spectra needs real sound"
            return loss + config.feature_weight * spectral_distance(real, fake)
        assert real_maps is not None
        distance = feature_statistics if config.features == "statistics" else feature_matching
        return loss + config.feature_weight * distance(real_maps, fake_maps)

    def rewards(self, waveform: Float[Tensor, "clips samples"]) -> Float[Tensor, "clips samples"]:
        """Return the reward of every sample, in nats; no gradient passes."""
        least_squares = self.config.loss == "least-squares"
        with torch.no_grad(), self.compute.autocast():
            return sample_rewards(self.discriminator, waveform, least_squares=least_squares)

    @property
    def active(self) -> bool:
        """Whether the generator learns from the discriminators: after `warmup`, above `min_accuracy`."""
        warm = self.updates >= self.config.warmup
        return warm and (self.config.min_accuracy == 0.0 or self.accuracy > self.config.min_accuracy)

    def weight(self, progress: float) -> float:
        """Return lambda_adv: 0 while not `active`; it rises linearly over the ramp.

        Args:
            progress: the finished share of the run, 0 to 1.
        """
        if not self.active:
            return 0.0
        if self.config.ramp == 0.0:
            return self.config.weight
        return self.config.weight * min(1.0, progress / self.config.ramp)

    def begin_from(self, generator: WaveNet) -> None:
        """Copy the layers that a `trunk` has in common with the generator, if there is such a discriminator.

        Args:
            generator: the model that the run starts from.
        """
        for part in self.discriminator.modules():
            if isinstance(part, TrunkDiscriminator):
                part.begin_from(generator)

    def tensors(self) -> TensorFiles:
        """Return all that `restore` needs, for a checkpoint."""
        return {
            "adversary": self.discriminator.state_dict(),
            "adversary-optimizer": optimizer_tensors(self.optimizer),
            "adversary-progress": {
                "seen": torch.tensor(self.updates),
                "right": torch.tensor(self.accuracy, dtype=torch.float64),
                "penalty": self._rng.get_state(),
            },
        }

    def restore(self, tensors: TensorFiles) -> None:
        """Load the tensors of a checkpoint; those of older versions lack `adversary-progress`, or a part."""
        self.discriminator.load_state_dict(tensors["adversary"])
        restore_optimizer(self.optimizer, tensors["adversary-optimizer"])
        progress = tensors.get("adversary-progress", {})
        self.updates = int(progress.get("seen", torch.tensor(0)))
        self.accuracy = float(progress.get("right", torch.tensor(0.5)))
        if "penalty" in progress:
            self._rng.set_state(progress["penalty"])


def trunk_shape(config: TrainConfig) -> TrunkShape:
    """Return what a discriminator with layers of the generator needs to know of it.

    Args:
        config: the run's config.
    """
    return TrunkShape(config.network_shape, tuple(map(float, config.quantizer.table)))


def _after_prompt(logits: Tensor, samples: int, prompt_length: int) -> Tensor:
    """Return the logits of the patches with their middle after the prompt."""
    return logits[:, patches_in_prompt(logits.shape[1], samples, prompt_length) :]


def _share_above(logits: list[Tensor], limits: list[Tensor]) -> Tensor:
    """Return the mean over sub-discriminators of the share of logits above a limit."""
    return mean_over_discriminators(
        [(each > limit).float().mean() for each, limit in zip(logits, limits, strict=True)]
    )
