"""The critic: a larger model of the same recordings that judges the student's clips by their likelihood.

    reward of a sample: r_t = log p_critic(x_t | x_<t) - log p_g(x_t | x_<t)

Its sum's expectation over the student's own clips is -KL(p_g || p_critic), so training on it is on-policy
distillation (Agarwal et al. 2024, GKD; Gu et al. 2024, MiniLLM), and if the critic were the process that
made the data, the exact reverse divergence would fall. How its verdict becomes a loss is in `distillation`;
how it may go on learning, in `correction`.
"""

import hashlib

import torch
from jaxtyping import Float, Int
from torch import Tensor

from partita.device import ComputeDevice
from partita.errors import PartitaError
from partita.models.wavenet import WaveNet
from partita.runs.loading import load
from partita.training.config.train import CriticConfig, TrainConfig
from partita.training.judges.correction import Correction


class Critic:
    """A trained model that judges, and how much the generator listens to it.

    Args:
        model: on the device of `where` from here on; it changes only if it is to go on learning.
        where: device and precision.
        config: its weight, and whether it goes on learning.

    >>> from partita.models.sizes import SIZES
    >>> model = WaveNet(SIZES["tiny"], generator=torch.Generator().manual_seed(0))
    >>> critic = Critic(model, ComputeDevice(torch.device("cpu"), False), CriticConfig(weight=2.0, ramp=0.5))
    >>> critic.weight(0.25)
    1.0
    >>> critic.logits(torch.full((2, model.receptive_field), 128), torch.full((2, 3), 200)).shape
    torch.Size([2, 3, 256])
    """

    def __init__(self, model: WaveNet, where: ComputeDevice, config: CriticConfig) -> None:
        self.model = model.to(where.device).eval().requires_grad_(False)
        self.compute, self.config = where, config
        self.fingerprint = _fingerprint(model)
        """What tells the weights that it began with from others, as a checkpoint keeps it: 32 bytes."""
        self._correction: Correction | None = None
        if config.learning_rate:
            self._correction = Correction(self.model, where, learning_rate=config.learning_rate)

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
        with self.compute.autocast():
            logits: Tensor = self.model(inputs)
        return logits.float()

    def weight(self, progress: float) -> float:
        """Return the weight of its loss at a point of the run, 0 to 1."""
        ramp = self.config.ramp
        return self.config.weight * (min(1.0, progress / ramp) if ramp else 1.0)

    def correction(self, step: int) -> Correction | None:
        """Return what teaches it, if that is asked for and it is this update's turn, counted from 1."""
        return None if (step - 1) % self.config.update_every else self._correction

    def tensors(self) -> dict[str, dict[str, Tensor]]:
        """Return what it has learnt, for a checkpoint."""
        return {} if self._correction is None else self._correction.tensors()

    def restore(self, tensors: dict[str, dict[str, Tensor]]) -> None:
        """Go on from a checkpoint's tensors."""
        if self._correction is not None:
            self._correction.restore(tensors)


def _fingerprint(model: WaveNet) -> Tensor:
    digest = hashlib.sha256()
    for name, value in sorted(model.state_dict().items()):
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
    if loaded.quantizer != config.quantizer:
        raise PartitaError(
            f"the critic {config.critic.run} has {loaded.quantizer.classes} {loaded.quantizer.kind} classes,"
            f" the run {config.quantizer.classes} {config.quantizer.kind}: name a run with the same"
        )
    if loaded.sample_rate != sample_rate:
        raise PartitaError(
            f"the critic {config.critic.run} has `sample_rate` {loaded.sample_rate}, the corpus"
            f" {sample_rate}: name a run that was trained at the same rate"
        )
    return loaded.model
