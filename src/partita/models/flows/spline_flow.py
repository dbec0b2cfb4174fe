"""One masked autoregressive flow: a gated dilated stack that says how each sample is transformed.

    h[t]     = the embedding of v[t], between the two vectors around it
    s[t]     = the sum of the skip connections of a WaveNet's layers on h, with what the condition adds
    a[t + 1] = relu(relu(s[t]) E_1 + e_1) E_2 + e_2
    w[t + 1] = spline((v[t + 1] - m) / sigma),   m, log sigma and the spline from a[t + 1]

The spline is monotonic and rational-quadratic; outside [-`BOUND`, `BOUND`] it is the identity. Sample t + 1
of the output depends on the samples of the input up to t + 1, so the Jacobian is triangular, and its diagonal
is the product of the slopes. Layout: (batch, time). This file does not know audio or losses.

Source: Papamakarios et al. 2017, "Masked autoregressive flow for density estimation"; Durkan et al. 2019,
"Neural spline flows", section 3.1.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional
from zuko.transforms import MonotonicRQSTransform

from partita.models.heads.fine import MU, companded_values, mixed
from partita.models.sizes import WaveNetConfig
from partita.models.wavenet import ordered_embedding
from partita.ops.gated_stack.blocks import BlockBias
from partita.ops.gated_stack.dispatch import gated_stack

BOUND = 5.0
"""Where the spline ends, in deviations."""
LEAST_SLOPE = 1e-3
"""The least slope of the spline at its knots; the largest is the reciprocal."""


class SplineFlow(nn.Module):
    """Transform each sample with a mean, a scale and a spline that depend on the samples before it.

    Args:
        network: the shape of the gated stack; its condition, classes and head are not used.
        bins: of the spline.
        vectors: embedding vectors, spread over the values from -1 to 1.
        span: the value of the input that the last vector stands for.
        companded: whether the vectors are spread by mu-law.
        log_scales: the least logarithm of sigma, that of the untrained flow, and the largest one.
        generator: the random stream of the initial weights; None takes PyTorch's global one.

    >>> from dataclasses import replace
    >>> from partita.models.sizes import SIZES
    >>> network = replace(SIZES["tiny"], layers=3)
    >>> flow = SplineFlow(network, bins=4, vectors=16, span=4.0, log_scales=(-2.0, 0.0, 2.0))
    >>> values = torch.linspace(-1.0, 1.0, 20).expand(2, 20)
    >>> parameters = flow(values)
    >>> flow.receptive_field, parameters.shape, flow.transform(values[:, 8:], parameters)[0].shape
    (8, torch.Size([2, 12, 13]), torch.Size([2, 12]))
    """

    def __init__(
        self,
        network: WaveNetConfig,
        *,
        bins: int,
        vectors: int,
        span: float,
        companded: bool = False,
        log_scales: tuple[float, float, float],
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.network = network
        self._parts = [bins, bins, bins - 1]
        self._span, self._companded = span, companded
        least, first, most = log_scales
        self.log_scale_range = 0.5 * (least + most), 0.5 * (most - least)
        """The middle and half the width of the range of log sigma."""
        count, kernel = len(network.dilations), network.kernel_size
        residual, units, skip = network.residual_channels, network.dilation_channels, network.skip_channels
        self.embedding = nn.Parameter(ordered_embedding(vectors, residual, generator))
        self.dilated = nn.Parameter(torch.empty(count, kernel * residual, 2 * units))
        self.dilated_bias = nn.Parameter(torch.zeros(count, 2 * units))
        self.residual = nn.Parameter(torch.empty(count - 1, units, residual))
        self.residual_bias = nn.Parameter(torch.zeros(count - 1, residual))
        self.skip = nn.Parameter(torch.empty(count, units, skip))
        self.skip_bias = nn.Parameter(torch.zeros(skip))
        self.end1 = nn.Parameter(torch.empty(skip, network.end_channels))
        self.end1_bias = nn.Parameter(torch.zeros(network.end_channels))
        self.end2 = nn.Parameter(torch.empty(network.end_channels, 3 * bins + 1))
        self.end2_bias = nn.Parameter(torch.zeros(3 * bins + 1))
        with torch.no_grad():
            for weight, gain, rows in (
                (self.dilated, 1.0, kernel * residual),
                (self.residual, 1.0, units),
                (self.skip, 2.0, count * units),
                (self.end1, 2.0, skip),
                (self.end2, 0.01, network.end_channels),
            ):
                weight.normal_(0.0, math.sqrt(gain / rows), generator=generator)
            middle, half = self.log_scale_range
            self.end2_bias[1] = half * math.atanh((first - middle) / half)

    @property
    def receptive_field(self) -> int:
        """Samples before a sample that its transform depends on."""
        network = self.network
        return (network.kernel_size - 1) * sum(network.dilations) + 1

    def embed(self, values: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape channels"]:
        """Mix the two embedding vectors around each value linearly.

        Args:
            values: of the input; outside the span the nearest vector counts.
        """
        places = values / self._span
        if self._companded:
            places = companded_values(places)
        last = len(self.embedding) - 1
        places = ((places + 1.0) * (0.5 * last)).clamp(0.0, last)
        lower = places.detach().long().clamp(0, last - 1)  # NaN is no index
        return mixed(lower, places - lower, self.embedding)

    def places(self) -> Float[Tensor, " vectors"]:
        """Return the value that each embedding vector stands for."""
        last = len(self.embedding) - 1
        places = torch.linspace(-1.0, 1.0, last + 1, dtype=torch.float64)
        if self._companded:
            places = places.sign() * ((1.0 + MU) ** places.abs() - 1.0) / MU
        return self._span * places

    def forward(
        self, values: Float[Tensor, "batch time"], bias: BlockBias | None = None
    ) -> Float[Tensor, "batch samples columns"]:
        """Return how the samples `receptive_field` to `time` - 1 are transformed.

        Args:
            values: of the input.
            bias: what the condition adds; its row 0 belongs to sample 1.
        """
        skips = gated_stack(
            self.embed(values[:, :-1]),
            self.dilated,
            self.dilated_bias,
            self.residual,
            self.residual_bias,
            self.skip,
            self.skip_bias,
            self.network.dilations,
            bias,
        )
        return self.ends(skips).to(values.dtype)

    def ends(self, skips: Float[Tensor, "*shape skips"]) -> Float[Tensor, "*shape columns"]:
        """Return how samples are transformed, from the sums of their skip connections."""
        hidden = functional.relu(functional.relu(skips) @ self.end1 + self.end1_bias)
        return hidden @ self.end2 + self.end2_bias

    def transform(
        self, values: Float[Tensor, "*shape"], parameters: Float[Tensor, "*shape columns"]
    ) -> tuple[Float[Tensor, "*shape"], Float[Tensor, "*shape"]]:
        """Return the transformed samples, and the logarithms of the slopes.

        Args:
            values: samples of the input.
            parameters: of their transforms, as `forward` returns them.
        """
        log_scales = self._log_scales(parameters)
        scaled = (values - parameters[..., 0]) * (-log_scales).exp()
        found, log_slopes = self._spline(parameters).call_and_ladj(scaled)
        return found, log_slopes - log_scales

    def inverse(
        self, values: Float[Tensor, "*shape"], parameters: Float[Tensor, "*shape columns"]
    ) -> Float[Tensor, "*shape"]:
        """Return the samples that `transform` turns into some values.

        Args:
            values: samples of the output.
            parameters: of their transforms.
        """
        scaled: Tensor = self._spline(parameters).inv(values)
        return parameters[..., 0] + self._log_scales(parameters).exp() * scaled

    def _log_scales(self, parameters: Tensor) -> Tensor:
        middle, half = self.log_scale_range
        return middle + half * (parameters[..., 1] / half).tanh()

    def _spline(self, parameters: Tensor) -> MonotonicRQSTransform:
        widths, heights, slopes = torch.split(parameters[..., 2:], self._parts, -1)
        return MonotonicRQSTransform(widths, heights, slopes, bound=BOUND, slope=LEAST_SLOPE)
