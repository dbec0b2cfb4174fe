"""PatchGAN in one dimension: a discriminator with one logit for each patch of a waveform.

Layout: waveforms (batch, samples), feature maps (batch, time, channels), weights (in, out). This file does
not know losses.

Source: Isola et al. 2017, "Image-to-Image Translation with Conditional Adversarial Networks", section 3.2.2
and appendix 6.1.2, here with convolutions over time.
"""

from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from partita.checks import MOST_CHANNELS, check_choice, check_counts
from partita.models.discriminators.base import SubDiscriminator, check_min_samples
from partita.models.discriminators.layers import GROUP_SIZE, LEAKY_SLOPE, spectral_norms

KERNEL_SIZE = 4


@dataclass(frozen=True, kw_only=True)
class PatchGANConfig:
    """The shape of a one-dimensional PatchGAN.

    Raises:
        PartitaError: a field is out of its range.

    >>> PatchGANConfig(layers=3).receptive_field
    46
    """

    layers: int = 6
    """Convolutions of kernel 4 and stride 2."""
    channels: int = 32
    """Channels of the first convolution; each further one has twice as many, up to `most_channels`."""
    most_channels: int = 128
    """The most channels of a convolution."""
    normalisation: str = "group"
    """`group` (groups of 16 channels, separate for each clip; suits small batches and low learning rates),
    `instance`, `batch` (as Isola et al.; real and fake sound are separate batches) or `none`. The first layer
    has none."""

    def __post_init__(self) -> None:
        """Check the ranges of all fields."""
        check_counts(self, {"layers": 16, "channels": MOST_CHANNELS, "most_channels": MOST_CHANNELS})
        check_choice("normalisation", self.normalisation, ("group", "instance", "batch", "none"))

    @cached_property
    def receptive_field(self) -> int:
        """Samples of one patch, which one logit depends on: 6 * 2^n - 2 for n layers.

        The n layers give 3 * 2^n - 2 of them, the last convolution adds 3 * 2^n.
        """
        return 6 * (1 << self.layers) - 2

    @cached_property
    def min_samples(self) -> int:
        """Samples of the shortest waveform that has a logit: each layer halves, and the last one needs 2."""
        return 2 * (1 << self.layers)

    @cached_property
    def widths(self) -> tuple[int, ...]:
        """Channels after each layer.

        >>> PatchGANConfig(layers=4, channels=32, most_channels=128).widths
        (32, 64, 128, 128)
        """
        return tuple(min(self.channels * 2**layer, self.most_channels) for layer in range(self.layers))


class PatchGAN(SubDiscriminator):
    """Give every patch of a waveform a logit: n convolutions of kernel 4 and stride 2, and one of stride 1.

        h_1 = leaky(conv(x));   h_l+1 = leaky(norm(conv(h_l)));   logits = conv(h_n), kernel 4, stride 1

    All convolutions are padded by 1 at each end. The slope of the leaky ReLU is 0.2.

    Args:
        config: the shape.
        spectral_norm: whether every weight is divided by its largest singular value.
        generator: the random stream of the initial weights, N(0, 0.02^2) as in pix2pix; None takes PyTorch's
            global one.

    >>> maps = PatchGAN(PatchGANConfig(layers=3))(torch.zeros(2, 80))
    >>> [tuple(features.shape) for features in maps]
    [(2, 40, 32), (2, 20, 64), (2, 10, 128), (2, 9)]
    """

    def __init__(
        self, config: PatchGANConfig, *, spectral_norm: bool = False, generator: torch.Generator | None = None
    ) -> None:
        super().__init__()
        self.config = config
        before = (1, *config.widths[:-1])
        self.kernels = nn.ParameterList(
            torch.empty(KERNEL_SIZE * inner, outer)
            for inner, outer in zip(before, config.widths, strict=True)
        )
        self.biases = nn.ParameterList(torch.zeros(width) for width in config.widths)
        self.normalisations = nn.ModuleList(
            Normalisation(config.normalisation, width) for width in config.widths[1:]
        )
        self.last = nn.Parameter(torch.empty(config.widths[-1], KERNEL_SIZE))
        self.last_bias = nn.Parameter(torch.zeros(()))
        with torch.no_grad():
            for weight in (*self.kernels, self.last):
                weight.normal_(0.0, 0.02, generator=generator)
        weights = [*self.kernels, self.last.view(-1, 1)]
        self.bounds = spectral_norms(weights, enabled=spectral_norm, generator=generator)

    @property
    def receptive_fields(self) -> list[int]:
        """Samples that one logit depends on: its patch."""
        return [self.config.receptive_field]

    @property
    def min_samples(self) -> int:
        """Samples of the shortest waveform that has a logit."""
        return self.config.min_samples

    def forward(self, waveform: Float[Tensor, "batch samples"]) -> list[Tensor]:
        """Return the feature maps, (batch, time, channels), and last the logits, (batch, patches)."""
        check_min_samples(waveform, self.min_samples, f"a discriminator of {self.config.layers} layers")
        maps = []
        hidden = waveform[:, :, None]
        for layer, (kernel, bias) in enumerate(zip(self.kernels, self.biases, strict=True)):
            hidden = halving_convolution(hidden, self.bounds[layer](kernel), bias)
            if layer > 0:
                hidden = self.normalisations[layer - 1](hidden)
            hidden = functional.leaky_relu(hidden, LEAKY_SLOPE)
            maps.append(hidden)
        last = self.bounds[-1](self.last.view(-1, 1)).view_as(self.last)
        products = functional.pad(hidden, (0, 0, 1, 1)) @ last
        patches = hidden.shape[1] - 1
        logits = sum((products[:, k : k + patches, k] for k in range(KERNEL_SIZE)), self.last_bias)
        return [*maps, logits]


