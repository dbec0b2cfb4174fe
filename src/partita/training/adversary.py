"""The adversary: a discriminator with its optimizer, what it learns, and what it tells the generator.

It sees waveforms only. It does not know where fakes come from, and it never touches the generator.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from partita.models.patchgan import PatchGAN
from partita.runs.checkpoint import optimizer_tensors, restore_optimizer
from partita.seeds import torch_stream
from partita.training.config import AdversaryConfig
from partita.training.device import Machine
from partita.training.objectives import adversarial_loss, discriminator_loss
from partita.training.rollout import Rollout


class Adversary:
    """A discriminator in training.

    Args:
        config: its shape, losses and rates.
        seed: the run's seed; the initial weights have a stream of their own.
        machine: where and how precisely to compute.
    """

    def __init__(self, config: AdversaryConfig, *, seed: int, machine: Machine) -> None:
        self.config = config
        self.machine = machine
        network = PatchGAN(config.patchgan, generator=torch_stream(seed, "adversary"))
        self.discriminator = network.to(machine.device).train()
        self.optimizer = torch.optim.Adam(
            self.discriminator.parameters(), lr=config.learning_rate, betas=(config.beta1, 0.999)
        )

    def learn(self, first: Rollout, again: Callable[[], Rollout]) -> dict[str, Tensor]:
        """Make k updates and return the last one's numbers, not synchronised.

        Args:
            first: what the first update sees.
            again: called for each further update: fresh draws on the same windows.

        Returns:
            `discriminator_loss`, and `discriminator_real` and `discriminator_fake`, the shares of patches
            taken for real.

        Raises:
            FloatingPointError: a loss or gradient is not finite; that update is not made.
        """
        self.discriminator.requires_grad_(True)
        for number in range(self.config.updates):
            seen = first if number == 0 else again()
            with self.machine.autocast():
                real, fake = self._logits(seen)
            loss = discriminator_loss(real, fake, kind=self.config.loss)
            self.optimizer.zero_grad(set_to_none=True)
            torch.autograd.backward(loss)
            gradients = [p.grad for p in self.discriminator.parameters() if p.grad is not None]
            if not bool(torch.isfinite(torch.nn.utils.get_total_norm(gradients) + loss)):
                raise FloatingPointError("the discriminator's loss or gradient")
            self.optimizer.step()
        threshold = 0.0 if self.config.loss == "log" else 0.5
        return {
            "discriminator_loss": loss.detach(),
            "discriminator_real": (real.detach() > threshold).float().mean(),
            "discriminator_fake": (fake.detach() > threshold).float().mean(),
        }

    def _logits(self, seen: Rollout) -> tuple[Tensor, Tensor]:
        """Return the logits on real and on fake sound, in one pass where clips don't influence each other."""
        if self.config.patchgan.normalisation == "batch":
            return self.discriminator(seen.real)[-1].float(), self.discriminator(seen.fake.detach())[
                -1
            ].float()
        logits = self.discriminator(torch.cat([seen.real, seen.fake.detach()]))[-1].float()
        real, fake = logits.chunk(2)
        return real, fake

    def judge(self, fake: Tensor) -> Tensor:
        """Return the generator's adversarial loss, unweighted; the gradient goes to `fake` and stops short of
        D."""
        self.discriminator.requires_grad_(False)
        with self.machine.autocast():
            logits = self.discriminator(fake)[-1]
        return adversarial_loss(logits.float(), kind=self.config.loss, saturating=self.config.saturating)

    def weight(self, progress: float) -> float:
        """Return lambda_adv at a point of the run, 0 to 1: it rises over the ramp.

        >>> cpu = Machine(torch.device("cpu"), False)
        >>> Adversary(AdversaryConfig(weight=0.1, ramp=0.5), seed=0, machine=cpu).weight(0.25)
        0.05
        """
        if self.config.ramp == 0.0:
            return self.config.weight
        return self.config.weight * min(1.0, progress / self.config.ramp)

    def tensors(self) -> dict[str, dict[str, Tensor]]:
        """Return all that `restore` needs, for a checkpoint."""
        return {
            "adversary": self.discriminator.state_dict(),
            "adversary-optimizer": optimizer_tensors(self.optimizer),
        }

    def restore(self, tensors: dict[str, dict[str, Tensor]]) -> None:
        """Go on from a checkpoint's tensors."""
        self.discriminator.load_state_dict(tensors["adversary"])
        restore_optimizer(self.optimizer, tensors["adversary-optimizer"])
