"""The multi-period waveform discriminator: each part hears every p-th sample, for a p of its own.

Layout: waveforms (batch, samples), feature maps (batch, time, period, channels). This file does not know
losses.

Source: Kong et al. 2020, "HiFi-GAN", section 2.3. Theirs has up to 1,024 channels, here there are up to 128.
"""

from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from partita.models.bounds import MOST_CHANNELS, counts, several
from partita.models.discriminators.base import SubDiscriminator, demand_samples
from partita.models.discriminators.layers import Chain, ChainConfig, Link, check_normalisation

STRIDE = 3
MOST_PERIOD = 4096


@dataclass(frozen=True, kw_only=True)
class MultiPeriodConfig:
    """The shape of a multi-period waveform discriminator.

    Raises:
        PartitaError: a field is out of its range.

    >>> MultiPeriodConfig().shortest
    891
    """

    periods: tuple[int, ...] = (2, 3, 5, 7, 11)
    """The parts: each sees every p-th sample. Primes share the fewest."""
    layers: int = 4
    """Convolutions of kernel 5 and stride 3 over those."""
    channels: int = 16
    """Channels of the first; each further one has twice as many, up to `most_channels`."""
    most_channels: int = 128
    """Where the doubling ends."""
    normalisation: str = "group"
    """`group` (groups of 16 channels, each clip, and each of its p phases, by itself) or `none`."""

    def __post_init__(self) -> None:
        """Refuse shapes that are no network."""
        several("periods", self.periods, 1, MOST_PERIOD)
        counts(self, {"layers": 8, "channels": MOST_CHANNELS, "most_channels": MOST_CHANNELS})
        check_normalisation(self.normalisation)

    @cached_property
    def shortest(self) -> int:
        """Samples of the shortest waveform in which every part's phases have a logit."""
        return int(STRIDE**self.layers) * max(self.periods)

    @cached_property
    def links(self) -> tuple[Link, ...]:
        """The convolutions of each part, but for the last.

        >>> [link.width for link in MultiPeriodConfig().links]
        [16, 32, 64, 128, 128]
        """
        widths = [min(self.channels << layer, self.most_channels) for layer in range(self.layers)]
        return (*(Link(5, STRIDE, width) for width in widths), Link(5, 1, widths[-1]))


class PeriodDiscriminator(SubDiscriminator):
    """One period p: the waveform folded into rows of p samples, a chain of convolutions down each column.

    The last row is filled up with silence.

    Args:
        config: the whole discriminator's shape.
        period: p.
        spectral_norm: whether every weight is divided by its largest singular value.
        generator: the random stream of the initial weights.

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
        shape = ChainConfig(config.links, normalisation=config.normalisation, spectral_norm=spectral_norm)
        self.period = period
        self.chain = Chain(shape, generator=generator)

    @property
    def receptive_field(self) -> int:
        """Samples from the first to the last that one logit sees; it sees one in p of them."""
        return (self.chain.config.receptive_field - 1) * self.period + 1

    @property
    def shortest(self) -> int:
        """Samples of the shortest waveform in which every phase has a logit."""
        return self.chain.config.hop * self.period

    def forward(self, waveform: Float[Tensor, "batch samples"]) -> list[Tensor]:
        """Return the feature maps, and the logits, (batch, patches), last; see `SubDiscriminator`."""
        demand_samples(waveform, self.shortest, f"a multi-period discriminator of period {self.period}")
        batch, samples = waveform.shape
        filled = functional.pad(waveform, (0, -samples % self.period))
        columns = filled.view(batch, -1, self.period).transpose(1, 2).flatten(0, 1)
        said = self.chain(columns)
        *maps, logits = (one.unflatten(0, (batch, self.period)).transpose(1, 2) for one in said)
        return [*maps, logits.flatten(1)]


def multi_period(
    config: MultiPeriodConfig, *, spectral_norm: bool = False, generator: torch.Generator | None = None
) -> list[SubDiscriminator]:
    """Return the parts, one a period.

    >>> [part.receptive_field for part in multi_period(MultiPeriodConfig())]
    [1293, 1939, 3231, 4523, 7107]
    """
    return [
        PeriodDiscriminator(config, period=period, spectral_norm=spectral_norm, generator=generator)
        for period in config.periods
    ]
