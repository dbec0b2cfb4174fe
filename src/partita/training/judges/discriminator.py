"""The adversary: discriminators with their optimizer, what they learn, and what they tell the generator.

It sees waveforms only. It does not know where fakes come from, and it never touches the generator.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from partita.device import ComputeDevice
from partita.models.discriminators.ensemble import make_discriminator
from partita.runs.optimizer_state import optimizer_tensors, restore_optimizer
from partita.seeds import torch_stream
from partita.training.config.adversary import AdversaryConfig
from partita.training.judges.rewards import patches_within
from partita.training.losses.gan import (
    adversarial_loss,
    discriminator_loss,
    feature_matching,
    feature_statistics,
    gradient_penalty,
    over_parts,
)
from partita.training.rollouts.teacher_forced import Rollout

MEMORY = 0.9  # of the running mean of what it tells right: about ten updates


class DiscriminatorJudge:
    """Discriminators in training.

    Args:
        config: their shapes, losses and rates.
        seed: the run's seed; the initial weights have a stream of their own.
        compute: where and how precisely to compute.
    """

    def __init__(self, config: AdversaryConfig, *, seed: int, compute: ComputeDevice) -> None:
        self.config = config
        self.compute = compute
        network = make_discriminator(config, generator=torch_stream(seed, "adversary"))
        self.discriminator = network.to(compute.device).train()
        self.optimizer = torch.optim.Adam(
            self.discriminator.parameters(), lr=config.learning_rate, betas=(config.beta1, 0.999)
        )
        self.seen = 0  # updates that were due, made or skipped
        self.right = 0.5  # the share of patches past the prompt told right, a running mean

    def learn(self, first: Rollout, again: Callable[[], Rollout]) -> dict[str, Tensor]:
        """Make k updates and return the last one's numbers, not synchronised.

        Args:
            first: what the first update sees.
            again: called for each further update: fresh draws on the same windows.

        Returns:
            `discriminator_loss`, without the penalty, `discriminator_real` and `discriminator_fake`, the
            shares of patches past the prompt taken for real; and, where updates may be skipped,
            `discriminator_skipped`, the share of these k.

        Raises:
            FloatingPointError: a loss or gradient is not finite; that update is not made.
        """
        self.discriminator.requires_grad_(True)
        skipped = 0
        for number in range(self.config.updates):
            seen = first if number == 0 else again()
            with self.compute.autocast():
                real, fake = self._logits(seen)
            pairs = zip(real, fake, strict=True)
            loss = over_parts([discriminator_loss(*pair, kind=self.config.loss) for pair in pairs])
            shares = self._share_real(real, seen), self._share_real(fake, seen)
            if self._tells_enough(*shares):
                skipped += 1
            else:
                self._step(loss, seen.real)
            self.seen += 1
            self.right += (1 - MEMORY) * (float(shares[0] + 1 - shares[1]) / 2 - self.right)
        numbers = {
            "discriminator_loss": loss.detach(),
            "discriminator_real": shares[0],
            "discriminator_fake": shares[1],
        }
        if self.config.max_accuracy < 1.0:
            numbers["discriminator_skipped"] = shares[0].new_tensor(skipped / self.config.updates)
        return numbers

    def _step(self, loss: Tensor, real: Tensor) -> None:
        if self.config.r1 and self.seen % self.config.r1_every == 0:
            loss = loss + self.config.r1 / 2 * self.config.r1_every * self._penalty(real)
        self.optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        gradients = [p.grad for p in self.discriminator.parameters() if p.grad is not None]
        if not bool(torch.isfinite(torch.nn.utils.get_total_norm(gradients) + loss)):
            raise FloatingPointError("the discriminator's loss or gradient")
        self.optimizer.step()

    def _penalty(self, real: Tensor) -> Tensor:
        """Return R1, in float32: it is a gradient's gradient."""
        waveform = real.detach().requires_grad_()
        logits = [maps[-1] for maps in self.discriminator.feature_maps(waveform)]
        return gradient_penalty(waveform, logits)

    def _share_real(self, logits: list[Tensor], seen: Rollout) -> Tensor:
        """Return the share of patches that are taken for real, of those whose middle is past the prompt."""
        threshold, samples = 0.5 if self.config.loss == "least-squares" else 0.0, seen.real.shape[1]
        parts = [said.detach()[:, patches_within(said.shape[1], samples, seen.prompt) :] for said in logits]
        return over_parts([(said > threshold).float().mean() for said in parts])

    def _tells_enough(self, real: Tensor, fake: Tensor) -> bool:
        """Say whether this update is to be skipped."""
        return self.config.max_accuracy < 1.0 and bool((real + 1 - fake) / 2 > self.config.max_accuracy)

    def _logits(self, seen: Rollout) -> tuple[list[Tensor], list[Tensor]]:
        """Return each part's logits on real and on fake sound, in one pass where clips don't influence each
        other."""
        fake = seen.fake.detach()
        if "patchgan" in self.config.discriminators and self.config.patchgan.normalisation == "batch":
            heard = [self.discriminator.feature_maps(one) for one in (seen.real, fake)]
            first, second = ([maps[-1].float() for maps in parts] for parts in heard)
            return first, second
        together = self.discriminator.feature_maps(torch.cat([seen.real, fake]))
        halves = [maps[-1].float().chunk(2) for maps in together]
        return [half[0] for half in halves], [half[1] for half in halves]

    def judge(self, fake: Tensor, real: Tensor | None = None) -> Tensor:
        """Return the generator's adversarial loss, unweighted; the gradient goes to `fake` and stops short of
        D.

        Args:
            fake: (batch, samples), the generator's sound.
            real: (batch, samples) real sound, which the feature maps are compared with; without `features`
                nobody listens to it. For `maps` it is what each fake stands for, for `statistics` any.
        """
        config = self.config
        self.discriminator.requires_grad_(False)
        with self.compute.autocast():
            heard = self.discriminator.feature_maps(fake)
        logits = [maps[-1].float() for maps in heard]
        loss = over_parts(
            [adversarial_loss(said, kind=config.loss, saturating=config.saturating) for said in logits]
        )
        if not config.feature_weight:
            return loss
        assert real is not None, "feature maps are compared with real sound's"
        with self.compute.autocast(), torch.no_grad():
            wanted = self.discriminator.feature_maps(real)
        distance = feature_statistics if config.features == "statistics" else feature_matching
        return loss + config.feature_weight * distance(wanted, heard)

    @property
    def listened_to(self) -> bool:
        """Whether the generator listens: D has warmed up, and tells more right than `min_accuracy`."""
        warm = self.seen >= self.config.warmup
        return warm and (self.config.min_accuracy == 0.0 or self.right > self.config.min_accuracy)

    def weight(self, progress: float) -> float:
        """Return lambda_adv at a point of the run, 0 to 1: 0 while nobody listens, and it rises over the
        ramp.

        >>> cpu = ComputeDevice(torch.device("cpu"), False)
        >>> DiscriminatorJudge(AdversaryConfig(weight=0.1, ramp=0.5), seed=0, compute=cpu).weight(0.25)
        0.05
        """
        if not self.listened_to:
            return 0.0
        if self.config.ramp == 0.0:
            return self.config.weight
        return self.config.weight * min(1.0, progress / self.config.ramp)

    def tensors(self) -> dict[str, dict[str, Tensor]]:
        """Return all that `restore` needs, for a checkpoint."""
        return {
            "adversary": self.discriminator.state_dict(),
            "adversary-optimizer": optimizer_tensors(self.optimizer),
            "adversary-progress": {
                "seen": torch.tensor(self.seen),
                "right": torch.tensor(self.right, dtype=torch.float64),
            },
        }

    def restore(self, tensors: dict[str, dict[str, Tensor]]) -> None:
        """Go on from a checkpoint's tensors; older ones have no progress, nor anything that asks for it."""
        self.discriminator.load_state_dict(tensors["adversary"])
        restore_optimizer(self.optimizer, tensors["adversary-optimizer"])
        progress = tensors.get("adversary-progress", {})
        self.seen = int(progress.get("seen", torch.tensor(0)))
        self.right = float(progress.get("right", torch.tensor(0.5)))
