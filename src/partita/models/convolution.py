"""Convolutions over time as matrix products, and the chain of them that several discriminators are made of.

For few channels and long clips this is several times faster on a CPU than a convolution routine, forwards and
backwards: the taps of a kernel are laid side by side by slicing whole blocks of `stride` samples, and one
product does the rest.

Layout: (batch, time, channels), weights (in, out). This file does not know what is judged.
"""

import math
from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from partita.models.normalisation import Normalisation
from partita.models.spectral_norm import SpectralNorm

SLOPE = 0.2
"""Of the leaky ReLU in all discriminators."""
LAST = 0.1
"""The initial logits' scale against that of what they are read from: a young discriminator says little."""


def framed(hidden: Float[Tensor, "batch time inner"], *, taps: int, stride: int) -> Tensor:
    """Return overlapping frames, (batch, frames, taps * inner), `stride` apart; a rest at the end is left
    out.

    Args:
        hidden: what to cut.
        taps: the length of a frame, a multiple of the stride.
        stride: from one frame's start to the next.

    >>> framed(torch.arange(7.0).view(1, 7, 1), taps=4, stride=2).tolist()
    [[[0.0, 1.0, 2.0, 3.0], [2.0, 3.0, 4.0, 5.0]]]
    """
    batch, time, inner = hidden.shape
    blocks = hidden[:, : time // stride * stride].reshape(batch, time // stride, stride * inner)
    several = taps // stride
    count = blocks.shape[1] - several + 1
    return torch.cat([blocks[:, block : block + count] for block in range(several)], 2)


def convolution(
    hidden: Float[Tensor, "batch time inner"],
    kernel: Float[Tensor, "taps_inner outer"],
    bias: Float[Tensor, " outer"],
    *,
    stride: int,
) -> Float[Tensor, "batch less outer"]:
    """Convolve with zeros around, as one matrix product: time is divided by the stride, rounded down.

    Args:
        hidden: the input.
        kernel: (taps * inner, outer), the taps a multiple of the stride.
        bias: of the output.
        stride: samples of the input for one of the output.

    >>> convolution(torch.ones(1, 6, 1), torch.ones(4, 1), torch.zeros(1), stride=2).flatten().tolist()
    [3.0, 4.0, 3.0]
    """
    taps = kernel.shape[0] // hidden.shape[2]
    before = (taps - stride) // 2
    padded = functional.pad(hidden, (0, 0, before, taps - stride - before))
    return framed(padded, taps=taps, stride=stride) @ kernel + bias


@dataclass(frozen=True)
class Link:
    """One convolution of a chain.

    Args:
        taps: a multiple of the stride.
        stride: samples of its input for one of its output.
        width: channels of its output.
    """

    taps: int
    stride: int
    width: int


@dataclass(frozen=True)
class ChainConfig:
    """The shape of a chain: links one after another, then a convolution to one logit.

    >>> ChainConfig((Link(4, 2, 8), Link(4, 2, 8)), last=1).receptive_field
    10
    """

    links: tuple[Link, ...]
    last: int = 3
    """Taps of the convolution to the logit."""
    normalisation: str = "group"
    """As `PatchGANConfig.normalisation`; the first link has none."""
    spectral_norm: bool = False
    """Whether every weight is divided by its largest singular value."""

    @cached_property
    def receptive_field(self) -> int:
        """Steps of the input that one logit sees."""
        seen = self.last
        for link in reversed(self.links):
            seen = (seen - 1) * link.stride + link.taps
        return seen

    @cached_property
    def hop(self) -> int:
        """Steps of the input from one logit to the next, and the fewest that have one."""
        return math.prod(link.stride for link in self.links)


class Chain(nn.Module):
    """Convolutions, normalisations and leaky ReLUs, then one logit a step.

        h_l = leaky(norm(conv(h_l-1)));   logits = conv(h_n)

    Args:
        config: the shape.
        inner: channels of the input.
        generator: the random stream of the initial weights, N(0, 2 / (1.04 fan-in)), which keeps the
            variance through leaky ReLUs (He et al. 2015); None takes the global one.

    >>> chain = Chain(ChainConfig((Link(6, 3, 16), Link(6, 3, 32))), inner=1)
    >>> [tuple(features.shape) for features in chain(torch.zeros(2, 90, 1))]
    [(2, 30, 16), (2, 10, 32), (2, 10)]
    """

    def __init__(self, config: ChainConfig, *, inner: int, generator: torch.Generator | None = None) -> None:
        super().__init__()
        self.config = config
        widths = (inner, *(link.width for link in config.links))
        fans = [link.taps * width for link, width in zip(config.links, widths, strict=False)]
        self.kernels = nn.ParameterList(
            scaled(fan, link.width, generator=generator) for fan, link in zip(fans, config.links, strict=True)
        )
        self.biases = nn.ParameterList(torch.zeros(link.width) for link in config.links)
        self.normalisations = nn.ModuleList(
            Normalisation(config.normalisation, link.width) for link in config.links[1:]
        )
        self.last = nn.Parameter(LAST * scaled(config.last * widths[-1], 1, generator=generator))
        self.last_bias = nn.Parameter(torch.zeros(1))
        self.bounds = nn.ModuleList(
            SpectralNorm(weight, generator=generator) if config.spectral_norm else nn.Identity()
            for weight in (*self.kernels, self.last)
        )

    def forward(self, hidden: Float[Tensor, "batch time inner"]) -> list[Tensor]:
        """Return the feature maps of all links, and the logits, (batch, steps), last."""
        maps = []
        for number, link in enumerate(self.config.links):
            kernel = self.bounds[number](self.kernels[number])
            hidden = convolution(hidden, kernel, self.biases[number], stride=link.stride)
            if number > 0:
                hidden = self.normalisations[number - 1](hidden)
            hidden = functional.leaky_relu(hidden, SLOPE)
            maps.append(hidden)
        logits = convolution(hidden, self.bounds[-1](self.last), self.last_bias, stride=1)
        return [*maps, logits[:, :, 0]]


def scaled(fan: int, width: int, *, generator: torch.Generator | None) -> Tensor:
    """Return a weight, (fan, width), that keeps the variance through a leaky ReLU.

    >>> scaled(8, 2, generator=None).shape
    torch.Size([8, 2])
    """
    deviation = math.sqrt(2.0 / (1.0 + SLOPE**2) / fan)
    return torch.empty(fan, width).normal_(0.0, deviation, generator=generator)
