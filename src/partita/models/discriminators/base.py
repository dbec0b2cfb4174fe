"""What all discriminators have in common: parts that hear a waveform and say, place by place, whether it is
real.

Layout: waveforms (batch, samples); feature maps (batch, time, ...), whatever else they have; logits (batch,
patches). This file does not know what a part looks at.
"""

from abc import ABC, abstractmethod

from jaxtyping import Float
from torch import Tensor, nn

from partita.errors import PartitaError


class SubDiscriminator(nn.Module, ABC):
    """A discriminator with one series of logits: feature maps come out, the logits last.

    Each clip of a batch is judged by itself, but for batch normalisation in training.
    """

    @property
    @abstractmethod
    def receptive_field(self) -> int:
        """Samples from the first to the last that one logit sees, without what normalisation sees besides."""

    @property
    @abstractmethod
    def shortest(self) -> int:
        """Samples of the shortest waveform that has a logit."""

    @abstractmethod
    def forward(self, waveform: Float[Tensor, "batch samples"]) -> list[Tensor]:
        """Return the feature maps, (batch, time, ...), and last the logits of being real, (batch, patches).

        Args:
            waveform: (batch, samples), float in [-1, 1].

        Raises:
            PartitaError: the waveform is shorter than `shortest`.
        """

    @property
    def fields(self) -> list[int]:
        """The receptive field of each of its parts: here there is one."""
        return [self.receptive_field]

    def verdicts(self, waveform: Float[Tensor, "batch samples"]) -> list[list[Tensor]]:
        """Return what each of its parts says: here there is one."""
        return [self(waveform)]


class DiscriminatorEnsemble(nn.Module):
    """Several parts that hear the same waveform, each for itself: their losses are averaged.

    Args:
        parts: in order.

    >>> import torch
    >>> from partita.models.discriminators.patchgan import PatchGAN, PatchGANConfig
    >>> panel = DiscriminatorEnsemble([PatchGAN(PatchGANConfig(layers=layers)) for layers in (3, 4)])
    >>> panel.receptive_field, panel.shortest
    (94, 32)
    >>> [maps[-1].shape[1] for maps in panel(torch.zeros(1, 80))]
    [9, 4]
    """

    def __init__(self, parts: list[SubDiscriminator]) -> None:
        super().__init__()
        self.parts = nn.ModuleList(parts)
        self.fields = [part.receptive_field for part in parts]
        self.receptive_field = max(self.fields)
        self.shortest = max(part.shortest for part in parts)

    def forward(self, waveform: Float[Tensor, "batch samples"]) -> list[list[Tensor]]:
        """Return the feature maps of each part, its logits last."""
        return [part(waveform) for part in self.parts]

    def verdicts(self, waveform: Float[Tensor, "batch samples"]) -> list[list[Tensor]]:
        """Return what each of its parts says."""
        said: list[list[Tensor]] = self(waveform)
        return said


Discriminator = SubDiscriminator | DiscriminatorEnsemble


def demand_samples(waveform: Tensor, least: int, who: str) -> None:
    """Refuse a waveform that is too short.

    >>> import torch
    >>> demand_samples(torch.zeros(1, 5), 64, "a discriminator of 5 layers")
    Traceback (most recent call last):
    ...
    partita.errors.PartitaError: the waveform has 5 samples: a discriminator of 5 layers needs at least 64; \
lengthen `targets` or choose a smaller shape
    """
    if waveform.shape[1] < least:
        raise PartitaError(
            f"the waveform has {waveform.shape[1]} samples: {who} needs at least {least}; lengthen `targets`"
            " or choose a smaller shape"
        )
