"""The multi-period waveform discriminator: each sub-discriminator reads every p-th sample, for its own p.

Layout: waveforms (batch, samples), feature maps (batch, time, period, channels). This file does not know
losses.

Source: Kong et al. 2020, "HiFi-GAN", section 2.3. Theirs has up to 1,024 channels, this one up to 128.
"""

from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from partita.checks import MOST_CHANNELS, check_counts, check_list
from partita.models.discriminators.base import SubDiscriminator, check_min_samples
from partita.models.discriminators.layers import ConvLayer, ConvStack, ConvStackConfig, check_normalisation

STRIDE = 3
MOST_PERIOD = 4096


@dataclass(frozen=True, kw_only=True)
class MultiPeriodConfig:
    """The shape of a multi-period waveform discriminator.

    Raises:
        PartitaError: a field is out of its range.

    >>> MultiPeriodConfig().min_samples
    891
    """

    periods: tuple[int, ...] = (2, 3, 5, 7, 11)
    """The periods p: each sub-discriminator sees every p-th sample. Primes overlap least."""
    layers: int = 4
    """Convolutions of kernel 5 and stride 3 in each sub-discriminator."""
    channels: int = 16
    """Channels of the first convolution; each further one has twice as many, up to `most_channels`."""
    most_channels: int = 128
    """The most channels of a convolution."""
    normalisation: str = "group"
    """`group` (groups of 16 channels, separate for each clip and each of its p phases) or `none`."""

    def __post_init__(self) -> None:
        """Check the ranges of all fields."""
        check_list("periods", self.periods, 1, MOST_PERIOD)
        check_counts(self, {"layers": 8, "channels": MOST_CHANNELS, "most_channels": MOST_CHANNELS})
        check_normalisation(self.normalisation)

    @cached_property
    def min_samples(self) -> int:
        """Samples of the shortest waveform in which every phase of every period has a logit."""
        return int(STRIDE**self.layers) * max(self.periods)

    @cached_property
    def conv_layers(self) -> tuple[ConvLayer, ...]:
        """The convolutions of each sub-discriminator, without the last one, which makes the logits.

        >>> [layer.width for layer in MultiPeriodConfig().conv_layers]
        [16, 32, 64, 128, 128]
        """
        widths = [min(self.channels << layer, self.most_channels) for layer in range(self.layers)]
        return (*(ConvLayer(5, STRIDE, width) for width in widths), ConvLayer(5, 1, widths[-1]))


class PeriodDiscriminator(SubDiscriminator):
    """One period p: fold the waveform into rows of p samples, and convolve along each column.

    The last row is padded with zeros.

    Args:
        config: the shape of the whole multi-period discriminator.
        period: p.
        spectral_norm: whether every weight is divided by its largest singular value.
        generator: the random stream of the initial weights; None takes PyTorch's global one.

    >>> part = PeriodDiscriminator(MultiPeriodConfig(layers=2), period=5)
    >>> [tuple(features.shape) for features in part(torch.zeros(1, 270))]
    [(1, 18, 5, 16), (1, 6, 5, 32), (1, 6, 5, 32), (1, 30)]
    """

    def __init__(
        self,
        config: MultiPeriodConfig,
        *,
        period: int,
        spectral_norm: bool = False,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        shape = ConvStackConfig(
            config.conv_layers, normalisation=config.normalisation, spectral_norm=spectral_norm
        )
        self.period = period
        self.chain = ConvStack(shape, generator=generator)  # checkpoints name tensors by this attribute

    @property
    def receptive_fields(self) -> list[int]:
        """Samples from the first to the last that one logit depends on; it depends on one in p of them."""
        return [(self.chain.config.receptive_field - 1) * self.period + 1]

    @property
    def min_samples(self) -> int:
        """Samples of the shortest waveform in which every phase has a logit."""
        return self.chain.config.hop * self.period

    def forward(self, waveform: Float[Tensor, "batch samples"]) -> list[Tensor]:
        """Return the feature maps, (batch, time, period, channels), and last the logits, (batch, patches).

        The logits are in the order of time.
        """
        check_min_samples(waveform, self.min_samples, f"a multi-period discriminator of period {self.period}")
        batch, samples = waveform.shape
        padded = functional.pad(waveform, (0, -samples % self.period))
        columns = padded.view(batch, -1, self.period).transpose(1, 2).flatten(0, 1)
        of_columns = self.chain(columns)
        *maps, logits = (one.unflatten(0, (batch, self.period)).transpose(1, 2) for one in of_columns)
        return [*maps, logits.flatten(1)]


def multi_period(
    config: MultiPeriodConfig, *, spectral_norm: bool = False, generator: torch.Generator | None = None
) -> list[SubDiscriminator]:
    """Return one sub-discriminator for each period.

    >>> [part.receptive_field for part in multi_period(MultiPeriodConfig())]
    [1293, 1939, 3231, 4523, 7107]
    """
    return [
        PeriodDiscriminator(config, period=period, spectral_norm=spectral_norm, generator=generator)
        for period in config.periods
    ]
