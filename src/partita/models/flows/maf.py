"""A masked autoregressive flow: the exact density of a window of sound given its past, in one parallel pass.

    v_0 = y, the dequantised sound;   v_k = flow_k(v_k-1);   z = v_K, standard normal
    log p(y | past) = log N(z; 0, 1) + sum over k and t of log |d v_k[t] / d v_k-1[t]|

Flows 0, 2, ... read the samples in the order of time, and the past before the window. Flows 1, 3, ... read
them in reverse, within the window, with zeros after its end, and leave the past as it is. Each is a
`SplineFlow`, with a triangular Jacobian.

A class c is the bin of width 2 / (C - 1) around 2 c / (C - 1) - 1. With uniform u in [0, 1) and y in the bin,

    -log P(c | past) <= E_u[-log p(y | past)] - (samples) log(2 / (C - 1))

so the bits of classes are an upper bound. This file does not know audio files, losses or sampling.

Source: Papamakarios et al. 2017 (the flow); Theis et al. 2016, section 3.1, and Ho et al. 2019, section 3.1
(the bound).
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from partita.audio.features.layout import HOLD
from partita.checks import check_count, check_counts
from partita.errors import PartitaError
from partita.models.conditioning.conditioner import Conditioner
from partita.models.conditioning.conditions import Conditions
from partita.models.flows.block_biases import flow_columns, forward_bias, last_samples, reversed_bias
from partita.models.flows.spline_flow import SplineFlow
from partita.models.sizes import WaveNetConfig
from partita.ops.gated_stack.blocks import BlockBias

MOST = {"flows": 64, "bins": 256}
MOST_WINDOW = 1 << 24
WINDOW = 8192
"""Samples of a window where the shape has no number."""
FIRST_LOG_SCALE = -1.0
"""The logarithm of the deviation of the companded sound with which training begins."""
LATER_LOG_SCALES = (-2.0, 0.0, 2.0)
VECTORS, SPAN = 64, 4.0
"""Embedding vectors of the flows after the first, and the value of the last one."""


@dataclass(frozen=True, kw_only=True)
class MAFConfig:
    """The shape of a masked autoregressive flow besides that of its networks.

    Raises:
        PartitaError: a field is out of its range.

    >>> MAFConfig().flows
    3
    """

    flows: int = 3
    """Flows, one after the other, each with a network of the chosen size; every second one reads the samples
    in reverse."""
    bins: int = 16
    """Bins of the spline of each sample."""
    window: int | None = None
    """Samples of a window of a drawn clip, by default `targets`."""

    def __post_init__(self) -> None:
        """Check the ranges of all fields."""
        check_counts(self, MOST, {"bins": 2})
        if self.window is not None:
            check_count("window", self.window, 1, MOST_WINDOW)


class Transformed(NamedTuple):
    """What a window is transformed to, and the sum over the flows of the logarithms of the slopes."""

    noise: Float[Tensor, "batch targets"]
    log_slopes: Float[Tensor, "batch targets"]


class MAF(nn.Module):
    """The density of a window of sound given its past.

    Args:
        network: the shape of the network of each flow, the condition and the classes; the head is not used.
        shape: of the flows.
        generator: the random stream of the initial weights; None takes PyTorch's global one.

    >>> from partita.models.sizes import SIZES
    >>> model = MAF(SIZES["tiny"], MAFConfig(), generator=torch.Generator().manual_seed(0))
    >>> values = torch.zeros(1, model.receptive_field + 5)
    >>> model.receptive_field, model(values).noise.shape
    (2048, torch.Size([1, 5]))
    """

    def __init__(
        self, network: WaveNetConfig, shape: MAFConfig, *, generator: torch.Generator | None = None
    ) -> None:
        super().__init__()
        self.config, self.shape = network, shape
        self.bin_width = 2.0 / (network.classes - 1)
        """Of a class, in values."""
        least = math.log(self.bin_width) - 2.0
        self.flows = nn.ModuleList(
            SplineFlow(
                network,
                bins=shape.bins,
                vectors=VECTORS if number else max(2, network.embeddings),
                span=SPAN if number else 1.0,
                companded=not number and network.embeddings < network.classes,
                log_scales=LATER_LOG_SCALES if number else (least, FIRST_LOG_SCALE, 1.0),
                generator=generator,
            )
            for number in range(shape.flows)
        )
        self.conditioner: Conditioner | None = None
        if network.condition is not None:
            self.conditioner = Conditioner(
                network.condition,
                channels=network.condition_channels,
                gate_columns=shape.flows * self._gate_columns,
                skip_channels=shape.flows * network.skip_channels,
                generator=generator,
            )

    @property
    def spline_flows(self) -> list[SplineFlow]:
        """The flows, from sound to noise."""
        return [flow for flow in self.flows if isinstance(flow, SplineFlow)]

    @property
    def field(self) -> int:
        """Samples before a sample that its transform by one flow depends on."""
        network = self.config
        return (network.kernel_size - 1) * sum(network.dilations) + 1

    @property
    def receptive_field(self) -> int:
        """Samples before a window that its density depends on."""
        return (self.shape.flows + 1) // 2 * self.field

    @property
    def window(self) -> int:
        """Samples of a window of a drawn clip."""
        return self.shape.window or WINDOW

    @property
    def _gate_columns(self) -> int:
        return len(self.config.dilations) * 2 * self.config.dilation_channels

    def forward(
        self,
        values: Float[Tensor, "batch time"],
        conditions: Conditions | None = None,
        valid: Bool[Tensor, "batch targets"] | None = None,
    ) -> Transformed:
        """Return the noise that the window after the first `receptive_field` samples is transformed to.

        Args:
            values: the past and the window.
            conditions: the frames; `start` is the time of the first sample. A model without a condition
                ignores them.
            valid: which samples of the window there are: the first ones, at least one; by default all. What
                is returned for the others means nothing.
        """
        past = self.receptive_field
        targets = values.shape[1] - past
        if valid is None:
            valid = torch.ones(len(values), targets, dtype=torch.bool, device=values.device)
        biases = self.biases(conditions, last_samples(valid, context=past), samples=values.shape[1])
        log_slopes = values.new_zeros(len(values), targets)
        for number, flow in enumerate(self.spline_flows):
            if number % 2:
                window = torch.where(valid, values[:, -targets:], 0.0).flip(1)
                parameters = flow(nn.functional.pad(window, (self.field, 0)), biases[number])
                turned, slopes = flow.transform(window, parameters)
                values = torch.cat([values[:, :-targets], turned.flip(1)], 1)
                log_slopes = log_slopes + slopes.flip(1)
            else:
                parameters = flow(values, biases[number])
                values, slopes = flow.transform(values[:, self.field :], parameters)
                log_slopes = log_slopes + slopes[:, -targets:]
        return Transformed(values, log_slopes)

    def class_nats(
        self,
        classes: Int[Tensor, "batch time"],
        uniforms: Float[Tensor, "batch time"],
        valid: Bool[Tensor, "batch targets"],
        conditions: Conditions | None = None,
    ) -> Float[Tensor, "batch targets"]:
        """Return numbers whose sum over a window is an upper bound, in expectation, of -ln P of its classes.

        Args:
            classes: the past and the window.
            uniforms: in [0, 1), for each of them: where in its bin it is.
            valid: as for `forward`.
            conditions: as for `forward`.

        Returns:
            float32 or float64; 0 where a sample is not valid.
        """
        values = dequantised(classes, uniforms, self.config.classes)
        found: Transformed = self(values, conditions, valid)
        nats = 0.5 * found.noise.square() + 0.5 * math.log(2.0 * math.pi) - found.log_slopes
        return torch.where(valid, nats - math.log(self.bin_width), 0.0)

    def biases(
        self, conditions: Conditions | None, last: Int[Tensor, " batch"], *, samples: int
    ) -> list[BlockBias] | list[None]:
        """Return what the conditions add in each flow: row 0 belongs to the flow's first dependent sample.

        Args:
            conditions: as for `forward`.
            last: the last sample of each window.
            samples: of the past and the window.

        Raises:
            PartitaError: the model has a condition, and there are no frames.
        """
        if self.conditioner is None:
            return [None] * self.shape.flows
        if conditions is None:
            raise PartitaError("the model has a condition: give the frames around the inputs")
        blocks = self.conditioner.blocks(conditions, samples=samples)
        blocks = blocks.to(torch.promote_types(blocks.dtype, torch.float32))
        start, found = conditions.start % HOLD, []
        for number in range(self.shape.flows):
            columns = flow_columns(
                blocks,
                number=number,
                flows=self.shape.flows,
                gates=self._gate_columns,
                skips=self.config.skip_channels,
            )
            if number % 2:
                # a row of the reversed input belongs to the sample after it in that order
                bias = reversed_bias(columns, start, last=last, first=samples + self.field - 2)
            else:
                bias = forward_bias(columns, start, first=number // 2 * self.field + 1)
            found.append(bias)
        return found


def dequantised(
    classes: Int[Tensor, "*shape"], uniforms: Float[Tensor, "*shape"], count: int
) -> Float[Tensor, "*shape"]:
    """Return a value in the bin of each class.

    Args:
        classes: 0 to `count` - 1.
        uniforms: in [0, 1): 0.5 is the middle of the bin.
        count: of the classes.

    >>> dequantised(torch.tensor([0, 128, 255]), torch.tensor([0.5, 0.0, 0.5]), 256).tolist()
    [-1.0, 0.0, 1.0]
    """
    return (classes + (uniforms - 0.5)) * (2.0 / (count - 1)) - 1.0
