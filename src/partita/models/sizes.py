"""The shape of a WaveNet, and the named sizes.

A shape also gives the receptive field, the dilations and the multiply-adds. This file does not know what the
layers compute.
"""

import math
from dataclasses import dataclass, replace
from functools import cached_property

from partita.audio.features.layout import FrameLayout
from partita.checks import MOST_CHANNELS, MOST_PARAMETERS, check_choice, check_counts
from partita.errors import PartitaError
from partita.models.heads.choice import CATEGORICAL, HEADS, MIXTURES, head_columns

MOST = {
    "blocks": 64,
    "layers": 20,
    "residual_channels": MOST_CHANNELS,
    "dilation_channels": MOST_CHANNELS,
    "skip_channels": MOST_CHANNELS,
    "end_channels": MOST_CHANNELS,
    "kernel_size": 64,
    "classes": 1 << 16,
    "mixtures": 1024,
    "condition_channels": MOST_CHANNELS,
    "period_taps": 31,
}
MOST_PAST = 1 << 22  # samples
MEAN_GAIN = 1 / 32
"""Gain of the means where a head has some. Values lie in [-1, 1] and often have to be right to a thousandth.
An optimizer of Adam's kind moves each weight by about the learning rate, whatever the scale of its gradient:
at gain 1 the means jump by several of 256 classes at every update. A power of two changes no rounding."""
MOST_CATEGORIES = 1 << 15
MOST_EMBEDDINGS, EMBEDDINGS = 1024, 256


