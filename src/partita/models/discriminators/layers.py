"""Layers that the discriminators share: normalisation, spectral norm and a stack of convolutions.

Layout: (batch, channels, time) inside `ConvStack`, as PyTorch's convolutions have it; its feature maps are
(batch, time, channels). For these widths PyTorch's convolutions are faster on a CPU than matrix products over
copied inputs. This file does not know any discriminator.
"""

import math
from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from partita.checks import check_choice

LEAKY_SLOPE = 0.2
"""The slope of every leaky ReLU."""
GROUP_SIZE = 16
"""Channels in a group of group normalisation."""
LOGIT_SCALE = 0.1
"""The standard deviation of the initial logits, where that of the last feature map is 1."""
POWER_ITERATIONS = 20
"""Rounds that find the largest singular value of an initial weight."""


def check_normalisation(kind: str) -> None:
    """Raise an error if a config names an unknown normalisation.

    >>> check_normalisation("layer")
    Traceback (most recent call last):
    ...
    partita.errors.PartitaError: `normalisation` is 'layer': choose one of group, none
    """
    check_choice("normalisation", kind, ("group", "none"))


def make_normalisation(kind: str, width: int) -> nn.Module:
    """Return group normalisation (Wu & He 2018) over groups of 16 channels, or the identity.

    Args:
        kind: "group" or "none".
        width: channels. If 16 does not divide it, all channels are one group.

    >>> make_normalisation("group", 32).num_groups
    2
    """
    groups = width // GROUP_SIZE if width % GROUP_SIZE == 0 else 1
    return nn.GroupNorm(groups, width) if kind == "group" else nn.Identity()


def he_normal(*shape: int, generator: torch.Generator | None) -> Tensor:
    """Draw a weight, (out, in, ...), that keeps the variance through a leaky ReLU (He et al. 2015).

    >>> he_normal(8, 2, 5, generator=None).shape
    torch.Size([8, 2, 5])
    """
    deviation = math.sqrt(2.0 / (1.0 + LEAKY_SLOPE**2) / math.prod(shape[1:]))
    return torch.empty(shape).normal_(0.0, deviation, generator=generator)


class SpectralNorm(nn.Module):
    """Divide a weight by its largest singular value, which power iteration estimates.

        u <- W^T (W u) / |W^T (W u)|;   the result is W / |W u|

    W is the weight as a matrix: its first axis by all others. In training mode every call makes one round,
    which is enough for a weight that changes slowly. The gradient takes u as a constant. In evaluation mode u
    does not change.

    Args:
        weight: the initial weight; `POWER_ITERATIONS` rounds run on it.
        generator: the random stream of the first u; None takes PyTorch's global one.

    Source: Miyato et al. 2018, "Spectral Normalization for Generative Adversarial Networks", algorithm 1.

    >>> weight = torch.diag(torch.tensor([4.0, 1.0]))
    >>> SpectralNorm(weight)(weight).diag().tolist()
    [1.0, 0.25]
    """

    u: Tensor

    def __init__(
        self, weight: Float[Tensor, "rows *others"], *, generator: torch.Generator | None = None
    ) -> None:
        super().__init__()
        start = weight.new_empty(weight[0].numel()).normal_(generator=generator)
        self.register_buffer("u", functional.normalize(start, dim=0))
        for _ in range(0 if weight.is_meta else POWER_ITERATIONS):  # meta tensors have no values
            self._iterate(weight)

    def forward(self, weight: Float[Tensor, "rows *others"]) -> Float[Tensor, "rows *others"]:
        """Return the weight, scaled so that its largest singular value is about 1."""
        if self.training:
            self._iterate(weight)
        direction = self.u.clone()  # the next round changes u in place, before the gradient needs it
        with torch.autocast(weight.device.type, enabled=False):
            largest: Tensor = torch.linalg.vector_norm(weight.flatten(1) @ direction)
        return weight / largest

    @torch.no_grad()
    def _iterate(self, weight: Tensor) -> None:
        matrix = weight.flatten(1)
        with torch.autocast(weight.device.type, enabled=False):
            self.u.copy_(functional.normalize(matrix.T @ (matrix @ self.u), dim=0))


