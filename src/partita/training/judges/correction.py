"""A critic that goes on as a discriminator: from what it knows of the recordings it learns the correction
that tells the generator's clips from real ones.

Both kinds of clips continue the same real pasts, so after n samples the best discriminator's logit is the
log-ratio of two conditional probabilities, and that of two autoregressive models has the right form:

    logit_n = sum over t <= n of log p_c(x_t | x_<t) - log p_g(x_t | x_<t)
    L_D = mean over n of E_real[softplus(-logit_n)] + E_drawn[softplus(logit_n)],   n = 8, 16, 32, ... samples

It is a discriminator that has learnt before its first update, and whose best state is p_c = p_data, whatever
the generator is: the likelihood's goal, pursued where the generator goes. After few samples the two kinds are
hard to tell and teach most; after many the logit is far from 0 and only mistakes teach.

It never touches the generator, and does not know how its verdict is used.

Source: Deng et al. 2020 (residual energy models); Grover and Ermon 2018, section 3 (a ratio of likelihoods).
"""

import torch
from jaxtyping import Int
from torch import Tensor

from partita.device import ComputeDevice
from partita.models.wavenet import WaveNet
from partita.runs.optimizer_state import optimizer_tensors, restore_optimizer
from partita.training.losses.gan import discriminator_loss
from partita.training.losses.likelihood import sample_nats

SHORTEST = 8  # samples after which a clip is judged first
LARGEST_NORM = 1.0  # of a gradient: a mistake after many samples would have any


class Correction:
    """What teaches a critic.

    Args:
        critic: the model; it changes from here on.
        where: device and precision.
        learning_rate: Adam's.

    >>> from partita.models.sizes import SIZES
    >>> critic, model = (WaveNet(SIZES["tiny"], generator=torch.Generator().manual_seed(n)) for n in (0, 1))
    >>> correction = Correction(critic, ComputeDevice(torch.device("cpu"), False), learning_rate=1e-4)
    >>> past, real, drawn = (torch.full((2, n), 128) for n in (model.receptive_field, 9, 9))
    >>> sorted(correction.learn(model, past, real, drawn))
    ['discriminator_fake', 'discriminator_loss', 'discriminator_real']
    """

    def __init__(self, critic: WaveNet, where: ComputeDevice, *, learning_rate: float) -> None:
        self.critic, self.compute = critic, where
        self.optimizer = torch.optim.Adam(critic.parameters(), lr=learning_rate)

    def learn(
        self,
        generator: WaveNet,
        past: Int[Tensor, "clips before"],
        real: Int[Tensor, "clips time"],
        drawn: Int[Tensor, "clips time"],
    ) -> dict[str, Tensor]:
        """Make an update and return its numbers, not synchronised.

        Args:
            generator: whose clips they are; its weights are only read.
            past: classes before both, at least the receptive field of either.
            real: what really follows.
            drawn: what the generator made of it.

        Returns:
            `discriminator_loss`, and `discriminator_real` and `discriminator_fake`, the shares of judgements
            that take a clip for real.

        Raises:
            FloatingPointError: the loss or a gradient is not finite; the critic has not moved.
        """
        model = self.critic.requires_grad_(True)
        try:
            logits = self._logits(generator, torch.cat([past, past]), torch.cat([real, drawn]))
            true, fake = logits.chunk(2)
            loss = discriminator_loss(true, fake)
            self.optimizer.zero_grad(set_to_none=True)
            torch.autograd.backward(loss)
            norm = torch.nn.utils.clip_grad_norm_(model.parameters(), LARGEST_NORM)
            if not bool(torch.isfinite(norm + loss)):
                raise FloatingPointError("the critic's loss or gradient")
            self.optimizer.step()
        finally:
            model.requires_grad_(False)
        shares = {"real": true, "fake": fake}
        return {"discriminator_loss": loss.detach()} | {
            f"discriminator_{name}": (said.detach() > 0).float().mean() for name, said in shares.items()
        }

    def _logits(self, generator: WaveNet, past: Tensor, sound: Tensor) -> Tensor:
        """Return the log-ratio of each clip's first 8, 16, ... samples, (clips, n)."""
        inputs = torch.cat([past, sound[:, :-1]], 1)
        before = past.shape[1]
        with torch.no_grad(), self.compute.autocast():
            ours = generator(inputs[:, before - generator.receptive_field :])
        with self.compute.autocast():
            theirs = self.critic(inputs[:, before - self.critic.receptive_field :])
        along = (sample_nats(ours, sound) - sample_nats(theirs, sound)).cumsum(1)
        return along[:, horizons(sound.shape[1])]

    def tensors(self) -> dict[str, dict[str, Tensor]]:
        """Return all that `restore` needs, for a checkpoint."""
        return {
            "critic": dict(self.critic.state_dict()),
            "critic-optimizer": optimizer_tensors(self.optimizer),
        }

    def restore(self, tensors: dict[str, dict[str, Tensor]]) -> None:
        """Go on from a checkpoint's tensors."""
        self.critic.load_state_dict(tensors["critic"])
        restore_optimizer(self.optimizer, tensors["critic-optimizer"])


def horizons(length: int) -> list[int]:
    """Return the positions in a clip up to which it is judged.

    >>> horizons(40), horizons(5)
    ([7, 15, 31, 39], [4])
    """
    found, reach = [], SHORTEST
    while reach < length:
        found.append(reach - 1)
        reach *= 2
    return [*found, length - 1]
