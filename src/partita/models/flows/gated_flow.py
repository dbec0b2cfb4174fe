"""One autoregressive flow: a gated dilated stack that gives the mean and the scale of each sample.

    h[t]            = x[t] w + e[t + 1] W + b
    s[t]            = the sum of the skip connections of a WaveNet's layers on h, with what the condition adds
    m, log sigma, a = relu(s[t]) E + b_E
    mean of x'[t + 1] = m + a e[t + 1],   deviation sigma

e are the harmonics of the pitch, if there are any. Sample t + 1 of the output depends on the samples of the
input up to t, so the Jacobian is triangular. Layout: (batch, time). This file does not know audio or losses.
"""

import math
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from partita.ops.gated_stack.blocks import BlockBias
from partita.ops.gated_stack.dispatch import gated_stack

LEAST_LOG_SCALE, MOST_LOG_SCALE = -5.0, 2.0
"""The ends of the logarithm of a scale."""


class Moments(NamedTuple):
    """Mean and logarithm of the deviation of each sample."""

    means: Float[Tensor, "batch samples"]
    log_scales: Float[Tensor, "batch samples"]


class GatedFlow(nn.Module):
    """The mean and the scale of each sample from the samples before it.

    Args:
        layers: dilated layers, with dilations 1, 2, 4, ...
        channels: channels of the residual signal, of the gated units and of the skip connections.
        harmonics: columns of the harmonics; 0 for none.
        log_scale: the logarithm of the scale with which the flow begins.
        generator: the random stream of the initial weights; None takes PyTorch's global one.

    >>> flow = GatedFlow(layers=3, channels=16, harmonics=0, log_scale=0.0)
    >>> flow.receptive_field, flow(torch.zeros(2, 20)).means.shape
    (8, torch.Size([2, 12]))
    """

    def __init__(
        self,
        *,
        layers: int,
        channels: int,
        harmonics: int,
        log_scale: float,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.dilations: tuple[int, ...] = tuple(1 << layer for layer in range(layers))
        self.channels, skip = channels, channels
        self.input = nn.Parameter(torch.empty(1 + harmonics, channels))
        self.input_bias = nn.Parameter(torch.zeros(channels))
        self.dilated = nn.Parameter(torch.empty(layers, 2 * channels, 2 * channels))
        self.dilated_bias = nn.Parameter(torch.zeros(layers, 2 * channels))
        self.residual = nn.Parameter(torch.empty(layers - 1, channels, channels))
        self.residual_bias = nn.Parameter(torch.zeros(layers - 1, channels))
        self.skip = nn.Parameter(torch.empty(layers, channels, skip))
        self.skip_bias = nn.Parameter(torch.zeros(skip))
        self.end = nn.Parameter(torch.empty(skip, 2 + harmonics))
        self.end_bias = nn.Parameter(torch.zeros(2 + harmonics))
        with torch.no_grad():
            for weight, gain, rows in (
                (self.input, 1.0, 1.0),
                (self.dilated, 1.0, 2.0 * channels),
                (self.residual, 1.0, float(channels)),
                (self.skip, 2.0, float(layers * channels)),
                (self.end, 0.01, float(skip)),
            ):
                weight.normal_(0.0, math.sqrt(gain / rows), generator=generator)
            self.end_bias[1] = log_scale

    @property
    def receptive_field(self) -> int:
        """Samples of the input that one output depends on, and by which the output is shorter."""
        return sum(self.dilations) + 1

    def forward(
        self,
        samples: Float[Tensor, "batch time"],
        harmonics: Float[Tensor, "batch time columns"] | None = None,
        bias: BlockBias | None = None,
    ) -> Moments:
        """Return the moments of the samples `receptive_field` to `time` - 1.

        Args:
            samples: of the input.
            harmonics: at the same times; None if the flow has none.
            bias: what the condition adds; its row 0 belongs to sample 1.
        """
        hidden = samples[:, :-1, None] * self.input[0] + self.input_bias
        if harmonics is not None:
            hidden = hidden + harmonics[:, 1:] @ self.input[1:]
        skips = gated_stack(
            hidden,
            self.dilated,
            self.dilated_bias,
            self.residual,
            self.residual_bias,
            self.skip,
            self.skip_bias,
            self.dilations,
            bias,
        )
        outputs = (functional.relu(skips) @ self.end + self.end_bias).float()
        means, log_scales = outputs[..., 0], outputs[..., 1].clamp(LEAST_LOG_SCALE, MOST_LOG_SCALE)
        if harmonics is not None:
            means = means + (outputs[..., 2:] * harmonics[:, self.receptive_field :]).sum(-1)
        return Moments(means, log_scales)
