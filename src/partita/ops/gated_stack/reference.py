"""The plain reference of the gated stack: PyTorch operations, for any device, any float type and autocast.

The compiled loops are tested against it, outputs and gradients. This file does not know compiled code.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from partita.ops.gated_stack.blocks import BlockBias


def reference_stack(
    hidden: Float[Tensor, "batch time residual"],
    dilated: Float[Tensor, "layers taps wide"],
    dilated_bias: Float[Tensor, "layers wide"] | BlockBias,
    residual: Float[Tensor, "inner units residual"],
    residual_bias: Float[Tensor, "inner residual"],
    dilations: tuple[int, ...],
) -> Float[Tensor, "batch wanted gates"]:
    """Return all layers' gated units side by side, (batch, wanted, layers * units).

    Each layer computes tanh(filters) * sigmoid(gates) (WaveNet, van den Oord et al. 2016, equation 2).

    Args:
        hidden: input of the first layer.
        dilated: weights of the dilated convolutions, oldest tap first; filters, then gates.
        dilated_bias: their biases, the same for all samples, or one for each block of samples.
        residual: weights from a layer's gated units to its residual connection; the last layer has none.
        residual_bias: their biases.
        dilations: dilation of each layer, in samples.
    """
    kernel_size = dilated.shape[1] // hidden.shape[2]
    wanted = hidden.shape[1] - (kernel_size - 1) * sum(dilations)
    time, wide = hidden.shape[1], dilated.shape[2]
    units: list[Tensor] = []
    for layer, dilation in enumerate(dilations):
        length = hidden.shape[1] - (kernel_size - 1) * dilation
        taps = [hidden[:, tap * dilation : tap * dilation + length] for tap in range(kernel_size)]
        sums = torch.cat(taps, 2) @ dilated[layer]
        if isinstance(dilated_bias, BlockBias):
            columns = (layer * wide, (layer + 1) * wide)
            sums = sums + dilated_bias.rows(*columns, first=time - length, length=length)
        else:
            sums = sums + dilated_bias[layer]
        filters, gates = sums.chunk(2, 2)
        gated = torch.tanh(filters) * torch.sigmoid(gates)
        units.append(gated[:, length - wanted :])
        if layer < len(dilations) - 1:
            hidden = taps[-1] + gated @ residual[layer] + residual_bias[layer]
    return torch.cat(units, 2)
