"""The multi-resolution spectral discriminator: one network on each of several short-time Fourier transforms.

Layout: waveforms (batch, samples), feature maps (batch, frames, bins, channels); inside (batch, channels,
frames, bins), with the channels last in memory. This file does not know losses.

Source: Jang et al. 2021, "UnivNet", section 2.3 (magnitudes); Defossez et al. 2022, "EnCodec", section 3.4
and appendix A (complex, strides along frequency, dilations along time). Theirs have 32 channels, this
one has 16.
"""

from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from partita.checks import MOST_CHANNELS, check_choice, check_counts, check_list
from partita.errors import PartitaError
from partita.models.discriminators.base import SubDiscriminator, check_min_samples
from partita.models.discriminators.layers import (
    LEAKY_SLOPE,
    LOGIT_SCALE,
    check_normalisation,
    he_normal,
    make_normalisation,
    spectral_norms,
)
from partita.models.discriminators.spectrum import HOPS_PER_WINDOW, log_magnitude, transform, unit_window

FRAME_KERNEL = 3
BIN_KERNEL = 8
BIN_STRIDE = 2
MOST_SIZE = 1 << 16


@dataclass(frozen=True, kw_only=True)
class MultiResolutionConfig:
    """The shape of a multi-resolution spectral discriminator.

    Raises:
        PartitaError: a field is out of its range.

    >>> MultiResolutionConfig().min_samples
    1024
    """

    sizes: tuple[int, ...] = (256, 512, 1024)
    """Window sizes of the transforms, samples, multiples of 8; there is one sub-discriminator for each, and
    its hop is a quarter of the window."""
    view: str = "log-magnitude"
    """The input: `log-magnitude`, or `complex` (real and imaginary part, which includes the phases)."""
    layers: int = 3
    """Convolutions of 3 frames by 8 bins that halve the bins, with dilations of 1, 2, 4, ... frames."""
    channels: int = 16
    """Channels of each convolution."""
    normalisation: str = "group"
    """`group` (groups of 16 channels, separate for each clip) or `none`."""

    def __post_init__(self) -> None:
        """Check the ranges of all fields."""
        check_counts(self, {"layers": 15, "channels": MOST_CHANNELS})
        least = 2 * BIN_STRIDE**self.layers
        check_list("sizes", self.sizes, 8, MOST_SIZE)
        if min(self.sizes) < least or any(size % 8 for size in self.sizes):
            raise PartitaError(
                f"`sizes` is {self.sizes}: give one or more multiples of 8, each at least {max(8, least)}"
            )
        check_choice("view", self.view, ("log-magnitude", "complex"))
        check_normalisation(self.normalisation)

    @property
    def min_samples(self) -> int:
        """Samples of the shortest waveform that fills every window."""
        return max(self.sizes)

    @cached_property
    def frames(self) -> int:
        """Frames that one logit depends on: each layer adds twice its dilation, the last convolution 2."""
        return 1 + (FRAME_KERNEL - 1) * sum(1 << layer for layer in range(self.layers)) + 2


class ResolutionDiscriminator(SubDiscriminator):
    """One transform, then convolutions over frames and bins, then one logit for each frame and bin.

        log-magnitude:  h_0 = ln(1 + |X|^2 / floor) / 2;   complex:  h_0 = (re X, im X)
        h_l = leaky(norm(conv(h_l-1)));                    logits = conv(h_n), 3 frames by 3 bins

    X is scaled so that white noise of variance s^2 has the power s^2 in every bin.

    Args:
        config: the shape of the whole multi-resolution discriminator.
        size: the window, samples.
        spectral_norm: whether every weight is divided by its largest singular value.
        generator: the random stream of the initial weights; None takes PyTorch's global one.

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
        self.register_buffer("window", unit_window(size), persistent=False)
        widths = [2 if config.view == "complex" else 1] + [config.channels] * config.layers
        self.kernels = nn.ParameterList(
            he_normal(config.channels, inner, FRAME_KERNEL, BIN_KERNEL, generator=generator)
            for inner in widths[:-1]
        )
        self.biases = nn.ParameterList(torch.zeros(config.channels) for _ in widths[1:])
        self.normalisations = nn.ModuleList(
            make_normalisation(config.normalisation, config.channels) for _ in widths[2:]
        )
        last = he_normal(1, config.channels, FRAME_KERNEL, 3, generator=generator)
        self.last = nn.Parameter(LOGIT_SCALE * last)
        self.last_bias = nn.Parameter(torch.zeros(1))
        weights = [*self.kernels, self.last]
        self.bounds = spectral_norms(weights, enabled=spectral_norm, generator=generator)

    @property
    def hop(self) -> int:
        """Samples from one frame to the next."""
        return self.size // HOPS_PER_WINDOW

    @property
    def receptive_fields(self) -> list[int]:
        """Samples that one logit depends on; the first weight of the window is 0 and does not count."""
        return [(self.config.frames - 1) * self.hop + self.size - 1]

    @property
    def min_samples(self) -> int:
        """Samples of the shortest waveform: one window."""
        return self.size

    def forward(self, waveform: Float[Tensor, "batch samples"]) -> list[Tensor]:
        """Return the feature maps, (batch, frames, bins, channels), and last the logits, (batch, patches)."""
        check_min_samples(waveform, self.min_samples, f"a spectral discriminator of size {self.size}")
        hidden = self.spectrum(waveform).contiguous(memory_format=torch.channels_last)
        maps = []
        for layer, (kernel, bias) in enumerate(zip(self.kernels, self.biases, strict=True)):
            dilation = 1 << layer
            hidden = functional.conv2d(
                hidden,
                self.bounds[layer](kernel),
                bias,
                stride=(1, BIN_STRIDE),
                padding=(dilation, (BIN_KERNEL - BIN_STRIDE) // 2),
                dilation=(dilation, 1),
            )
            if layer > 0:
                hidden = self.normalisations[layer - 1](hidden)
            hidden = functional.leaky_relu(hidden, LEAKY_SLOPE)
            maps.append(hidden.permute(0, 2, 3, 1))
        logits = functional.conv2d(hidden, self.bounds[-1](self.last), self.last_bias, padding=1)
        return [*maps, logits.flatten(1)]

    def spectrum(self, waveform: Float[Tensor, "batch samples"]) -> Tensor:
        """Return the network's input: the transform, (batch, 1 or 2, frames, bins)."""
        spectrum = transform(waveform, self.window)
        return (
            spectrum.permute(0, 3, 1, 2)
            if self.config.view == "complex"
            else log_magnitude(spectrum)[:, None]
        )


def multi_resolution(
    config: MultiResolutionConfig, *, spectral_norm: bool = False, generator: torch.Generator | None = None
) -> list[SubDiscriminator]:
    """Return one sub-discriminator for each window size.

    >>> [part.receptive_field for part in multi_resolution(MultiResolutionConfig())]
    [1279, 2559, 5119]
    """
    return [
        ResolutionDiscriminator(config, size=size, spectral_norm=spectral_norm, generator=generator)
        for size in config.sizes
    ]
