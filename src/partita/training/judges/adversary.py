"""Discriminators in training: the networks, their optimizer, their updates, and the adversarial loss.

The input is waveforms. This file does not know how the fake ones were made, and never changes the generator.
"""

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

from partita.device import ComputeDevice
from partita.models.discriminators.ensemble import make_discriminator
from partita.runs.optimizer_state import optimizer_tensors, restore_optimizer
from partita.seeds import torch_stream
from partita.training.config.adversary import AdversaryConfig
from partita.training.judges.base import TensorFiles, WaveformPair
from partita.training.judges.rewards import patches_in_prompt, sample_rewards
from partita.training.losses.gan import (
    adversarial_loss,
    discriminator_loss,
    feature_matching,
    feature_statistics,
    gradient_penalty,
    mean_over_discriminators,
)
from partita.training.losses.spectral import spectral_distance

ACCURACY_DECAY = 0.9
"""Decay of the running mean of the accuracy: it covers about ten updates."""


class Adversary:
    """Discriminators with their optimizer.

    Args:
        config: shapes, losses and rates.
        seed: the run's seed; the initial weights have their own random stream.
        compute: device and precision.

    >>> cpu = ComputeDevice(torch.device("cpu"), False)
    >>> adversary = Adversary(AdversaryConfig(weight=0.1, ramp=0.5), seed=0, compute=cpu)
    >>> adversary.weight(0.25)
    0.05
    """

    def __init__(self, config: AdversaryConfig, *, seed: int, compute: ComputeDevice) -> None:
        self.config = config
        self.compute = compute
        network = make_discriminator(config, generator=torch_stream(seed, "adversary"))
        self.discriminator = network.to(compute.device).train()
        self.optimizer = torch.optim.Adam(
            self.discriminator.parameters(), lr=config.learning_rate, betas=(config.beta1, 0.999)
        )
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
        skipped = 0
        for number in range(self.config.updates):
            pair = first if number == 0 else again()
            with self.compute.autocast():
                real, fake = self._logits(pair)
            losses = [
                discriminator_loss(*logits, kind=self.config.loss) for logits in zip(real, fake, strict=True)
            ]
            loss = mean_over_discriminators(losses)
            shares = self._share_real(real, pair), self._share_real(fake, pair)
            if self._skips(*shares):
                skipped += 1
            else:
                self._step(loss, pair.real)
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

    def _step(self, loss: Tensor, real: Tensor) -> None:
        if self.config.r1 and self.updates % self.config.r1_every == 0:
            loss = loss + self.config.r1 / 2 * self.config.r1_every * self._penalty(real)
        self.optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        gradients = [p.grad for p in self.discriminator.parameters() if p.grad is not None]
        if not bool(torch.isfinite(torch.nn.utils.get_total_norm(gradients) + loss)):
            raise FloatingPointError("the discriminator's loss or gradient")
        self.optimizer.step()

    def _penalty(self, real: Tensor) -> Tensor:
        """Return R1 in float32, because it is differentiated twice."""
        waveform = real.detach().requires_grad_()
        logits = [maps[-1] for maps in self.discriminator.feature_maps(waveform)]
        return gradient_penalty(waveform, logits)

    def _share_real(self, logits: list[Tensor], pair: WaveformPair) -> Tensor:
        """Return the share of patches classified as real, among those with their middle after the prompt."""
        threshold, samples = 0.5 if self.config.loss == "least-squares" else 0.0, pair.real.shape[1]
        after_prompt = [
            each.detach()[:, patches_in_prompt(each.shape[1], samples, pair.prompt_length) :]
            for each in logits
        ]
        return mean_over_discriminators([(each > threshold).float().mean() for each in after_prompt])

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

    def generator_loss(self, fake: Tensor, real: Tensor | None = None) -> Tensor:
        """Return the generator's adversarial loss, unweighted; the discriminators get no gradient.

        Args:
            fake: (batch, samples), the generator's sound; carries its gradient.
            real: (batch, samples), real sound, whose feature maps are the target if `feature_weight` is above
                0. For the kinds `maps` and `spectrum` it is the sound that each fake one replaces, for
                `statistics` any real sound.
        """
        config = self.config
        self.discriminator.requires_grad_(False)
        with self.compute.autocast():
            fake_maps = self.discriminator.feature_maps(fake)
        losses = [
            adversarial_loss(maps[-1].float(), kind=config.loss, saturating=config.saturating)
            for maps in fake_maps
        ]
        loss = mean_over_discriminators(losses)
        if not config.feature_weight:
            return loss
        assert real is not None, "feature matching needs real sound"
        if config.features == "spectrum":
            return loss + config.feature_weight * spectral_distance(real, fake)
        with self.compute.autocast(), torch.no_grad():
            real_maps = self.discriminator.feature_maps(real)
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

    def tensors(self) -> TensorFiles:
        """Return all that `restore` needs, for a checkpoint."""
        return {
            "adversary": self.discriminator.state_dict(),
            "adversary-optimizer": optimizer_tensors(self.optimizer),
            "adversary-progress": {
                "seen": torch.tensor(self.updates),
                "right": torch.tensor(self.accuracy, dtype=torch.float64),
            },
        }

    def restore(self, tensors: TensorFiles) -> None:
        """Load the tensors of a checkpoint; checkpoints of older versions lack `adversary-progress`."""
        self.discriminator.load_state_dict(tensors["adversary"])
        restore_optimizer(self.optimizer, tensors["adversary-optimizer"])
        progress = tensors.get("adversary-progress", {})
        self.updates = int(progress.get("seen", torch.tensor(0)))
        self.accuracy = float(progress.get("right", torch.tensor(0.5)))
