"""A discriminator that is made of the first layers of a WaveNet, so that it can begin from a generator's.

The layers of a trained generator know the sound already. A discriminator from random weights first has to
learn it from the clips of a short adversarial phase. This file does not know losses.

Layout: waveforms (batch, samples), feature maps (batch, time, channels), weights (in, out).
"""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from partita.checks import MOST_CHANNELS, check_counts
from partita.errors import PartitaError
from partita.models.discriminators.base import SubDiscriminator, check_min_samples
from partita.models.discriminators.layers import LEAKY_SLOPE, LOGIT_SCALE, he_normal
from partita.models.heads.fine import mixed, rise_at
from partita.models.sizes import WaveNetConfig
from partita.models.wavenet import WaveNet
from partita.ops.gated_stack.dispatch import gated_stack

HOP = 64
"""Samples from one logit to the next."""


class TrunkShape(NamedTuple):
    """What a trunk needs to know of the generator whose layers it has.

    Args:
        network: the shape of the generator.
        table: the waveform value of each class, increasing.
    """

    network: WaveNetConfig
    table: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class TrunkConfig:
    """The shape of a discriminator made of the first layers of a generator.

    Raises:
        PartitaError: a field is out of its range.

    >>> TrunkConfig(layers=0)
    Traceback (most recent call last):
    ...
    partita.errors.PartitaError: `layers` is 0: give a whole number of at least 1
    """

    layers: int = 8
    """Layers that it has in common with the generator."""
    channels: int = 64
    """Channels of the hidden layer after them."""

    def __post_init__(self) -> None:
        """Check the ranges of all fields."""
        check_counts(self, {"layers": 512, "channels": MOST_CHANNELS})

    def check_fits(self, network: WaveNetConfig) -> None:
        """Raise an error if a generator has too few layers.

        Args:
            network: the shape of the generator.

        Raises:
            PartitaError: it has fewer than `layers`.
        """
        layers = len(network.dilations)
        if self.layers > layers:
            raise PartitaError(
                f"`trunk.layers` is {self.layers}, but the network has {layers}: give at most as many"
            )

    @cached_property
    def min_samples(self) -> int:
        """Samples of the shortest waveform that has a logit."""
        return HOP


class TrunkDiscriminator(SubDiscriminator):
    """Give every stretch of 64 samples a logit, from the first layers of a WaveNet.

        h_0    = the embeddings of the two classes around each sample, mixed linearly
        s      = the sum of the skip connections of the first n layers         (see `WaveNet`)
        u      = leaky(mean of relu(s) over 64 samples, U + a);   logits = u w + c

    At the values of the classes h_0 is the generator's. A waveform's gradient there is the slope from the
    class below to the class above. The condition of a generator is left out. The waveform is padded with
    silence at both ends, so that stretches lie in the middle of what their logits depend on.

    Args:
        config: the shape.
        shape: of the generator.
        generator: the random stream of the initial weights; None takes PyTorch's global one.

    Raises:
        PartitaError: the generator has fewer layers than the config wants.

    Source: Novack et al. 2025, "Fast Text-to-Audio Generation with Adversarial Post-Training", section 3.2,
    whose discriminator also begins with the generator's layers and weights, and adds a small head.

    >>> from partita.models.sizes import SIZES
    >>> table = tuple(torch.linspace(-1, 1, 256).tolist())
    >>> network = TrunkDiscriminator(TrunkConfig(), TrunkShape(SIZES["tiny"], table))
    >>> [tuple(features.shape) for features in network(torch.zeros(2, 200))]
    [(2, 200, 64), (2, 3, 64), (2, 3)]
    """

    table: Tensor

    def __init__(
        self, config: TrunkConfig, shape: TrunkShape, *, generator: torch.Generator | None = None
    ) -> None:
        super().__init__()
        config.check_fits(shape.network)
        self.config = config
        self.dilations = shape.network.dilations[: config.layers]
        self._kernel_size = shape.network.kernel_size
        self.register_buffer("table", torch.tensor(shape.table), persistent=False)
        layers_of = first_layers(WaveNet(shape.network.plain, generator=generator), config.layers)
        self.trunk = nn.ParameterDict({name: weight.detach().clone() for name, weight in layers_of.items()})
        skip = shape.network.skip_channels
        self.hidden = nn.Parameter(he_normal(config.channels, skip, generator=generator).T.contiguous())
        self.hidden_bias = nn.Parameter(torch.zeros(config.channels))
        self.last = nn.Parameter(torch.empty(config.channels))
        self.last_bias = nn.Parameter(torch.zeros(()))
        with torch.no_grad():
            self.last.normal_(0.0, LOGIT_SCALE / config.channels**0.5, generator=generator)

    def begin_from(self, network: WaveNet) -> None:
        """Copy the first layers of a generator.

        Args:
            network: a generator of the shape with which this discriminator was made.
        """
        with torch.no_grad():
            for name, weight in first_layers(network, self.config.layers).items():
                self.trunk[name].copy_(weight)

    @property
    def past(self) -> int:
        """Samples before the newest one that the layers of the trunk depend on."""
        return (self._kernel_size - 1) * sum(self.dilations)

    @property
    def receptive_fields(self) -> list[int]:
        """Samples that one logit depends on."""
        return [self.past + HOP]

    @property
    def min_samples(self) -> int:
        """Samples of the shortest waveform that has a logit."""
        return self.config.min_samples

    def forward(self, waveform: Float[Tensor, "batch samples"]) -> list[Tensor]:
        """Return the feature maps, (batch, time, channels), and last the logits, (batch, patches)."""
        check_min_samples(waveform, self.min_samples, "a discriminator of a generator's layers")
        before = self.past // 2
        padded = functional.pad(waveform, (before, self.past - before))
        trunk = self.trunk
        skips = gated_stack(
            self.embed(padded),
            trunk["dilated"],
            trunk["dilated_bias"],
            trunk["residual"],
            trunk["residual_bias"],
            trunk["skip"],
            trunk["skip_bias"],
            self.dilations,
        )
        patches = skips.shape[1] // HOP
        means = functional.relu(skips[:, : patches * HOP]).reshape(len(skips), patches, HOP, -1).mean(2)
        hidden = functional.leaky_relu(means @ self.hidden + self.hidden_bias, LEAKY_SLOPE)
        return [skips, hidden, hidden @ self.last + self.last_bias]

    def embed(self, waveform: Float[Tensor, "batch samples"]) -> Float[Tensor, "batch samples channels"]:
        """Mix the embeddings of the two classes whose values are next to each sample; see `rise_at`."""
        table, embedding = self.table.to(waveform.dtype), self.trunk["embedding"]
        sound = waveform.detach().contiguous()
        upper = torch.searchsorted(table, sound).clamp(1, len(table) - 1)
        low, high = table[upper - 1], table[upper]
        share = (sound - low) / (high - low)
        nearest = torch.where(share < 0.5, upper - 1, upper)
        return mixed(upper - 1, share, embedding) + (waveform - sound)[..., None] * rise_at(
            nearest, embedding, table
        )


def first_layers(network: WaveNet, count: int) -> dict[str, Tensor]:
    """Return the embedding of a network and the weights of its first gated layers, by name.

    Args:
        network: a generator.
        count: layers, at most as many as it has.
    """
    return {
        "embedding": network.embedding,
        "dilated": network.dilated[:count],
        "dilated_bias": network.dilated_bias[:count],
        "residual": network.residual[: count - 1],
        "residual_bias": network.residual_bias[: count - 1],
        "skip": network.skip[:count],
        "skip_bias": network.skip_bias,
    }
