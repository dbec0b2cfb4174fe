"""The stack of gated dilated layers, which is nearly all of WaveNet's work.

Two ways to the same numbers: plain PyTorch, which runs on any device, in any type and under autocast; and on
a CPU, where the channels are multiples of 16, compiled loops that keep what is between two products in the
cache: in float32, and under autocast in bfloat16 where the processor multiplies pairs of them.

Layout: (batch, time, channels). This file does not know classes or logits.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from partita.ops.gated_stack.autograd import fused_stack
from partita.ops.llvm.bfloat16 import has_pair_products


def gated_stack(
    hidden: Float[Tensor, "batch time residual"],
    dilated: Float[Tensor, "layers taps wide"],
    dilated_bias: Float[Tensor, "layers wide"],
    residual: Float[Tensor, "inner units residual"],
    residual_bias: Float[Tensor, "inner residual"],
    skip: Float[Tensor, "layers units skip"],
    skip_bias: Float[Tensor, " skip"],
    dilations: tuple[int, ...],
) -> Float[Tensor, "batch wanted skip"]:
    """Return the sum of all layers' skip connections at the positions whose receptive field is complete."""
    parts = (hidden, dilated, dilated_bias, residual, residual_bias)
    if fits_fused(hidden, dilated):
        gates = fused_stack(*parts, dilations, narrow=torch.is_autocast_enabled("cpu"))
    else:
        gates = reference_stack(*parts, dilations)
    total: Tensor = gates @ skip.flatten(0, 1) + skip_bias
    return total


def fits_fused(hidden: Tensor, dilated: Tensor) -> bool:
    """Say whether the compiled loops can take these tensors."""
    whole_vectors = hidden.shape[2] % 16 == 0 and dilated.shape[2] % 32 == 0
    floats = hidden.dtype == dilated.dtype == torch.float32 and not torch.compiler.is_compiling()
    if not (whole_vectors and floats and hidden.device.type == "cpu"):
        return False
    if not torch.is_autocast_enabled("cpu"):
        return True
    return torch.get_autocast_dtype("cpu") == torch.bfloat16 and has_pair_products()


def reference_stack(
    hidden: Float[Tensor, "batch time residual"],
    dilated: Float[Tensor, "layers taps wide"],
    dilated_bias: Float[Tensor, "layers wide"],
    residual: Float[Tensor, "inner units residual"],
    residual_bias: Float[Tensor, "inner residual"],
    dilations: tuple[int, ...],
) -> Float[Tensor, "batch wanted gates"]:
    """Return all layers' gates side by side, (batch, wanted, layers * units), by plain tensor operations."""
    kernel = dilated.shape[1] // hidden.shape[2]
    wanted = hidden.shape[1] - (kernel - 1) * sum(dilations)
    gates: list[Tensor] = []
    for layer, dilation in enumerate(dilations):
        length = hidden.shape[1] - (kernel - 1) * dilation
        taps = [hidden[:, tap * dilation : tap * dilation + length] for tap in range(kernel)]
        sums = torch.cat(taps, 2) @ dilated[layer] + dilated_bias[layer]
        filters, prompts = sums.chunk(2, 2)
        gate = torch.tanh(filters) * torch.sigmoid(prompts)
        gates.append(gate[:, length - wanted :])
        if layer < len(dilations) - 1:
            hidden = taps[-1] + gate @ residual[layer] + residual_bias[layer]
    return torch.cat(gates, 2)
