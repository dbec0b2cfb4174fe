"""Training of a critic as a discriminator: it learns to tell drawn clips from the real continuations.

Both kinds of clips continue the same real pasts. The logit after n samples is the log-ratio of two
likelihoods:

    logit_n = sum over t <= n of log p_c(x_t | x_<t) - log p_g(x_t | x_<t)
    L_D = mean over n of E_real[softplus(-logit_n)] + E_drawn[softplus(logit_n)],   n = 8, 16, 32, ... samples

p_c is the critic, p_g the generator. The critic starts as a trained model, and the optimum is p_c = p_data
for every generator. After few samples the two kinds of clips are hard to tell apart and every clip
contributes to the gradient; after many samples only misclassified clips do.

The generator's weights are only read. This file does not know how the critic's probabilities are used.

Source: Deng et al. 2020 (residual energy models); Grover and Ermon 2018, section 3 (a ratio of likelihoods).
"""

import torch
from jaxtyping import Float
from torch import Tensor

from partita.device import ComputeDevice
from partita.models.wavenet import WaveNet
from partita.runs.optimizer_state import optimizer_tensors, restore_optimizer
from partita.training.judges.base import ClipBatch, TensorFiles, drawn_logits
from partita.training.losses.gan import discriminator_loss
from partita.training.losses.likelihood import sample_nats
from partita.training.losses.ratio import logit_positions

GRAD_CLIP = 1.0
"""The largest norm of a gradient: a clip misclassified after many samples has a very large one."""


class CriticTrainer:
    """A critic's optimizer and its updates.

    Args:
        critic: the model; its weights are changed in place.
        compute: device and precision.
        learning_rate: of Adam.

    >>> from partita.models.sizes import SIZES
    >>> critic, model = (WaveNet(SIZES["tiny"], generator=torch.Generator().manual_seed(n)) for n in (0, 1))
    >>> trainer = CriticTrainer(critic, ComputeDevice(torch.device("cpu"), False), learning_rate=1e-4)
    >>> past, real, drawn = (torch.full((2, n), 128) for n in (model.receptive_field, 9, 9))
    >>> sorted(trainer.update(model, ClipBatch(past, real, drawn)))
    ['discriminator_fake', 'discriminator_loss', 'discriminator_real']
    """

    def __init__(self, critic: WaveNet, compute: ComputeDevice, *, learning_rate: float) -> None:
        self.critic, self.compute = critic, compute
        self.optimizer = torch.optim.Adam(critic.parameters(), lr=learning_rate)

    def update(self, generator: WaveNet, clips: ClipBatch) -> dict[str, Tensor]:
        """Make one update and return its numbers, not synchronised.

        Args:
            generator: drew the clips.
            clips: their pasts are at least as long as either model's receptive field.

        Returns:
            `discriminator_loss`; `discriminator_real` and `discriminator_fake`, the shares of logits that
            classify a clip as real.

        Raises:
            FloatingPointError: the loss or a gradient is not finite; the critic is not updated.
        """
        model = self.critic.requires_grad_(True)
        try:
            real, fake = self._logits(generator, clips.both()).chunk(2)
            loss = discriminator_loss(real, fake)
            self.optimizer.zero_grad(set_to_none=True)
            torch.autograd.backward(loss)
            norm = torch.nn.utils.clip_grad_norm_(model.parameters(), GRAD_CLIP)
            if not bool(torch.isfinite(norm + loss)):
                raise FloatingPointError("the critic's loss or gradient")
            self.optimizer.step()
        finally:
            model.requires_grad_(False)
        return {
            "discriminator_loss": loss.detach(),
            "discriminator_real": (real.detach() > 0).float().mean(),
            "discriminator_fake": (fake.detach() > 0).float().mean(),
        }

    def _logits(self, generator: WaveNet, clips: ClipBatch) -> Float[Tensor, "clips logits"]:
        """Return the log-ratio of each drawn clip's first 8, 16, ... samples."""
        sound = clips.drawn
        with torch.no_grad(), self.compute.autocast():
            generator_logits = drawn_logits(generator, clips)
        with self.compute.autocast():
            critic_logits = drawn_logits(self.critic, clips)
        log_ratio = (sample_nats(generator_logits, sound) - sample_nats(critic_logits, sound)).cumsum(1)
        return log_ratio[:, logit_positions(sound.shape[1])]

    def tensors(self) -> TensorFiles:
        """Return all that `restore` needs, for a checkpoint."""
        return {
            "critic": dict(self.critic.state_dict()),
            "critic-optimizer": optimizer_tensors(self.optimizer),
        }

    def restore(self, tensors: TensorFiles) -> None:
        """Load the tensors of a checkpoint."""
        self.critic.load_state_dict(tensors["critic"])
        restore_optimizer(self.optimizer, tensors["critic-optimizer"])
