"""What training changes of any model: the network, its average, its optimizer, random states, the frame tier.

This file knows no losses, corpora, files, schedules or clocks.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

import torch
from torch import Tensor, nn

from partita.data.windows import WindowBatch
from partita.device import ComputeDevice, compute_device
from partita.models.choice import WAVENET
from partita.models.conditioning.conditions import Conditions
from partita.models.heads.choice import CATEGORICAL
from partita.runs.optimizer_state import optimizer_tensors, restore_optimizer
from partita.seeds import torch_stream
from partita.training.config.train import TrainConfig
from partita.training.judges.base import TensorFiles
from partita.training.steps.ema import EMA
from partita.training.steps.optimizer import make_optimizer
from partita.training.tiers.frame_tier import FrameTier

NetworkT = TypeVar("NetworkT", bound=nn.Module)


@dataclass(frozen=True)
class StepInfo:
    """What the schedule says about one update.

    Args:
        step: the number of the update, counted from 1.
        learning_rate: of the generator.
        progress: the finished share of the run, 0 to 1.
    """

    step: int
    learning_rate: float
    progress: float


class Learner(ABC, Generic[NetworkT]):
    """A generator with all that training changes; a subclass adds the losses and, if there is one, the judge.

    Args:
        network: the generator with its initial weights; it is moved to the device.
        config: the run's config.
        compute: device and precision; by default from the config.
    """

    def __init__(self, network: NetworkT, config: TrainConfig, compute: ComputeDevice | None) -> None:
        compute = compute or compute_device(config.device, usual_precision(config))
        self.config, self.compute = config, compute
        self.generator: NetworkT = network.to(compute.device).train()
        self.ema = EMA(self.generator, decay=config.ema_decay) if config.ema_decay else None
        self.optimizer = make_optimizer(self.generator, config, bfloat16=compute.bfloat16)
        self.frame_tier: FrameTier | None = None
        """The network that draws frames, if the run has two tiers."""
        if config.frames.model is not None:
            self.frame_tier = FrameTier(config.frames, seed=config.seed, compute=compute)
        self.rng = torch_stream(config.seed, "rollout")

    @property
    @abstractmethod
    def context(self) -> int:
        """Samples that windows need before the first target."""

    @abstractmethod
    def update(
        self, classes: Tensor, valid: Tensor, info: StepInfo, conditions: Conditions | None = None
    ) -> dict[str, Tensor]:
        """Update the judge, if there is one, then the generator.

        Args:
            classes: (batch, context + targets) int64, on the device.
            valid: (batch, targets) bool, on the device.
            info: number and rates of the update.
            conditions: the frames around `classes`, for a generator with a condition.

        Returns:
            named scalars, not synchronised: the losses, and `gradient_norm`.

        Raises:
            FloatingPointError: a loss or gradient is not finite; the message names it. The generator is not
                updated.
        """

    @abstractmethod
    def scores(self, network: NetworkT, windows: Iterable[WindowBatch]) -> dict[str, float]:
        """Return scores of a network on held-out windows, the one that decides first; lower is better.

        Args:
            network: the generator, or its average.
            windows: held-out windows whose context is `score_context`.

        Returns:
            empty if the model has no such score.
        """

    @property
    @abstractmethod
    def multiply_adds(self) -> int | None:
        """Those of scoring a held-out sample, of all networks; None if the model has no such score."""

    @property
    def score_context(self) -> int:
        """Samples that held-out windows need before the first target."""
        return self.context

    def step(self, info: StepInfo) -> Tensor:
        """Clip the gradients, step the optimizer and update the average; return the norm of the gradients.

        Args:
            info: number and rates of the update.

        Raises:
            FloatingPointError: the gradient is not finite; the generator is not updated.
        """
        norm = nn.utils.clip_grad_norm_(self.generator.parameters(), self.config.grad_clip or math.inf)
        check_finite(norm, "the generator's gradient")
        for group in self.optimizer.param_groups:
            group["lr"] = info.learning_rate
        self.optimizer.step()
        if self.ema is not None:
            self.ema.update(self.generator, info.step)
        return norm

    @property
    def best_model(self) -> NetworkT:
        """The network to score and to draw from: the EMA, if there is one, otherwise the generator."""
        return self.generator if self.ema is None else self.ema.model

    def tensors(self) -> TensorFiles:
        """Return all that `restore` needs, for a checkpoint: file name -> tensor name -> tensor."""
        tensors = {
            "generator": dict(self.generator.state_dict()),
            "optimizer": optimizer_tensors(self.optimizer),
            "random": {"rollout": self.rng.get_state()},
        }
        if self.frame_tier is not None:
            tensors |= self.frame_tier.tensors()
        if self.ema is not None:
            tensors["average"] = dict(self.ema.model.state_dict())
        return tensors

    def restore(self, tensors: TensorFiles) -> None:
        """Load the tensors of a checkpoint."""
        self.generator.load_state_dict(tensors["generator"])
        restore_optimizer(self.optimizer, tensors["optimizer"])
        self.rng.set_state(tensors["random"]["rollout"])
        if self.frame_tier is not None:
            self.frame_tier.restore(tensors)
        if self.ema is not None:
            self.ema.model.load_state_dict(tensors["average"])

    def begin_from(self, weights: dict[str, Tensor]) -> None:
        """Load another run's weights into the generator and the EMA; the optimizer keeps its state."""
        self.generator.load_state_dict(weights)
        if self.ema is not None:
            self.ema.model.load_state_dict(weights)


def usual_precision(config: TrainConfig) -> str:
    """Return the precision of a run: `auto` is float32 for all but probabilities of classes.

    bfloat16 would round means and waveforms to many bins.

    Args:
        config: the run's config.

    >>> usual_precision(TrainConfig()), usual_precision(TrainConfig(head="gaussian"))
    ('auto', 'float32')
    """
    fine = config.model != WAVENET or config.network_shape.head != CATEGORICAL
    return "float32" if fine and config.precision == "auto" else config.precision


def check_finite(value: Tensor, name: str) -> None:
    """Raise an error if a number is not finite.

    Args:
        value: a scalar.
        name: what it is, for the message.

    Raises:
        FloatingPointError: it is not finite.

    >>> check_finite(torch.tensor(1.0), "the loss")
    """
    if not bool(torch.isfinite(value)):
        raise FloatingPointError(name)
