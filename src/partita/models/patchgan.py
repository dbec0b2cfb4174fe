"""PatchGAN in one dimension: a discriminator that judges a waveform patch by patch.

Layout: waveforms (batch, samples), feature maps (batch, channels, time). This file does not know losses.

Source: Isola et al. 2017, "Image-to-Image Translation with Conditional Adversarial Networks", section 3.2.2
    and
appendix 6.1.2, with convolutions over time.
"""

from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from partita.errors import PartitaError

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
    """Channels of the first; each further layer has twice as many."""
    most_channels: int = 128
    """Where the doubling ends."""
    normalisation: str = "group"
    """`group` (groups of 16 channels, each clip by itself; sane for small batches), `instance`, `batch`
    (Isola et al.'s; real and fake go through it apart) or `none`. The first layer has none."""

    def __post_init__(self) -> None:
        """Refuse shapes that are no network."""
        for name in ("layers", "channels", "most_channels"):
            if getattr(self, name) < 1:
                raise PartitaError(f"`{name}` is {getattr(self, name)}: give at least 1")
        if self.layers > 16:
            raise PartitaError(f"`layers` is {self.layers}: give at most 16, each halves the rate")
        if self.normalisation not in ("group", "instance", "batch", "none"):
            raise PartitaError(
                f"`normalisation` is {self.normalisation!r}: choose one of group, instance, batch, none"
            )

    @cached_property
    def patch(self) -> int:
        """Samples that one logit sees: n layers give 3 * 2^n - 2, the last convolution 3 * 2^n more."""
        return 6 * (1 << self.layers) - 2

    @cached_property
    def widths(self) -> tuple[int, ...]:
        """Channels after each layer.

        >>> PatchGANConfig(layers=4, channels=32, most_channels=128).widths
        (32, 64, 128, 128)
        """
        return tuple(min(self.channels * 2**layer, self.most_channels) for layer in range(self.layers))


class PatchGAN(nn.Module):
    """Judge every patch of a waveform: n convolutions of kernel 4, stride 2, then one to a logit a patch.

    Args:
        config: the shape.
        generator: the random stream of the initial weights, N(0, 0.02^2) as in pix2pix; None takes the global
            one.

    >>> maps = PatchGAN(PatchGANConfig(layers=3))(torch.zeros(2, 80))
    >>> [tuple(features.shape) for features in maps]
    [(2, 32, 40), (2, 64, 20), (2, 128, 10), (2, 9)]
    """

    def __init__(self, config: PatchGANConfig, *, generator: torch.Generator | None = None) -> None:
        super().__init__()
        self.config = config
        before = (1, *config.widths[:-1])
        self.convolutions = nn.ModuleList(
            nn.Conv1d(a, b, KERNEL, stride=2, padding=1) for a, b in zip(before, config.widths, strict=True)
        )
        kinds = ("none", *(config.normalisation for _ in config.widths[1:]))
        self.normalisations = nn.ModuleList(
            _normalisation(kind, width) for kind, width in zip(kinds, config.widths, strict=True)
        )
        self.last = nn.Conv1d(config.widths[-1], 1, KERNEL, padding=1)
        with torch.no_grad():
            for layer in (*self.convolutions, self.last):
                layer.weight.normal_(0.0, 0.02, generator=generator)
                layer.bias.zero_()

    def forward(self, waveform: Float[Tensor, "batch samples"]) -> list[Tensor]:
        """Return the feature maps of all layers; the last one, (batch, patches), are the logits of being
        real.

        Args:
            waveform: (batch, samples), float in [-1, 1].

        Raises:
            PartitaError: the waveform is too short for a single logit.
        """
        least = 2 * 2**self.config.layers  # each layer halves; the last, padded by 1 at each end, needs two
        if waveform.shape[1] < least:
            raise PartitaError(
                f"the waveform has {waveform.shape[1]} samples: a discriminator of"
                f" {self.config.layers} layers needs at least {least}; lengthen `targets` or lessen `layers`"
            )
        maps = []
        hidden = waveform[:, None, :]
        for convolution, normalisation in zip(self.convolutions, self.normalisations, strict=True):
            hidden = functional.leaky_relu(normalisation(convolution(hidden)), SLOPE)
            maps.append(hidden)
        return [*maps, self.last(hidden).squeeze(1)]


def _normalisation(kind: str, width: int) -> nn.Module:
    if kind == "batch":
        return nn.BatchNorm1d(width)
    if kind == "instance":
        return nn.InstanceNorm1d(width, affine=True)
    if kind == "group":
        return nn.GroupNorm(width // GROUP if width % GROUP == 0 else 1, width)
    return nn.Identity()
