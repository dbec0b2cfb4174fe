"""The multi-resolution spectral discriminator: one network for each of several short-time Fourier transforms.

Layout: waveforms (batch, samples), feature maps (batch, frames, bins, channels); inside (batch, channels,
frames, bins), with the channels last in memory. This file does not know losses.

Source: Jang et al. 2021, "UnivNet", section 2.3 (magnitudes); Defossez et al. 2022, "EnCodec", section 3.4
and appendix A (complex, strides along frequency, dilations along time). Theirs have 32 channels, here there
are 16.
"""

from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from partita.errors import PartitaError
from partita.models.bounds import MOST_CHANNELS, counts, several
from partita.models.discriminators.base import SubDiscriminator, demand_samples
from partita.models.discriminators.layers import LAST, bounds, check_normalisation, normalisation, scaled
from partita.models.discriminators.patchgan import SLOPE

OVERLAP = 4
TIMES = 3
BINS = 8
STRIDE = 2
MOST_SIZE = 1 << 16
FLOOR = 1e-6
"""Power below which a bin counts as silent: white noise of -60 dB under full scale."""


@dataclass(frozen=True, kw_only=True)
class MultiResolutionConfig:
    """The shape of a multi-resolution spectral discriminator.

    Raises:
        PartitaError: a field is out of its range.

    >>> MultiResolutionConfig().shortest
    1024
    """

    sizes: tuple[int, ...] = (256, 512, 1024)
    """Samples in the window of each part's transform, multiples of 8; its frames lie a quarter of that
    apart."""
    view: str = "log-magnitude"
    """`log-magnitude`, or `complex`: the real and the imaginary part, and so the phases too."""
    layers: int = 3
    """Convolutions of 3 frames by 8 bins that halve the bins; the frames lie 1, 2, 4, ... apart."""
    channels: int = 16
    """Channels of all of them."""
    normalisation: str = "group"
    """`group` (groups of 16 channels, each clip by itself) or `none`."""

    def __post_init__(self) -> None:
        """Refuse shapes that are no network."""
        counts(self, {"layers": 15, "channels": MOST_CHANNELS})
        least = 2 * STRIDE**self.layers
        several("sizes", self.sizes, 8, MOST_SIZE)
        if min(self.sizes) < least or any(size % 8 for size in self.sizes):
            raise PartitaError(
                f"`sizes` is {self.sizes}: give one or more multiples of 8, each at least {max(8, least)}"
            )
        if self.view not in ("log-magnitude", "complex"):
            raise PartitaError(f"`view` is {self.view!r}: choose one of log-magnitude, complex")
        check_normalisation(self.normalisation)

    @property
    def shortest(self) -> int:
        """Samples of the shortest waveform that fills every window."""
        return max(self.sizes)

    @cached_property
    def frames(self) -> int:
        """Frames that one logit sees: each layer adds two of its dilation, and the last convolution two."""
        return 1 + (TIMES - 1) * sum(1 << layer for layer in range(self.layers)) + 2


class ResolutionDiscriminator(SubDiscriminator):
    """One transform, then convolutions over frames and bins, then one logit for each place in both.

        log-magnitude:  h_0 = ln(1 + |X|^2 / floor) / 2;   complex:  h_0 = (re X, im X)
        h_l = leaky(norm(conv(h_l-1)));                    logits = conv(h_n), 3 frames by 3 bins

    X is brought to the scale at which white noise of variance s^2 has the power s^2 in every bin.

    Args:
        config: the whole discriminator's shape.
        size: samples in a window.
        spectral_norm: whether every weight is divided by its largest singular value.
        generator: the random stream of the initial weights.

    >>> part = ResolutionDiscriminator(MultiResolutionConfig(layers=2), size=64)
    >>> [tuple(features.shape) for features in part(torch.zeros(1, 256))]
    [(1, 16, 16, 16), (1, 16, 8, 16), (1, 128)]
    """

    window: Tensor

    def __init__(
        self,
        config: MultiResolutionConfig,
        *,
        size: int,
        spectral_norm: bool = False,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.config, self.size = config, size
        window = torch.hann_window(size)
        self.register_buffer("window", window / window.norm(), persistent=False)
        widths = [2 if config.view == "complex" else 1] + [config.channels] * config.layers
        self.kernels = nn.ParameterList(
            scaled(config.channels, inner, TIMES, BINS, generator=generator) for inner in widths[:-1]
        )
        self.biases = nn.ParameterList(torch.zeros(config.channels) for _ in widths[1:])
        self.normalisations = nn.ModuleList(
            normalisation(config.normalisation, config.channels) for _ in widths[2:]
        )
        self.last = nn.Parameter(LAST * scaled(1, config.channels, TIMES, 3, generator=generator))
        self.last_bias = nn.Parameter(torch.zeros(1))
        self.bounds = bounds([*self.kernels, self.last], on=spectral_norm, generator=generator)

    @property
    def hop(self) -> int:
        """Samples from one frame to the next."""
        return self.size // OVERLAP

    @property
    def receptive_field(self) -> int:
        """Samples that one logit sees; the window's first is 0, and so is not among them."""
        return (self.config.frames - 1) * self.hop + self.size - 1

    @property
    def shortest(self) -> int:
        """Samples of the shortest waveform that is taken: one window."""
        return self.size

    def forward(self, waveform: Float[Tensor, "batch samples"]) -> list[Tensor]:
        """Return the feature maps, and the logits, (batch, patches), last; see `SubDiscriminator`."""
        demand_samples(waveform, self.shortest, f"a spectral discriminator of size {self.size}")
        hidden = self.spectrum(waveform).contiguous(memory_format=torch.channels_last)
        maps = []
        for layer, (kernel, bias) in enumerate(zip(self.kernels, self.biases, strict=True)):
            apart = 1 << layer
            hidden = functional.conv2d(
                hidden,
                self.bounds[layer](kernel),
                bias,
                stride=(1, STRIDE),
                padding=(apart, (BINS - STRIDE) // 2),
                dilation=(apart, 1),
            )
            if layer > 0:
                hidden = self.normalisations[layer - 1](hidden)
            hidden = functional.leaky_relu(hidden, SLOPE)
            maps.append(hidden.permute(0, 2, 3, 1))
        logits = functional.conv2d(hidden, self.bounds[-1](self.last), self.last_bias, padding=1)
        return [*maps, logits.flatten(1)]

    def spectrum(self, waveform: Float[Tensor, "batch samples"]) -> Tensor:
        """Return the transform as the network sees it, (batch, 1 or 2, frames, bins)."""
        around = (self.size - self.hop) // 2
        padded = functional.pad(waveform, (around, self.size - self.hop - around))
        spectrum = torch.view_as_real(
            torch.stft(
                padded, self.size, self.hop, window=self.window, center=False, return_complex=True
            ).transpose(1, 2)
        )
        if self.config.view == "complex":
            return spectrum.permute(0, 3, 1, 2)
        power = spectrum.square().sum(3)
        return torch.log1p(power / FLOOR)[:, None] / 2


def spectral(
    config: MultiResolutionConfig, *, spectral_norm: bool = False, generator: torch.Generator | None = None
) -> list[SubDiscriminator]:
    """Return the parts, one a size.

    >>> [part.receptive_field for part in spectral(MultiResolutionConfig())]
    [1279, 2559, 5119]
    """
    return [
        ResolutionDiscriminator(config, size=size, spectral_norm=spectral_norm, generator=generator)
        for size in config.sizes
    ]
