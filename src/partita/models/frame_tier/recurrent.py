"""A gated recurrent unit over frames, with its gradient computed after the loop as far as that is possible.

PyTorch's own loop computes the gradient of the weights at every frame. Here the state's gradient alone is
computed frame by frame; the weights' gradient is one large product. On a CPU the products can be bfloat16;
the state is float32 in any case. This file does not know what the inputs are.
"""

import math
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn


class RecurrentLayer(nn.Module):
    """A gated recurrent unit (Cho et al. 2014; the reset gate is applied after the product).

        r, z  = sigmoid(x_t W_r,z + b_r,z + h_t-1 U_r,z)
        n     = tanh(x_t W_n + b_n + r * (h_t-1 U_n + u))
        h_t   = (1 - z) * n + z * h_t-1

    Args:
        inputs: channels of the input.
        channels: channels of the state.
        generator: the random stream of the initial weights; None takes PyTorch's global one.

    >>> layer = RecurrentLayer(3, 4, torch.Generator().manual_seed(0))
    >>> layer(torch.zeros(2, 5, 3), torch.zeros(2, 4)).shape
    torch.Size([2, 5, 4])
    """

    def __init__(self, inputs: int, channels: int, generator: torch.Generator | None) -> None:
        super().__init__()
        self.input = nn.Parameter(torch.empty(inputs, 3 * channels))
        self.input_bias = nn.Parameter(torch.zeros(3 * channels))
        self.state = nn.Parameter(torch.empty(channels, 3 * channels))
        self.state_bias = nn.Parameter(torch.zeros(channels))
        with torch.no_grad():
            for weight in (self.input, self.state):
                weight.normal_(0.0, 1.0 / math.sqrt(len(weight)), generator=generator)

    def forward(
        self, inputs: Float[Tensor, "batch time inputs"], state: Float[Tensor, "batch channels"]
    ) -> Float[Tensor, "batch time channels"]:
        """Return the states after each input, from a first state on."""
        if inputs.is_cuda:
            return self._by_library(inputs, state)
        gates = inputs.transpose(0, 1) @ self.input + self.input_bias
        half = torch.is_autocast_enabled("cpu")
        kind = torch.get_autocast_dtype("cpu") if half else gates.dtype
        states: Tensor = _Recurrence.apply(  # type: ignore[no-untyped-call]
            gates.to(state.dtype), self.state, self.state_bias, state, kind
        )
        return states.transpose(0, 1)

    def _by_library(self, inputs: Tensor, state: Tensor) -> Tensor:
        zeros = self.state_bias.new_zeros(2 * len(self.state_bias))
        bias = torch.cat([zeros, self.state_bias])
        weights: list[Tensor] = [self.input.T, self.state.T, self.input_bias, bias]
        states: Tensor = torch.gru(inputs, state[None], weights, True, 1, 0.0, False, False, True)[0]
        return states


class _Recurrence(torch.autograd.Function):
    """The loop over time; arrays are (time, batch, channels), and products have the precision `kind`."""

    @staticmethod
    def forward(
        ctx: Any, gates: Tensor, weight: Tensor, bias: Tensor, start: Tensor, kind: torch.dtype
    ) -> Tensor:
        time, batch, channels = len(gates), *start.shape
        states = gates.new_empty(time + 1, batch, channels)
        states[0] = start
        both = gates.new_empty(time, batch, 2 * channels)
        recurrent, new = torch.empty_like(states[1:]), torch.empty_like(states[1:])
        matrix, newest = weight.to(kind), start.to(kind)
        product = torch.empty(batch, 3 * channels, dtype=kind, device=gates.device)
        for t in range(time):
            torch.mm(newest, matrix, out=product)
            torch.add(gates[t, :, : 2 * channels], product[:, : 2 * channels], out=both[t]).sigmoid_()
            torch.add(product[:, 2 * channels :], bias, out=recurrent[t])
            torch.addcmul(
                gates[t, :, 2 * channels :], both[t, :, :channels], recurrent[t], out=new[t]
            ).tanh_()
            torch.lerp(new[t], states[t], both[t, :, channels:], out=states[t + 1])
            newest = states[t + 1].to(kind)
        ctx.save_for_backward(states, both, recurrent, new, weight)
        ctx.kind = kind
        return states[1:]

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor, None]:
        states, both, recurrent, new, weight = ctx.saved_tensors
        reset, keep = both.chunk(2, -1)
        to_new = (1.0 - keep) * (1.0 - new.square())
        to_keep = (states[:-1] - new) * keep * (1.0 - keep)
        to_reset = to_new * recurrent * reset * (1.0 - reset)
        slopes = torch.stack([to_reset, to_keep, to_new * reset], 2)
        matrix = weight.to(ctx.kind).T.contiguous()
        arriving = torch.empty_like(new)
        products = torch.empty_like(slopes, dtype=ctx.kind)
        through = torch.zeros_like(new[0])
        for t in range(len(new) - 1, -1, -1):
            torch.add(gradient[t], through, out=arriving[t])
            torch.mul(slopes[t], arriving[t, :, None], out=slopes[t])
            products[t] = slopes[t]
            through = arriving[t] * keep[t] + products[t].flatten(1) @ matrix
        flat = products.flatten(0, 1).flatten(1)
        for_weight = (states[:-1].to(ctx.kind).flatten(0, 1).T @ flat).to(weight.dtype)
        for_gates = torch.cat([slopes[:, :, :2].flatten(2), arriving * to_new], -1)
        return for_gates, for_weight, slopes[:, :, 2].sum((0, 1)), through, None
