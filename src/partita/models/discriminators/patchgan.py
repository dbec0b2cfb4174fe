"""PatchGAN in one dimension: a discriminator that judges a waveform patch by patch.

Layout: waveforms (batch, samples), feature maps (batch, time, channels), weights (in, out). This file does
not know losses.

Source: Isola et al. 2017, "Image-to-Image Translation with Conditional Adversarial Networks", section 3.2.2
and appendix 6.1.2, with convolutions over time.
"""

from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from partita.errors import PartitaError
from partita.models.bounds import MOST_CHANNELS, counts
from partita.models.discriminators.base import SubDiscriminator, demand_samples
from partita.models.discriminators.spectral_norm import SpectralNorm

KERNEL = 4
SLOPE = 0.2
GROUP = 16


@dataclass(frozen=True, kw_only=True)
class PatchGANConfig:
    """The shape of a one-dimensional PatchGAN.

    Raises:
        PartitaError: a field is out of its range.

    >>> PatchGANConfig(layers=3).patch
    46
    """

    layers: int = 6
    """Convolutions of kernel 4 and stride 2."""
    channels: int = 32
    """Channels of the first; each further layer has twice as many, up to `most_channels`."""
    most_channels: int = 128
    """Where the doubling ends."""
    normalisation: str = "group"
    """`group` (groups of 16 channels, each clip by itself; sane for small batches, with low learning rates),
    `instance`, `batch` (Isola et al.'s; real and fake go through it apart) or `none`. The first layer has
    none."""

    def __post_init__(self) -> None:
        """Refuse shapes that are no network."""
        counts(self, {"layers": 16, "channels": MOST_CHANNELS, "most_channels": MOST_CHANNELS})
        if self.normalisation not in ("group", "instance", "batch", "none"):
            raise PartitaError(
                f"`normalisation` is {self.normalisation!r}: choose one of group, instance, batch, none"
            )

    @cached_property
    def patch(self) -> int:
        """Samples that one logit sees: n layers give 3 * 2^n - 2, the last convolution 3 * 2^n more."""
        return 6 * (1 << self.layers) - 2

    @cached_property
    def shortest(self) -> int:
        """Samples of the shortest waveform that has a logit: each layer halves, and the last one needs
        two."""
        return 2 * (1 << self.layers)

    @cached_property
    def widths(self) -> tuple[int, ...]:
        """Channels after each layer.

        >>> PatchGANConfig(layers=4, channels=32, most_channels=128).widths
        (32, 64, 128, 128)
        """
        return tuple(min(self.channels * 2**layer, self.most_channels) for layer in range(self.layers))


class PatchGAN(SubDiscriminator):
    """Judge every patch of a waveform: n convolutions of kernel 4, stride 2, then one to a logit a patch.

        h_1 = leaky(conv(x));   h_l+1 = leaky(norm(conv(h_l)));   logits = conv(h_n), kernel 4, stride 1

    All are padded by 1 at each end. The slope of the leaky ReLU is 0.2.

    Args:
        config: the shape.
        spectral_norm: whether every weight is divided by its largest singular value.
        generator: the random stream of the initial weights, N(0, 0.02^2) as in pix2pix; None takes the
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
            torch.empty(KERNEL * inner, outer) for inner, outer in zip(before, config.widths, strict=True)
        )
        self.biases = nn.ParameterList(torch.zeros(width) for width in config.widths)
        self.normalisations = nn.ModuleList(
            Normalisation(config.normalisation, width) for width in config.widths[1:]
        )
        self.last = nn.Parameter(torch.empty(config.widths[-1], KERNEL))
        self.last_bias = nn.Parameter(torch.zeros(()))
        with torch.no_grad():
            for weight in (*self.kernels, self.last):
                weight.normal_(0.0, 0.02, generator=generator)
        self.bounds = nn.ModuleList(
            SpectralNorm(weight, generator=generator) if spectral_norm else nn.Identity()
            for weight in (*self.kernels, self.last.view(-1, 1))
        )

    @property
    def receptive_field(self) -> int:
        """Samples that one logit sees: its patch."""
        return self.config.patch

    @property
    def shortest(self) -> int:
        """Samples of the shortest waveform that has a logit."""
        return self.config.shortest

    def forward(self, waveform: Float[Tensor, "batch samples"]) -> list[Tensor]:
        """Return the feature maps of all layers; the last one, (batch, patches), are the logits of being
        real.

        Args:
            waveform: (batch, samples), float in [-1, 1].

        Raises:
            PartitaError: the waveform is too short for a single logit.
        """
        demand_samples(waveform, self.shortest, f"a discriminator of {self.config.layers} layers")
        maps = []
        hidden = waveform[:, :, None]
        for layer, (kernel, bias) in enumerate(zip(self.kernels, self.biases, strict=True)):
            hidden = halving_convolution(hidden, self.bounds[layer](kernel), bias)
            if layer > 0:
                hidden = self.normalisations[layer - 1](hidden)
            hidden = functional.leaky_relu(hidden, SLOPE)
            maps.append(hidden)
        last = self.bounds[-1](self.last.view(-1, 1)).view_as(self.last)
        taps = functional.pad(hidden, (0, 0, 1, 1)) @ last
        patches = hidden.shape[1] - 1
        logits = sum((taps[:, tap : tap + patches, tap] for tap in range(KERNEL)), self.last_bias)
        return [*maps, logits]


class Normalisation(nn.Module):
    """Bring channels, or groups of them, to mean 0 and variance 1, then scale and shift each channel.

    Args:
        kind: "group" (Wu & He 2018), "instance" (Ulyanov et al. 2016), "batch" (Ioffe & Szegedy 2015) or
            "none".
        width: channels.

    >>> Normalisation("instance", 2)(torch.randn(1, 50, 2)).var(1, correction=0).round(decimals=2).tolist()
    [[1.0, 1.0]]
    """

    def __init__(self, kind: str, width: int) -> None:
        super().__init__()
        whole = width // GROUP if width % GROUP == 0 else 1
        self.groups = {"group": whole, "instance": width}.get(kind)
        self.batch = nn.BatchNorm1d(width) if kind == "batch" else None
        if self.groups is not None:
            self.weight = nn.Parameter(torch.ones(width))
            self.bias = nn.Parameter(torch.zeros(width))

    def forward(self, hidden: Float[Tensor, "batch time channels"]) -> Float[Tensor, "batch time channels"]:
        """Normalise over time, and over the batch when that is the kind."""
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
    kernel: Float[Tensor, "taps outer"],
    bias: Float[Tensor, " outer"],
) -> Float[Tensor, "batch half outer"]:
    """Convolve with kernel 4, stride 2 and padding 1, as one matrix product over pairs of samples.

    A pair and the one after it are the four taps, so no convolution routine is needed, which for one long
    clip of few channels is several times faster on a CPU.

    >>> halving_convolution(torch.ones(1, 6, 1), torch.ones(4, 1), torch.zeros(1)).flatten().tolist()
    [3.0, 4.0, 3.0]
    """
    batch, time, inner = hidden.shape
    padded = functional.pad(hidden, (0, 0, 1, 1))
    pairs = padded[:, : (time + 2) // 2 * 2].reshape(batch, -1, 2 * inner)
    return torch.cat([pairs[:, :-1], pairs[:, 1:]], 2) @ kernel + bias