def spectral_norms(
    weights: list[Tensor], *, enabled: bool, generator: torch.Generator | None
) -> nn.ModuleList:
    """Return a `SpectralNorm` for each weight, or an identity for each where it is not enabled.

    >>> spectral_norms([torch.ones(2, 2)], enabled=True, generator=None)[0](torch.ones(2, 2)).tolist()
    [[0.5, 0.5], [0.5, 0.5]]
    """
    return nn.ModuleList(
        SpectralNorm(weight, generator=generator) if enabled else nn.Identity() for weight in weights
    )


@dataclass(frozen=True)
class ConvLayer:
    """One convolution of a stack, padded so that the output has time // stride steps.

    Args:
        kernel_size: its kernel; the stride plus an even number.
        stride: input steps for each output step.
        width: output channels.
    """

    kernel_size: int
    stride: int
    width: int


@dataclass(frozen=True)
class ConvStackConfig:
    """The shape of a `ConvStack`: layers in sequence, then a convolution to one logit a step.

    >>> ConvStackConfig((ConvLayer(4, 2, 8), ConvLayer(4, 2, 8)), last_kernel_size=1).receptive_field
    10
    """

    layers: tuple[ConvLayer, ...]
    last_kernel_size: int = 3
    """The kernel of the convolution to the logit."""
    normalisation: str = "group"
    """`group` or `none`; the first layer has none."""
    spectral_norm: bool = False
    """Whether every weight is divided by its largest singular value."""

    @cached_property
    def receptive_field(self) -> int:
        """Input steps that one logit depends on."""
        seen = self.last_kernel_size
        for layer in reversed(self.layers):
            seen = (seen - 1) * layer.stride + layer.kernel_size
        return seen

    @cached_property
    def hop(self) -> int:
        """Input steps from one logit to the next; also the shortest input that has a logit."""
        return math.prod(layer.stride for layer in self.layers)


class ConvStack(nn.Module):
    """Convolutions, normalisations and leaky ReLUs, then one logit a step.

        h_l = leaky(norm(conv(h_l-1)));   logits = conv(h_n)

    Args:
        config: the shape.
        generator: the random stream of the initial weights; None takes PyTorch's global one.

    >>> stack = ConvStack(ConvStackConfig((ConvLayer(5, 3, 16), ConvLayer(5, 3, 32))))
    >>> [tuple(features.shape) for features in stack(torch.zeros(2, 90))]
    [(2, 30, 16), (2, 10, 32), (2, 10)]
    """

    def __init__(self, config: ConvStackConfig, *, generator: torch.Generator | None = None) -> None:
        super().__init__()
        self.config = config
        widths = (1, *(layer.width for layer in config.layers))
        self.kernels = nn.ParameterList(
            he_normal(layer.width, inner, layer.kernel_size, generator=generator)
            for layer, inner in zip(config.layers, widths[:-1], strict=True)
        )
        self.biases = nn.ParameterList(torch.zeros(layer.width) for layer in config.layers)
        self.normalisations = nn.ModuleList(
            make_normalisation(config.normalisation, layer.width) for layer in config.layers[1:]
        )
        last = he_normal(1, widths[-1], config.last_kernel_size, generator=generator)
        self.last = nn.Parameter(LOGIT_SCALE * last)
        self.last_bias = nn.Parameter(torch.zeros(1))
        weights = [*self.kernels, self.last]
        self.bounds = spectral_norms(weights, enabled=config.spectral_norm, generator=generator)

    def forward(self, series: Float[Tensor, "batch time"]) -> list[Tensor]:
        """Return the feature maps, (batch, time, channels), and last the logits, (batch, steps)."""
        hidden, maps = series[:, None], []
        for number, layer in enumerate(self.config.layers):
            kernel, bias = self.bounds[number](self.kernels[number]), self.biases[number]
            padding = (layer.kernel_size - layer.stride) // 2
            hidden = functional.conv1d(hidden, kernel, bias, stride=layer.stride, padding=padding)
            if number > 0:
                hidden = self.normalisations[number - 1](hidden)
            hidden = functional.leaky_relu(hidden, LEAKY_SLOPE)
            maps.append(hidden.transpose(1, 2))
        last, padding = self.bounds[-1](self.last), self.config.last_kernel_size // 2
        logits = functional.conv1d(hidden, last, self.last_bias, padding=padding)
        return [*maps, logits[:, 0]]
