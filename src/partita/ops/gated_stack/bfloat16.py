"""The gated stack in bfloat16, for processors that multiply pairs of bfloat16.

What products take in is bfloat16, and all sums are float32: the residual signal is stored as float32 and
rounded for the layer that reads it, and its gradient likewise. Layouts are those of `layout.py`. This file
does not know PyTorch.
"""

from partita.ops.gated_stack.backward import make_backward_layers
from partita.ops.gated_stack.forward import make_forward_layers
from partita.ops.gated_stack.layout import BackwardScratch, NumberFormat
from partita.ops.llvm.bfloat16 import (
    copy_bfloat16_rows,
    gate,
    gate_gradient_pairs,
    pack_row_pairs,
    to_bfloat16,
    to_float32,
)
from partita.ops.llvm.matmul import multiply_add_bfloat16
from partita.ops.llvm.vector import WIDTH
from partita.ops.numba_cache import compiled


@compiled()
def store_rows(source: int, out: int, rows: int, columns: int) -> int:
    """Round contiguous rows of float32 to bfloat16 and return their address."""
    to_bfloat16(source, columns, out, columns, rows, columns)
    return out


@compiled()
def pack_rows(source: int, zeros: int, out: int, rows: int, columns: int) -> int:
    """Interleave contiguous rows two by two and return their address."""
    pack_row_pairs(source, columns, zeros, out, rows, columns)
    return out


@compiled()
def gate_gradients(activations: int, scratch: BackwardScratch, rows: int, units: int) -> int:
    """Turn activations into gradients of the sums, in place; write these and tanh * sigmoid as row pairs."""
    wide = 2 * units
    for p in range((rows + 1) // 2):
        first = activations + 4 * p * wide
        second = first + 2 * wide if 2 * p + 1 < rows else scratch.zeros
        for u in range(0, units, WIDTH):
            d_first, out = scratch.d_gated + 4 * (2 * p * units + u), scratch.d_sums + 4 * (p * wide + u)
            gate_gradient_pairs((
                first + 2 * u, first + 2 * (units + u), d_first,
                second + 2 * u, second + 2 * (units + u), d_first + 4 * units,
                out, out + 4 * units, scratch.gated + 4 * (p * units + u),
            ))  # fmt: skip
    return scratch.d_sums


FORMAT = NumberFormat(
    name="bfloat16",
    size=2,
    per_word=2,
    one=0x3F803F80,
    block=128,
    multiply_add=multiply_add_bfloat16,
    gate=gate,
    copy_rows=copy_bfloat16_rows,
    load_rows=to_float32,
    store_rows=store_rows,
    pack_rows=pack_rows,
    gate_gradients=gate_gradients,
)

forward_layers = make_forward_layers(FORMAT)
backward_layers = make_backward_layers(FORMAT)
