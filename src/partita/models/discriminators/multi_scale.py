"""The multi-scale waveform discriminator: one network at each of several rates.

Layout: waveforms (batch, samples), feature maps (batch, time, channels). This file does not know losses.

Source: Kumar et al. 2019, "MelGAN", section 2.2. Theirs has grouped convolutions of kernel 41 and up to 1,024
channels; here they are dense, of kernel 12 and up to 128 channels, which takes a CPU a seventh of the time.
"""

from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from partita.models.bounds import MOST_CHANNELS, counts
from partita.models.discriminators.base import SubDiscriminator, demand_samples
from partita.models.discriminators.layers import Chain, ChainConfig, Link, check_normalisation

STRIDE = 4
FIRST_TAPS = 15


@dataclass(frozen=True, kw_only=True)
class MultiScaleConfig:
    """The shape of a multi-scale waveform discriminator.

    Raises:
        PartitaError: a field is out of its range.

    >>> MultiScaleConfig().shortest
    1024
    """

    scales: int = 3
    """Parts; each hears half the rate of the one before."""
    layers: int = 4
    """Convolutions of kernel 12 and stride 4 in each part."""
    channels: int = 16
    """Channels of the first convolution; each further one has twice as many, up to `most_channels`."""
    most_channels: int = 128
    """Where the doubling ends."""
    normalisation: str = "group"
    """`group` (groups of 16 channels, each clip by itself) or `none`."""

    def __post_init__(self) -> None:
        """Refuse shapes that are no network."""
        most = {"scales": 8, "layers": 8, "channels": MOST_CHANNELS, "most_channels": MOST_CHANNELS}
        counts(self, most)
        check_normalisation(self.normalisation)

    @cached_property
    def shortest(self) -> int:
        """Samples of the shortest waveform in which every part has a logit."""
        return int(STRIDE**self.layers) << (self.scales - 1)

    @cached_property
    def links(self) -> tuple[Link, ...]:
        """The convolutions of each part, but for the last.

        >>> [link.width for link in MultiScaleConfig().links]
        [16, 32, 64, 128, 128, 128]
        """
        widths = [min(self.channels << layer, self.most_channels) for layer in range(self.layers + 1)]
        strided = [Link(3 * STRIDE, STRIDE, width) for width in widths[1:]]
        return (Link(FIRST_TAPS, 1, widths[0]), *strided, Link(5, 1, widths[-1]))


class ScaleDiscriminator(SubDiscriminator):
    """One scale: halve the rate so many times, then a chain of convolutions.

    Each halving is a mean of 4 samples at a stride of 2, as MelGAN's.

    Args:
        config: the whole discriminator's shape.
        halvings: 0 for the first part.
        spectral_norm: whether every weight is divided by its largest singular value.
        generator: the random stream of the initial weights.

    >>> part = ScaleDiscriminator(MultiScaleConfig(layers=2), halvings=1)
    >>> [tuple(features.shape) for features in part(torch.zeros(1, 256))]
    [(1, 128, 16), (1, 32, 32), (1, 8, 64), (1, 8, 64), (1, 8)]
    """

    def __init__(
        self,
        config: MultiScaleConfig,
        *,
        halvings: int,
        spectral_norm: bool = False,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        shape = ChainConfig(config.links, normalisation=config.normalisation, spectral_norm=spectral_norm)
        self.halvings = halvings
        self.chain = Chain(shape, generator=generator)

    @property
    def receptive_field(self) -> int:
        """Samples that one logit sees: each halving doubles them and adds 2."""
        seen = self.chain.config.receptive_field
        for _ in range(self.halvings):
            seen = 2 * seen + 2
        return seen

    @property
    def shortest(self) -> int:
        """Samples of the shortest waveform that has a logit."""
        return self.chain.config.hop << self.halvings

    def forward(self, waveform: Float[Tensor, "batch samples"]) -> list[Tensor]:
        """Return the feature maps, and the logits, (batch, patches), last; see `SubDiscriminator`."""
        demand_samples(waveform, self.shortest, f"a multi-scale discriminator, halved {self.halvings} times,")
        slower = waveform
        for _ in range(self.halvings):
            slower = functional.avg_pool1d(slower, kernel_size=4, stride=2, padding=1)
        said: list[Tensor] = self.chain(slower)
        return said


def multi_scale(
    config: MultiScaleConfig, *, spectral_norm: bool = False, generator: torch.Generator | None = None
) -> list[SubDiscriminator]:
    """Return the parts, one a scale.

    >>> [part.receptive_field for part in multi_scale(MultiScaleConfig())]
    [2486, 4974, 9950]
    """
    return [
        ScaleDiscriminator(config, halvings=halvings, spectral_norm=spectral_norm, generator=generator)
        for halvings in range(config.scales)
    ]
