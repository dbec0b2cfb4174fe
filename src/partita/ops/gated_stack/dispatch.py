"""The stack of gated dilated layers, by compiled loops where they can run, else by plain tensor operations.

The compiled loops (`autograd.py`) need a CPU, float32 tensors and channels in multiples of 16; under autocast
they also need a processor with products of bfloat16. Everything else takes the plain reference
(`reference.py`). Both give the same numbers up to rounding. This file does not know classes or logits.

Layout: `hidden` is (batch, time, residual). The weights are stacked by layer: `taps` is kernel_size *
residual, `wide` is 2 * units (filters, then gates) and `inner` is layers - 1, since the last layer has no
residual connection.
"""

from dataclasses import replace

import torch
from jaxtyping import Float
from torch import Tensor

from partita.ops.gated_stack.autograd import compiled_stack
from partita.ops.gated_stack.blocks import BlockBias
from partita.ops.gated_stack.reference import reference_stack
from partita.ops.llvm.bfloat16 import has_bfloat16_products


def gated_stack(
    hidden: Float[Tensor, "batch time residual"],
    dilated: Float[Tensor, "layers taps wide"],
    dilated_bias: Float[Tensor, "layers wide"],
    residual: Float[Tensor, "inner units residual"],
    residual_bias: Float[Tensor, "inner residual"],
    skip: Float[Tensor, "layers units skip"],
    skip_bias: Float[Tensor, " skip"],
    dilations: tuple[int, ...],
    conditions: BlockBias | None = None,
) -> Float[Tensor, "batch wanted skip"]:
    """Return the sum of all layers' skip connections at the positions whose receptive field is complete.

    Args:
        hidden: input of the first layer.
        dilated: weights of the dilated convolutions, oldest tap first.
        dilated_bias: their biases.
        residual: weights from a layer's gated units to its residual connection.
        residual_bias: their biases.
        skip: weights from a layer's gated units to the sum.
        skip_bias: bias of the sum.
        dilations: dilation of each layer, in samples.
        conditions: what blocks of samples add to the biases; None adds nothing.
    """
    bias: Tensor | BlockBias = dilated_bias
    if conditions is not None:
        constant = torch.cat([dilated_bias.flatten(), skip_bias])
        bias = replace(conditions, values=conditions.values + constant)
    if fits_compiled_stack(hidden, dilated):
        in_bfloat16 = torch.is_autocast_enabled("cpu")
        gates = compiled_stack(
            hidden, dilated, bias, residual, residual_bias, dilations, bfloat16=in_bfloat16
        )
    else:
        gates = reference_stack(hidden, dilated, bias, residual, residual_bias, dilations)
    total: Tensor = gates @ skip.flatten(0, 1)
    if not isinstance(bias, BlockBias):
        return total + skip_bias
    wanted = total.shape[1]
    columns = (dilated_bias.numel(), bias.values.shape[2])
    return total + bias.rows(*columns, first=hidden.shape[1] - wanted, length=wanted)


def fits_compiled_stack(hidden: Tensor, dilated: Tensor) -> bool:
    """Return whether the compiled loops can run on these tensors, under the current autocast setting."""
    whole_vectors = hidden.shape[2] % 16 == 0 and dilated.shape[2] % 32 == 0
    floats = hidden.dtype == dilated.dtype == torch.float32 and not torch.compiler.is_compiling()
    if not (whole_vectors and floats and hidden.device.type == "cpu"):
        return False
    if not torch.is_autocast_enabled("cpu"):
        return True
    return torch.get_autocast_dtype("cpu") == torch.bfloat16 and has_bfloat16_products()
