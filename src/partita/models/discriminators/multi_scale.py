"""The multi-scale waveform discriminator: one network at each of several sample rates.

Layout: waveforms (batch, samples), feature maps (batch, time, channels). This file does not know losses.

Source: Kumar et al. 2019, "MelGAN", section 2.2. Theirs has grouped convolutions of kernel 41 and up to 1,024
channels; these are dense, of kernel 12 and up to 128 channels, which needs a seventh of the time on a CPU.
"""

from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from partita.checks import MOST_CHANNELS, check_counts
from partita.models.discriminators.base import SubDiscriminator, check_min_samples
from partita.models.discriminators.layers import ConvLayer, ConvStack, ConvStackConfig, check_normalisation

STRIDE = 4
FIRST_KERNEL_SIZE = 15


@dataclass(frozen=True, kw_only=True)
class MultiScaleConfig:
    """The shape of a multi-scale waveform discriminator.

    Raises:
        PartitaError: a field is out of its range.

    >>> MultiScaleConfig().min_samples
    1024
    """

    scales: int = 3
    """Sub-discriminators; each works at half the sample rate of the one before."""
    layers: int = 4
    """Convolutions of kernel 12 and stride 4 in each sub-discriminator."""
    channels: int = 16
    """Channels of the first convolution; each further one has twice as many, up to `most_channels`."""
    most_channels: int = 128
    """The most channels of a convolution."""
    normalisation: str = "group"
    """`group` (groups of 16 channels, separate for each clip) or `none`."""

    def __post_init__(self) -> None:
        """Check the ranges of all fields."""
        most = {"scales": 8, "layers": 8, "channels": MOST_CHANNELS, "most_channels": MOST_CHANNELS}
        check_counts(self, most)
        check_normalisation(self.normalisation)

    @cached_property
    def min_samples(self) -> int:
        """Samples of the shortest waveform for which every scale has a logit."""
        return int(STRIDE**self.layers) << (self.scales - 1)

    @cached_property
    def conv_layers(self) -> tuple[ConvLayer, ...]:
        """The convolutions of each sub-discriminator, without the last one, which makes the logits.

        >>> [layer.width for layer in MultiScaleConfig().conv_layers]
        [16, 32, 64, 128, 128, 128]
        """
        widths = [min(self.channels << layer, self.most_channels) for layer in range(self.layers + 1)]
        strided = [ConvLayer(3 * STRIDE, STRIDE, width) for width in widths[1:]]
        return (ConvLayer(FIRST_KERNEL_SIZE, 1, widths[0]), *strided, ConvLayer(5, 1, widths[-1]))


class ScaleDiscriminator(SubDiscriminator):
    """One scale: halve the sample rate `halvings` times, then convolve.

    Each halving is a mean over 4 samples with stride 2, as in MelGAN.

    Args:
        config: the shape of the whole multi-scale discriminator.
        halvings: how often the sample rate is halved; 0 for the first scale.
        spectral_norm: whether every weight is divided by its largest singular value.
        generator: the random stream of the initial weights; None takes PyTorch's global one.

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
        shape = ConvStackConfig(
            config.conv_layers, normalisation=config.normalisation, spectral_norm=spectral_norm
        )
        self.halvings = halvings
        self.chain = ConvStack(shape, generator=generator)  # checkpoints name tensors by this attribute

    @property
    def receptive_fields(self) -> list[int]:
        """Samples that one logit depends on: each halving doubles them and adds 2."""
        seen = self.chain.config.receptive_field
        for _ in range(self.halvings):
            seen = 2 * seen + 2
        return [seen]

    @property
    def min_samples(self) -> int:
        """Samples of the shortest waveform that has a logit."""
        return self.chain.config.hop << self.halvings

    def forward(self, waveform: Float[Tensor, "batch samples"]) -> list[Tensor]:
        """Return the feature maps, (batch, time, channels), and last the logits, (batch, patches)."""
        check_min_samples(
            waveform, self.min_samples, f"a multi-scale discriminator, halved {self.halvings} times,"
        )
        slower = waveform
        for _ in range(self.halvings):
            slower = functional.avg_pool1d(slower, kernel_size=4, stride=2, padding=1)
        maps: list[Tensor] = self.chain(slower)
        return maps


def multi_scale(
    config: MultiScaleConfig, *, spectral_norm: bool = False, generator: torch.Generator | None = None
) -> list[SubDiscriminator]:
    """Return one sub-discriminator for each scale.

    >>> [part.receptive_field for part in multi_scale(MultiScaleConfig())]
    [2486, 4974, 9950]
    """
    return [
        ScaleDiscriminator(config, halvings=halvings, spectral_norm=spectral_norm, generator=generator)
        for halvings in range(config.scales)
    ]
