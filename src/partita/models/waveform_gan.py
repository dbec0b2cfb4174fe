"""The generator of a GAN: noise to a waveform, by convolutions that raise the rate.

Layout: latents (batch, latents, frames), inside (batch, channels, time), waveforms (batch, samples). No layer
pads its input and none looks at a whole clip. So clips can have any length, and a part of a clip depends only
on the latents near it. This file does not know discriminators, losses or audio files.

Source: Goodfellow et al. 2014 (noise to data); Donahue et al. 2019, "Adversarial Audio Synthesis", table 3
(WaveGAN's transposed convolutions of stride 4); Kong et al. 2020, "HiFi-GAN", section 2.2 (dilated residual
layers after each of them).
"""

import math
from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from partita.checks import check_counts, check_list
from partita.errors import PartitaError
from partita.models.discriminators.layers import LEAKY_SLOPE, he_normal
from partita.models.sizes import WaveNetConfig

MOST = {"latents": 4096, "channels": 4096, "layers": 8}
MOST_HOP = 1 << 14
FEWEST_CHANNELS = 8
END_KERNEL = 7
"""Kernel of the first and of the last convolution."""
KERNEL = 3
STAGE_DILATIONS = (1, 3)
"""Dilations of the residual layers after each rise of the rate."""
RESIDUAL_SCALE = 0.3
"""Factor on the initial weights with which a residual layer ends, so that the sums grow little."""


@dataclass(frozen=True, kw_only=True)
class GANConfig:
    """The shape of a GAN's generator.

    Raises:
        PartitaError: a field is out of its range.

    >>> GANConfig().hop_length, GANConfig().margin
    (256, 41)
    """

    latents: int = 64
    """Random numbers in each frame of noise."""
    channels: int = 128
    """Channels of the layers at the rate of the frames; each rise of the rate halves them."""
    layers: int = 4
    """Residual layers at the rate of the frames, with dilations 1, 2, 4, ..."""
    factors: tuple[int, ...] = (4, 4, 4, 4)
    """Factors by which the rate rises, one after the other. Their product is the number of samples that a
    frame of noise becomes."""

    def __post_init__(self) -> None:
        """Check the ranges of all fields."""
        check_counts(self, MOST)
        check_list("factors", self.factors, 2, 64)
        if self.hop_length > MOST_HOP:
            raise PartitaError(
                f"`factors` is {self.factors}, with the product {self.hop_length}: give at most {MOST_HOP}"
            )

    @cached_property
    def hop_length(self) -> int:
        """Samples that a frame of noise becomes."""
        return math.prod(self.factors)

    @cached_property
    def margin(self) -> int:
        """Frames of noise that a clip needs more than it has hops: each sample depends on those around it."""
        frames = 1 << 20
        return -(-(frames * self.hop_length - self._samples(frames)) // self.hop_length)

    @property
    def dilations(self) -> tuple[int, ...]:
        """Dilations of the residual layers at the rate of the frames."""
        return tuple(1 << layer for layer in range(self.layers))

    def _samples(self, frames: int) -> int:
        """Return the samples that the unpadded layers make of frames of noise."""
        length = frames - (END_KERNEL - 1) - (KERNEL - 1) * sum(self.dilations)
        for factor in self.factors:
            length = (length - 1) * factor - (KERNEL - 1) * sum(STAGE_DILATIONS)
        return length - (END_KERNEL - 1)


class ResidualLayer(nn.Module):
    """Add to the input what two convolutions make of it; the output is 2 x dilation steps shorter.

    Args:
        channels: of the input and the output.
        dilation: of the first convolution.
        generator: the random stream of the initial weights; None takes PyTorch's global one.

    >>> ResidualLayer(8, dilation=3)(torch.zeros(1, 8, 20)).shape
    torch.Size([1, 8, 14])
    """

    def __init__(self, channels: int, *, dilation: int, generator: torch.Generator | None = None) -> None:
        super().__init__()
        self.dilation = dilation
        self.dilated = nn.Parameter(he_normal(channels, channels, KERNEL, generator=generator))
        self.dilated_bias = nn.Parameter(torch.zeros(channels))
        self.end = nn.Parameter(RESIDUAL_SCALE * he_normal(channels, channels, 1, generator=generator))
        self.end_bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Float[Tensor, "batch channels time"]) -> Float[Tensor, "batch channels shorter"]:
        """Return the sum, without the steps at both ends that depend on what is not there."""
        hidden = functional.leaky_relu(x, LEAKY_SLOPE)
        hidden = functional.conv1d(hidden, self.dilated, self.dilated_bias, dilation=self.dilation)
        hidden = functional.leaky_relu(hidden, LEAKY_SLOPE)
        return x[..., self.dilation : -self.dilation] + functional.conv1d(hidden, self.end, self.end_bias)