@dataclass(frozen=True, kw_only=True)
class WaveNetConfig:
    """The shape of a WaveNet: `blocks` times `layers` dilated layers.

    The dilation starts at 1 in each block and doubles from layer to layer. All fields are whole numbers from
    1 (`kernel_size` and `classes` from 2) to the bounds in `MOST`.

    Source: van den Oord et al. 2016, sections 2.1 and 2.4.

    Raises:
        PartitaError: a field is out of its range.

    >>> channels = {"residual_channels": 4, "dilation_channels": 4, "skip_channels": 4, "end_channels": 4}
    >>> WaveNetConfig(blocks=1, layers=3, **channels).dilations
    (1, 2, 4)
    """

    blocks: int
    """How often the sequence of dilations is repeated."""
    layers: int
    """Dilated layers in a block, with dilations 1, 2, 4, ..., 2^(layers - 1)."""
    residual_channels: int
    """Channels of the signal that each layer passes to the next one."""
    dilation_channels: int
    """Channels of each gated unit."""
    skip_channels: int
    """Channels of the sum of all layers' skip connections."""
    end_channels: int
    """Channels between the last two layers."""
    kernel_size: int = 2
    """Kernel size of each dilated convolution."""
    classes: int = 256
    """Values of a quantised sample."""
    condition: FrameLayout | None = None
    """The frames that the network is given besides its past, if any."""
    condition_channels: int = 64
    """Channels of the hidden layers between the frames and the gated units."""
    period_taps: int = 0
    """Past samples, about one period of the pitch back, that are added to the input; 0 without a pitch."""
    head: str = CATEGORICAL
    """Distribution of a sample: `categorical`, `logistic` (a mixture) or `gaussian`."""
    mixtures: int = MIXTURES
    """Distributions in the mixture of the head `logistic`."""
    mean_gain: float = 1.0
    """Factor of the outputs that are means, a power of two up to 1; `MEAN_GAIN` says why."""

    def __post_init__(self) -> None:
        """Check the ranges of all fields, and that the network is not too large."""
        check_counts(self, MOST, {"kernel_size": 2, "classes": 2, "period_taps": 0})
        check_choice("head", self.head, HEADS)
        if not 0.0 < self.mean_gain <= 1.0 or math.frexp(self.mean_gain)[0] != 0.5:
            raise PartitaError(
                f"`mean_gain` is {self.mean_gain}: give 1 or a power of two below it, such as {MEAN_GAIN}"
            )
        if self.head == CATEGORICAL and self.classes > MOST_CATEGORIES:
            raise PartitaError(
                f"`classes` is {self.classes}, but the head `categorical` has at most {MOST_CATEGORIES}: give"
                " fewer, or the head `logistic` or `gaussian`"
            )
        layout = self.condition
        if self.period_taps and not (layout is not None and layout.bands and layout.sample_rate):
            raise PartitaError(
                f"`period_taps` is {self.period_taps}, but the network has no pitch: give `condition` bands"
                " and a `sample_rate`, or set it to 0"
            )
        if layout is not None and self.period_taps and layout.longest_period < self.period_taps // 2 + 2:
            raise PartitaError(
                f"`period_taps` is {self.period_taps}, more than fit into the longest period,"
                f" {layout.longest_period} samples at {layout.sample_rate} Hz: give fewer"
            )
        if self.receptive_field > MOST_PAST:
            raise PartitaError(
                f"the receptive field is {self.receptive_field} samples, must be at most {MOST_PAST}: give"
                " fewer `layers` or `blocks`, or a smaller `kernel_size`"
            )
        if self.multiply_adds > MOST_PARAMETERS:
            raise PartitaError(
                f"the network has about {self.multiply_adds} weights, must be at most {MOST_PARAMETERS}: give"
                " fewer channels"
            )

    @property
    def plain(self) -> "WaveNetConfig":
        """The same shape without a condition."""
        return replace(self, condition=None, period_taps=0)

    @cached_property
    def dilations(self) -> tuple[int, ...]:
        """The dilation of every layer, first to last, in samples."""
        return tuple(2**layer for layer in range(self.layers)) * self.blocks

    @cached_property
    def receptive_field(self) -> int:
        """Past samples that a prediction depends on: (kernel_size - 1) * sum of dilations + 1 + `reach`.

        >>> SIZES["wide"].receptive_field
        4093
        """
        return (self.kernel_size - 1) * sum(self.dilations) + 1 + self.reach

    @cached_property
    def reach(self) -> int:
        """Samples before the first one of the layers' input that are read as one period earlier."""
        if not self.period_taps or self.condition is None:
            return 0
        return self.condition.longest_period + self.period_taps // 2 - 1

    @cached_property
    def outputs(self) -> int:
        """Outputs for each predicted sample.

        >>> SIZES["small"].outputs
        256
        """
        return head_columns(self.head, classes=self.classes, mixtures=self.mixtures)

    @property
    def embeddings(self) -> int:
        """Embeddings of samples: one for each class, or 256 between which those of finer grids lie."""
        fine = self.head != CATEGORICAL and self.classes > MOST_EMBEDDINGS
        return EMBEDDINGS if fine else self.classes

    @cached_property
    def multiply_adds(self) -> int:
        """Multiply-adds of the forward pass for one predicted sample; the embedding look-up counts 0.

        >>> SIZES["small"].multiply_adds
        232448
        """
        count = len(self.dilations)
        dilated = self.kernel_size * self.residual_channels * 2 * self.dilation_channels
        skip = self.dilation_channels * self.skip_channels
        residual = self.dilation_channels * self.residual_channels
        end = self.skip_channels * self.end_channels + self.end_channels * self.outputs
        return count * (dilated + skip) + (count - 1) * residual + end


SIZES: dict[str, WaveNetConfig] = {
    "tiny": WaveNetConfig(
        blocks=1, layers=10, residual_channels=16, dilation_channels=16, skip_channels=64, end_channels=64
    ),
    "small": WaveNetConfig(
        blocks=2, layers=10, residual_channels=32, dilation_channels=32, skip_channels=128, end_channels=128
    ),
    "wide": WaveNetConfig(
        blocks=4, layers=10, residual_channels=32, dilation_channels=32, skip_channels=256, end_channels=256
    ),
    "published": WaveNetConfig(
        blocks=4, layers=10, residual_channels=64, dilation_channels=64, skip_channels=1024, end_channels=512
    ),
}
"""The named sizes: `small` is the default, `wide` the default of the report's base code, `published` the
baseline in the literature."""


def name_of(config: WaveNetConfig) -> str | None:
    """Return the name of a shape, or None if it has no name.

    >>> name_of(SIZES["wide"])
    'wide'
    """
    return next((name for name, shape in SIZES.items() if shape == config), None)


def size_named(name: str) -> WaveNetConfig:
    """Return the shape of a named size.

    Raises:
        PartitaError: no size has this name.

    >>> size_named("tiny").skip_channels
    64
    """
    check_choice("size", name, tuple(SIZES))
    return SIZES[name]