class Normalisation(nn.Module):
    """Normalise channels, or groups of them, to mean 0 and variance 1, then scale and shift each channel.

    Args:
        kind: "group" (Wu & He 2018), "instance" (Ulyanov et al. 2016), "batch" (Ioffe & Szegedy 2015) or
            "none".
        width: channels.

    >>> Normalisation("instance", 2)(torch.randn(1, 50, 2)).var(1, correction=0).round(decimals=2).tolist()
    [[1.0, 1.0]]
    """

    def __init__(self, kind: str, width: int) -> None:
        super().__init__()
        groups = width // GROUP_SIZE if width % GROUP_SIZE == 0 else 1
        self.groups = {"group": groups, "instance": width}.get(kind)
        self.batch = nn.BatchNorm1d(width) if kind == "batch" else None
        if self.groups is not None:
            self.weight = nn.Parameter(torch.ones(width))
            self.bias = nn.Parameter(torch.zeros(width))

    def forward(self, hidden: Float[Tensor, "batch time channels"]) -> Float[Tensor, "batch time channels"]:
        """Normalise over time; for the kind "batch" over the batch too."""
        if self.batch is not None:
            flat: Tensor = self.batch(hidden.flatten(0, 1))
            return flat.view_as(hidden)
        if self.groups is None:
            return hidden
        grouped = hidden.view(*hidden.shape[:2], self.groups, -1)
        variance, mean = torch.var_mean(grouped, (1, 3), correction=0, keepdim=True)
        scale = self.weight.view(self.groups, -1) * torch.rsqrt(variance + 1e-5)
        shift = self.bias.view(self.groups, -1) - mean * scale
        return (grouped * scale + shift).view_as(hidden)


def halving_convolution(
    hidden: Float[Tensor, "batch time inner"],
    kernel: Float[Tensor, "rows outer"],
    bias: Float[Tensor, " outer"],
) -> Float[Tensor, "batch half outer"]:
    """Convolve with kernel 4, stride 2 and padding 1, as one matrix product over pairs of samples.

    A pair and the next one are the four inputs of the kernel. For long clips of few channels this is several
    times faster on a CPU than PyTorch's convolution.

    Args:
        hidden: (batch, time, inner).
        kernel: (4 * inner, outer).
        bias: (outer,).

    Returns:
        (batch, time // 2, outer).

    >>> halving_convolution(torch.ones(1, 6, 1), torch.ones(4, 1), torch.zeros(1)).flatten().tolist()
    [3.0, 4.0, 3.0]
    """
    batch, time, inner = hidden.shape
    padded = functional.pad(hidden, (0, 0, 1, 1))
    pairs = padded[:, : (time + 2) // 2 * 2].reshape(batch, -1, 2 * inner)
    return torch.cat([pairs[:, :-1], pairs[:, 1:]], 2) @ kernel + bias