class Upsampler(nn.Module):
    """Raise the rate by a transposed convolution whose kernel is twice the factor, then residual layers.

    Args:
        channels: of the input.
        out_channels: of the output.
        factor: by which the rate rises.
        generator: the random stream of the initial weights; None takes PyTorch's global one.

    >>> Upsampler(16, 8, factor=4)(torch.zeros(1, 16, 11)).shape
    torch.Size([1, 8, 32])
    """

    def __init__(
        self, channels: int, out_channels: int, *, factor: int, generator: torch.Generator | None = None
    ) -> None:
        super().__init__()
        self.factor = factor
        # each output step is a sum over two input steps
        weight = he_normal(out_channels, channels, 2, factor, generator=generator)
        self.weight = nn.Parameter(weight.transpose(0, 1).reshape(channels, out_channels, 2 * factor))
        self.bias = nn.Parameter(torch.zeros(out_channels))
        self.residual = nn.ModuleList(
            ResidualLayer(out_channels, dilation=dilation, generator=generator)
            for dilation in STAGE_DILATIONS
        )

    def forward(self, x: Float[Tensor, "batch channels time"]) -> Float[Tensor, "batch out longer"]:
        """Return the input at the higher rate, without the steps that depend on one input step alone."""
        x = functional.conv_transpose1d(
            functional.leaky_relu(x, LEAKY_SLOPE), self.weight, self.bias, self.factor, self.factor
        )
        for layer in self.residual:
            x = layer(x)
        return x


class WaveformGAN(nn.Module):
    """Turn noise into a waveform.

    Args:
        network: the classes that the waveform is rounded to; the rest is not used.
        shape: of the generator.
        generator: the random stream of the initial weights; None takes PyTorch's global one.

    >>> from partita.models.sizes import SIZES
    >>> model = WaveformGAN(SIZES["tiny"], GANConfig(channels=16), generator=torch.Generator().manual_seed(0))
    >>> model(torch.randn(2, 64, model.shape.margin + 3)).shape
    torch.Size([2, 768])
    """

    def __init__(
        self, network: WaveNetConfig, shape: GANConfig, *, generator: torch.Generator | None = None
    ) -> None:
        super().__init__()
        self.config, self.shape = network, shape
        count = len(shape.factors) + 1
        widths = [max(FEWEST_CHANNELS, shape.channels >> stage) for stage in range(count)]
        self.first = nn.Parameter(he_normal(widths[0], shape.latents, END_KERNEL, generator=generator))
        self.first_bias = nn.Parameter(torch.zeros(widths[0]))
        self.residual = nn.ModuleList(
            ResidualLayer(widths[0], dilation=dilation, generator=generator) for dilation in shape.dilations
        )
        self.upsamplers = nn.ModuleList(
            Upsampler(widths[stage], widths[stage + 1], factor=factor, generator=generator)
            for stage, factor in enumerate(shape.factors)
        )
        self.last = nn.Parameter(he_normal(1, widths[-1], END_KERNEL, generator=generator))
        self.last_bias = nn.Parameter(torch.zeros(1))

    @property
    def receptive_field(self) -> int:
        """Samples before a clip that it depends on: none, the model continues no prompt."""
        return 0

    def forward(self, noise: Float[Tensor, "batch latents frames"]) -> Float[Tensor, "batch samples"]:
        """Return the waveform of all frames but `margin`, values in [-1, 1].

        Args:
            noise: standard normal. Hop h of the waveform depends on the frames h to h + `margin`.
        """
        x = functional.conv1d(noise, self.first, self.first_bias)
        for layer in (*self.residual, *self.upsamplers):
            x = layer(x)
        x = functional.conv1d(functional.leaky_relu(x, LEAKY_SLOPE), self.last, self.last_bias)
        samples = (noise.shape[2] - self.shape.margin) * self.shape.hop_length
        before = (x.shape[2] - samples) // 2
        return torch.tanh(x[:, 0, before : before + samples])
