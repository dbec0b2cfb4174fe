"""The critic: a larger likelihood model of the same recordings, as a judge of clips.

    reward of a sample: r_t = log p_critic(x_t | x_<t) - log p_g(x_t | x_<t)

The expectation of its sum over the generator's own clips is -KL(p_g || p_critic), so training on it is
on-policy distillation (Agarwal et al. 2024, GKD; Gu et al. 2024, MiniLLM). `losses/distillation.py` has the
loss, `critic_trainer.py` the critic's own training. This file does not know how clips are drawn.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from partita.audio.features.layout import same_frames
from partita.device import ComputeDevice
from partita.errors import PartitaError
from partita.models.heads.choice import CATEGORICAL
from partita.models.wavenet import WaveNet
from partita.runs.loading import LoadedModel, load
from partita.training.config.train import CriticConfig, TrainConfig
from partita.training.judges.base import (
    ClipBatch,
    GeneratorLoss,
    TensorFiles,
    drawn_logits,
    weights_fingerprint,
)
from partita.training.judges.critic_trainer import CriticTrainer
from partita.training.losses.distillation import distillation_loss, kl_divergences
from partita.training.losses.likelihood import sample_nats


class CriticJudge:
    """A `Judge` that compares the generator's probabilities with those of a trained model.

    Args:
        model: the critic. It is moved to the device of `compute`, and is trained if the config has a
            `learning_rate` above 0.
        compute: device and precision.
        config: weight, discount, and whether the critic is trained.

    >>> from partita.models.sizes import SIZES
    >>> model = WaveNet(SIZES["tiny"], generator=torch.Generator().manual_seed(0))
    >>> cpu = ComputeDevice(torch.device("cpu"), False)
    >>> critic = CriticJudge(model, cpu, CriticConfig(weight=2.0, ramp=0.5))
    >>> critic.weight(0.25)
    1.0
    """

    def __init__(self, model: WaveNet, compute: ComputeDevice, config: CriticConfig) -> None:
        self.model = model.to(compute.device).eval().requires_grad_(False)
        self.compute, self.config = compute, config
        self.fingerprint = weights_fingerprint(model)
        """The SHA-256 digest of the weights before any training, (32,) uint8."""
        self.trainer: CriticTrainer | None = None
        if config.learning_rate:
            self.trainer = CriticTrainer(self.model, compute, learning_rate=config.learning_rate)

    @property
    def context(self) -> int:
        """The critic's receptive field, samples."""
        return self.model.receptive_field

    @property
    def relative(self) -> bool:
        """Whether the weight is a share of the norm of the likelihood's gradient."""
        return self.config.relative

    @property
    def active(self) -> bool:
        """Whether the generator learns from the critic: always."""
        return True

    def weight(self, progress: float) -> float:
        """Return the weight of the loss, which rises linearly over the ramp.

        Args:
            progress: the finished share of the run, 0 to 1.
        """
        ramp = self.config.ramp
        return self.config.weight * (min(1.0, progress / ramp) if ramp else 1.0)

    def drawer(self, generator: WaveNet, *, step: int) -> WaveNet:
        """Return the generator, which draws the clips itself."""
        return generator

    def update(self, generator: WaveNet, clips: ClipBatch, *, step: int) -> dict[str, Tensor]:
        """Train the critic every `config.update_every` steps, if it is trained; see `Judge.update`."""
        if self.trainer is None or (step - 1) % self.config.update_every:
            return {}
        return self.trainer.update(generator, clips)

    def generator_loss(self, generator: WaveNet, clips: ClipBatch) -> GeneratorLoss:
        """Return the distillation loss; see `Judge.generator_loss`."""
        with self.compute.autocast():
            logits = drawn_logits(generator, clips)
        nats = sample_nats(logits, clips.drawn)
        divergences = kl_divergences(logits.float(), self._logits(clips))
        loss = distillation_loss(divergences, nats, discount=self.config.discount)
        return GeneratorLoss(loss, logits, {"reward": -divergences.detach().mean()})

    @torch.no_grad()
    def _logits(self, clips: ClipBatch) -> Float[Tensor, "clips length classes"]:
        """Return the critic's logits for every drawn sample, in float32."""
        with self.compute.autocast():
            logits = drawn_logits(self.model, clips)
        return logits.float()

    def tensors(self) -> TensorFiles:
        """Return all that `restore` needs, for a checkpoint."""
        trained = {} if self.trainer is None else self.trainer.tensors()
        return {"rollout": {"critic": self.fingerprint}} | trained

    def restore(self, tensors: TensorFiles) -> None:
        """Load the tensors of a checkpoint.

        Raises:
            PartitaError: the critic's initial weights are not those with which the checkpoint was saved.
        """
        if not torch.equal(tensors["rollout"]["critic"], self.fingerprint):
            raise PartitaError(
                f"the critic {self.config.run} has changed since this run was saved: put back the critic that"
                " the run began with, or begin a new run"
            )
        if self.trainer is not None:
            self.trainer.restore(tensors)


def load_critic(config: TrainConfig, sample_rate: int) -> WaveNet | None:
    """Load the model that a config names as its critic; None if the config has no critic.

    Args:
        config: of the generator's run.
        sample_rate: of the generator's corpus, Hz.

    Raises:
        PartitaError: the config names no run, the run can't be read, or its classes or sample rate differ, or
            it is given other frames than the generator.

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
            f" the run {config.quantizer.classes} {config.quantizer.kind}: give a run with the same classes"
        )
    if loaded.model.config.head != CATEGORICAL:
        raise PartitaError(
            f"the critic {config.critic.run} has the head `{loaded.model.config.head}`, which has no logits"
            " of classes: give a run with the head `categorical`"
        )
    if loaded.sample_rate != sample_rate:
        raise PartitaError(
            f"the critic {config.critic.run} has `sample_rate` {loaded.sample_rate}, the corpus"
            f" {sample_rate}: give a run that was trained at the same rate"
        )
    _check_condition(loaded, config)
    return loaded.wavenet


def _check_condition(critic: LoadedModel, config: TrainConfig) -> None:
    """Refuse a critic that needs frames which the generator's clips do not have."""
    needed, own = critic.model.config.condition, config.network_shape.condition
    unresolved = own is None and config.condition != ("none",)
    if needed is not None and not same_frames(needed, own) and not unresolved:
        assert config.critic is not None
        raise PartitaError(
            f"the critic {config.critic.run} is given other features or labels than this run: give a critic"
            " that was trained with the same `--condition`, or with `--condition none`"
        )
