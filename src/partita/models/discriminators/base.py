"""The interface of all discriminators.

Layout: waveforms (batch, samples); feature maps (batch, time, ...); logits (batch, patches). This file does
not know any architecture.
"""

from abc import ABC, abstractmethod

from jaxtyping import Float
from torch import Tensor, nn

from partita.errors import PartitaError


class Discriminator(nn.Module, ABC):
    """One or several sub-discriminators that judge the same waveform patch by patch.

    The clips of a batch do not influence each other, except by batch normalisation in training mode.
    """

    @property
    @abstractmethod
    def receptive_fields(self) -> list[int]:
        """Samples that one logit depends on, for each sub-discriminator; see `SubDiscriminator`."""

    @property
    @abstractmethod
    def min_samples(self) -> int:
        """Samples of the shortest waveform for which every sub-discriminator has a logit."""

    @abstractmethod
    def feature_maps(self, waveform: Float[Tensor, "batch samples"]) -> list[list[Tensor]]:
        """Return the feature maps of each sub-discriminator, its logits last.

        Args:
            waveform: (batch, samples), float in [-1, 1].

        Returns:
            for each sub-discriminator the maps, (batch, time, ...), then the logits, (batch, patches).

        Raises:
            PartitaError: the waveform is shorter than `min_samples`.
        """

    @property
    def receptive_field(self) -> int:
        """The largest of `receptive_fields`, samples."""
        return max(self.receptive_fields)


class SubDiscriminator(Discriminator):
    """A discriminator with one set of logits.

    Subclasses define `forward`, `min_samples` and `receptive_fields`. The latter has one entry: the distance
    from the first to the last sample that one logit depends on, both included. The samples that normalisation
    averages over do not count.
    """

    @abstractmethod
    def forward(self, waveform: Float[Tensor, "batch samples"]) -> list[Tensor]:
        """Return the feature maps, (batch, time, ...), and last the logits of being real, (batch, patches).

        Args:
            waveform: (batch, samples), float in [-1, 1].

        Raises:
            PartitaError: the waveform is shorter than `min_samples`.
        """

    def feature_maps(self, waveform: Float[Tensor, "batch samples"]) -> list[list[Tensor]]:
        """Return the feature maps of the only sub-discriminator, its logits last."""
        return [self(waveform)]


def check_min_samples(waveform: Tensor, least: int, name: str) -> None:
    """Raise an error if a waveform has too few samples.

    Args:
        waveform: (batch, samples).
        least: the fewest samples.
        name: of the discriminator, for the message.

    Raises:
        PartitaError: the waveform has fewer samples than `least`.

    >>> import torch
    >>> check_min_samples(torch.zeros(1, 5), 64, "a discriminator of 5 layers")
    Traceback (most recent call last):
    ...
    partita.errors.PartitaError: the waveform has 5 samples: a discriminator of 5 layers needs at least 64; \
lengthen `targets` or choose a smaller shape
    """
    if waveform.shape[1] < least:
        raise PartitaError(
            f"the waveform has {waveform.shape[1]} samples: {name} needs at least {least}; lengthen `targets`"
            " or choose a smaller shape"
        )
