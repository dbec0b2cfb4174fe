"""What the convolutional discriminators are made of: weights, their bounds and normalisation, and a chain of
convolutions over time.

Layout: (batch, channels, time) inside, as PyTorch's convolutions have it, which for these widths are faster
on a CPU than matrix products over copied taps; feature maps come out as (batch, time, channels). This file
does not know what is judged.
"""

import math
from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from partita.errors import PartitaError
from partita.models.discriminators.patchgan import GROUP, SLOPE
from partita.models.discriminators.spectral_norm import SpectralNorm

LAST = 0.1
"""The initial logits' scale against that of what they are read from: a young discriminator says little."""


def check_normalisation(kind: str) -> None:
    """Refuse a word that is no normalisation.

    >>> check_normalisation("layer")
    Traceback (most recent call last):
    ...
    partita.errors.PartitaError: `normalisation` is 'layer': choose one of group, none
    """
    if kind not in ("group", "none"):
        raise PartitaError(f"`normalisation` is {kind!r}: choose one of group, none")


def normalisation(kind: str, width: int) -> nn.Module:
    """Return group normalisation (Wu & He 2018) over groups of 16 channels, or nothing.

    >>> normalisation("group", 32).num_groups
    2
    """
    groups = width // GROUP if width % GROUP == 0 else 1
    return nn.GroupNorm(groups, width) if kind == "group" else nn.Identity()


def scaled(*shape: int, generator: torch.Generator | None) -> Tensor:
    """Return a weight, (out, in, ...), that keeps the variance through a leaky ReLU (He et al. 2015).

    >>> scaled(8, 2, 5, generator=None).shape
    torch.Size([8, 2, 5])
    """
    deviation = math.sqrt(2.0 / (1.0 + SLOPE**2) / math.prod(shape[1:]))
    return torch.empty(shape).normal_(0.0, deviation, generator=generator)


def bounds(weights: list[Tensor], *, on: bool, generator: torch.Generator | None) -> nn.ModuleList:
    """Return for each weight what divides it by its largest singular value, or leaves it alone.

    >>> bounds([torch.ones(2, 2)], on=True, generator=None)[0](torch.ones(2, 2)).tolist()
    [[0.5, 0.5], [0.5, 0.5]]
    """
    return nn.ModuleList(
        SpectralNorm(weight, generator=generator) if on else nn.Identity() for weight in weights
    )


@dataclass(frozen=True)
class Link:
    """One convolution of a chain.

    It is padded so that time is divided by the stride, rounded down.

    Args:
        taps: of its kernel; more than the stride by an even number.
        stride: steps of its input for one of its output.
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
    """`group` or `none`; the first link has none."""
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
        generator: the random stream of the initial weights; None takes the global one.

    >>> chain = Chain(ChainConfig((Link(5, 3, 16), Link(5, 3, 32))))
    >>> [tuple(features.shape) for features in chain(torch.zeros(2, 90))]
    [(2, 30, 16), (2, 10, 32), (2, 10)]
    """

    def __init__(self, config: ChainConfig, *, generator: torch.Generator | None = None) -> None:
        super().__init__()
        self.config = config
        widths = (1, *(link.width for link in config.links))
        self.kernels = nn.ParameterList(
            scaled(link.width, inner, link.taps, generator=generator)
            for link, inner in zip(config.links, widths[:-1], strict=True)
        )
        self.biases = nn.ParameterList(torch.zeros(link.width) for link in config.links)
        self.normalisations = nn.ModuleList(
            normalisation(config.normalisation, link.width) for link in config.links[1:]
        )
        self.last = nn.Parameter(LAST * scaled(1, widths[-1], config.last, generator=generator))
        self.last_bias = nn.Parameter(torch.zeros(1))
        self.bounds = bounds([*self.kernels, self.last], on=config.spectral_norm, generator=generator)

    def forward(self, series: Float[Tensor, "batch time"]) -> list[Tensor]:
        """Return the feature maps of all links, (batch, time, channels), and last the logits, (batch,
        steps)."""
        hidden, maps = series[:, None], []
        for number, link in enumerate(self.config.links):
            kernel, bias = self.bounds[number](self.kernels[number]), self.biases[number]
            padding = (link.taps - link.stride) // 2
            hidden = functional.conv1d(hidden, kernel, bias, stride=link.stride, padding=padding)
            if number > 0:
                hidden = self.normalisations[number - 1](hidden)
            hidden = functional.leaky_relu(hidden, SLOPE)
            maps.append(hidden.transpose(1, 2))
        last = self.bounds[-1](self.last)
        logits = functional.conv1d(hidden, last, self.last_bias, padding=self.config.last // 2)
        return [*maps, logits[:, 0]]
