"""The stack of gated dilated layers, which is nearly all of WaveNet's work.

Layout: (batch, time, channels). This file does not know classes or logits.
"""

import torch
from torch import Tensor


def gated_stack(
    hidden: Tensor,
    dilated: Tensor,
    dilated_bias: Tensor,
    residual: Tensor,
    residual_bias: Tensor,
    skip: Tensor,
    skip_bias: Tensor,
    dilations: tuple[int, ...],
) -> Tensor:
    """Return the sum of all layers' skip connections at the positions whose receptive field is complete."""
    kernel = dilated.shape[1] // hidden.shape[2]
    wanted = hidden.shape[1] - (kernel - 1) * sum(dilations)
    gates: list[Tensor] = []
    for layer, dilation in enumerate(dilations):
        length = hidden.shape[1] - (kernel - 1) * dilation
        taps = [hidden[:, tap * dilation : tap * dilation + length] for tap in range(kernel)]
        z = torch.cat(taps, 2) @ dilated[layer] + dilated_bias[layer]
        filter_half, gate_half = z.chunk(2, 2)
        gate = torch.tanh(filter_half) * torch.sigmoid(gate_half)
        gates.append(gate[:, length - wanted :])
        if layer < len(dilations) - 1:
            hidden = taps[-1] + gate @ residual[layer] + residual_bias[layer]
    return torch.cat(gates, 2) @ skip.flatten(0, 1) + skip_bias
