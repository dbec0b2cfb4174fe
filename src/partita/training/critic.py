"""The critic: a larger model of the same recordings that judges the student's clips by their likelihood.

    reward of a sample: r_t = log p_critic(x_t | x_<t) - log p_g(x_t | x_<t)

Its sum's expectation over the student's own clips is -KL(p_g || p_critic), so training on it is on-policy
distillation (Agarwal et al. 2024, GKD; Gu et al. 2024, MiniLLM), and if the critic were the process that
made the data, the exact reverse divergence would fall. How it is used is in `distillation`. The critic is
never trained here, and nothing here changes it.
"""

import hashlib

import torch
from jaxtyping import Float, Int
from torch import Tensor

from partita.errors import PartitaError
from partita.models.wavenet import WaveNet
from partita.runs.loading import load
from partita.training.config import TrainConfig
from partita.training.device import Machine


class Critic:
    """A trained model that judges, never trained here.

    Args:
        model: on the device of `where` from here on.
        where: device and precision.

    >>> from partita.models.sizes import SIZES
    >>> model = WaveNet(SIZES["tiny"], generator=torch.Generator().manual_seed(0))
    >>> critic = Critic(model, Machine(torch.device("cpu"), False))
    >>> critic.logits(torch.full((2, model.receptive_field), 128), torch.full((2, 3), 200)).shape
    torch.Size([2, 3, 256])
    """

    def __init__(self, model: WaveNet, where: Machine) -> None:
        self.model = model.to(where.device).eval().requires_grad_(False)
        self.machine = where

    @property
    def receptive_field(self) -> int:
        """Past samples that it looks at."""
        return self.model.receptive_field

    @torch.no_grad()
    def logits(
        self, past: Int[Tensor, "clips before"], drawn: Int[Tensor, "clips time"]
    ) -> Float[Tensor, "clips time classes"]:
        """Return what the critic expected at every drawn sample, by one pass along the clips.

        Args:
            past: classes before them, at least a receptive field.
            drawn: the clips.
        """
        inputs = torch.cat([past[:, past.shape[1] - self.receptive_field :], drawn[:, :-1]], 1)
        with self.machine.autocast():
            logits: Tensor = self.model(inputs)
        return logits.float()

    def fingerprint(self) -> Tensor:
        """Return what tells these weights from others, as a checkpoint keeps it: 32 bytes."""
        digest = hashlib.sha256()
        for name, value in sorted(self.model.state_dict().items()):
            digest.update(name.encode() + value.cpu().numpy().tobytes())
        return torch.tensor(list(digest.digest()), dtype=torch.uint8)


def load_critic(config: TrainConfig, sample_rate: int) -> WaveNet | None:
    """Return the model that a config names as its critic, or None where it asks for none.

    Args:
        config: of the student's run.
        sample_rate: of the student's corpus, Hz.

    Raises:
        PartitaError: no run is named, it can't be read, or its classes or rate are others.

    >>> load_critic(TrainConfig(), 16000) is None
    True
    """
    if config.critic is None:
        return None
    if config.critic.run is None:
        raise PartitaError(
            "`critic.run` is not given: train a larger model on the same recordings, and name its run,"
            " `--critic.run RUN`"
        )
    loaded = load(config.critic.run)
    if loaded.quantiser != config.quantiser:
        raise PartitaError(
            f"the critic {config.critic.run} has {loaded.quantiser.classes} {loaded.quantiser.kind} classes,"
            f" the run {config.quantiser.classes} {config.quantiser.kind}: name a run with the same"
        )
    if loaded.sample_rate != sample_rate:
        raise PartitaError(
            f"the critic {config.critic.run} has `sample_rate` {loaded.sample_rate}, the corpus"
            f" {sample_rate}: name a run that was trained at the same rate"
        )
    return loaded.model
