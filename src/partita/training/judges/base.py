"""The `Judge` protocol, and what a judge is given: clips as classes, or pairs of waveforms.

This file does not know any judge.
"""

import hashlib
from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from partita.models.conditioning.conditions import Conditions
from partita.models.wavenet import WaveNet

TensorFiles = dict[str, dict[str, Tensor]]
"""Tensors of a checkpoint: file name without suffix -> tensor name -> tensor."""


@dataclass(frozen=True)
class ClipBatch:
    """Real pasts, each with its real continuation and with the one that the generator drew.

    Args:
        past: (clips, context) real classes.
        real: (clips, length) the real classes that follow.
        drawn: (clips, length) the classes that the generator drew after the same past.
        conditions: the frames around each clip, with `start` at the first sample of its past; or None.

    >>> clips = ClipBatch(torch.tensor([[1, 2, 3]]), torch.tensor([[4]]), torch.tensor([[5]]))
    >>> clips.prompt_tail(2).tolist()
    [[2, 3]]
    """

    past: Int[Tensor, "clips context"]
    real: Int[Tensor, "clips length"]
    drawn: Int[Tensor, "clips length"]
    conditions: Conditions | None = None

    def conditions_of(self, past: int) -> Conditions | None:
        """Return the conditions of the clips with the last `past` samples before them."""
        return None if self.conditions is None else self.conditions.shifted(self.past.shape[1] - past)

    def rows(self, index: Int[Tensor, " rows"]) -> "ClipBatch":
        """Return some of the clips."""
        conditions = None if self.conditions is None else self.conditions.rows(index)
        return ClipBatch(self.past[index], self.real[index], self.drawn[index], conditions)

    def both(self) -> "ClipBatch":
        """Return the real continuations as if they were drawn, then the drawn ones."""
        twice = torch.arange(len(self.past), device=self.past.device).repeat(2)
        return replace(self.rows(twice), drawn=torch.cat([self.real, self.drawn]))

    def prompt_tail(self, samples: int) -> Int[Tensor, "clips samples"]:
        """Return the last `samples` classes of each past."""
        return self.past[:, self.past.shape[1] - samples :]


@dataclass(frozen=True)
class WaveformPair:
    """Real and fake waveforms of the same windows or clips, both on the quantizer's grid.

    Args:
        real: (batch, time), float in [-1, 1].
        fake: (batch, time), float in [-1, 1]; may carry the generator's gradient.
        prompt_length: samples at the start that are real in both; discriminators are not scored on them.
    """

    real: Float[Tensor, "batch time"]
    fake: Float[Tensor, "batch time"]
    prompt_length: int = 0


class GeneratorLoss(NamedTuple):
    """A judge's loss for the generator, and what was computed on the way.

    Args:
        loss: scalar, unweighted; carries the generator's gradient.
        logits: (clips, length, classes), the generator's logits for the drawn samples.
        numbers: named scalars for the metrics.
    """

    loss: Tensor
    logits: Tensor
    numbers: dict[str, Tensor]


class Judge(Protocol):
    """Scores the clips that a generator draws, learns from them, and gives the generator a loss.

    One update of the generator calls `update`, then `generator_loss` if the judge is `active`, and adds the
    gradient of that loss, scaled by `weight`, to the gradient of the likelihood loss.
    """

    @property
    def context(self) -> int:
        """Real samples before a clip that the judge needs."""

    @property
    def relative(self) -> bool:
        """Whether `weight` is a share of the norm of the likelihood's gradient, or else a plain factor."""

    @property
    def active(self) -> bool:
        """Whether the generator learns from the judge now; if not, `generator_loss` need not be computed."""

    def drawer(self, generator: WaveNet, *, step: int) -> WaveNet:
        """Return the network that draws the clips: mostly the generator itself.

        Args:
            generator: the network that learns.
            step: the number of the generator's update, counted from 1.
        """

    def update(self, generator: WaveNet, clips: ClipBatch, *, step: int) -> dict[str, Tensor]:
        """Let the judge learn from clips.

        Args:
            generator: drew the clips; its weights are only read.
            clips: real and drawn.
            step: the number of the generator's update, counted from 1.

        Returns:
            named scalars for the metrics, not synchronised.

        Raises:
            FloatingPointError: the judge's loss or gradient is not finite; the judge is not updated.
        """

    def generator_loss(self, generator: WaveNet, clips: ClipBatch) -> GeneratorLoss:
        """Return the loss whose gradient makes the generator's clips better, by the judge's scores."""

    def weight(self, progress: float) -> float:
        """Return the weight of the loss; `progress` is the finished share of the run, 0 to 1."""

    def tensors(self) -> TensorFiles:
        """Return all that `restore` needs, for a checkpoint."""

    def restore(self, tensors: TensorFiles) -> None:
        """Load the tensors of a checkpoint."""


def weights_fingerprint(model: nn.Module) -> Tensor:
    """Return the SHA-256 digest of the weights of a network, (32,) uint8.

    >>> weights_fingerprint(nn.Linear(1, 1)).shape
    torch.Size([32])
    """
    digest = hashlib.sha256()
    for name, value in sorted(model.state_dict().items()):
        digest.update(name.encode() + value.cpu().numpy().tobytes())
    return torch.tensor(list(digest.digest()), dtype=torch.uint8)


def stored_classes(classes: Tensor, count: int) -> Tensor:
    """Return classes in the type in which a checkpoint stores them.

    Args:
        classes: any shape.
        count: the number of classes that there are.

    >>> stored_classes(torch.tensor([65535]), 65536).item()
    65535
    """
    return classes.to(torch.int16 if count <= 1 << 15 else torch.int32)


def drawn_logits(model: WaveNet, clips: ClipBatch) -> Float[Tensor, "clips length classes"]:
    """Return a model's logits for every drawn sample, given the samples before it, by one forward pass.

    Args:
        model: the generator or a critic.
        clips: their pasts are at least as long as the model's receptive field.

    >>> from partita.models.sizes import SIZES
    >>> model = WaveNet(SIZES["tiny"], generator=torch.Generator().manual_seed(0))
    >>> past, three = torch.full((2, model.receptive_field), 128), torch.full((2, 3), 200)
    >>> drawn_logits(model, ClipBatch(past, three, three)).shape
    torch.Size([2, 3, 256])
    """
    past = model.receptive_field
    inputs = torch.cat([clips.prompt_tail(past), clips.drawn[:, :-1]], 1)
    logits: Tensor = model(inputs, clips.conditions_of(past))
    return logits
