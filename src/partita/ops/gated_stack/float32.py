"""The gated stack in float32, which runs on every processor.

Layouts are those of `layout.py`. This file does not know PyTorch.
"""

from partita.ops.gated_stack.backward import make_backward_layers
from partita.ops.gated_stack.forward import make_forward_layers
from partita.ops.gated_stack.layout import BackwardScratch, NumberFormat
from partita.ops.llvm.activation import gate, gate_gradient
from partita.ops.llvm.matmul import multiply_add
from partita.ops.llvm.rows import copy_rows
from partita.ops.llvm.vector import WIDTH
from partita.ops.numba_cache import compiled


@compiled()
def store_rows(source: int, out: int, rows: int, columns: int) -> int:
    """Return the address of the source, since float32 is stored as it is."""
    return source


@compiled()
def pack_rows(source: int, zeros: int, out: int, rows: int, columns: int) -> int:
    """Return the address of the source, since a product reads float32 as it is."""
    return source


@compiled()
def gate_gradients(activations: int, scratch: BackwardScratch, rows: int, units: int) -> int:
    """Turn activations into gradients of the sums, in place, and write tanh * sigmoid to `scratch.gated`."""
    for r in range(rows):
        for u in range(0, units, WIDTH):
            tanh, place = activations + 4 * (2 * r * units + u), 4 * (r * units + u)
            gate_gradient((tanh, tanh + 4 * units, scratch.d_gated + place, scratch.gated + place))
    return activations


FORMAT = NumberFormat(
    name="float32",
    size=4,
    per_word=1,
    one=0x3F800000,
    block=64,
    multiply_add=multiply_add,
    gate=gate,
    copy_rows=copy_rows,
    load_rows=copy_rows,
    store_rows=store_rows,
    pack_rows=pack_rows,
    gate_gradients=gate_gradients,
)

forward_layers = make_forward_layers(FORMAT)
backward_layers = make_backward_layers(FORMAT)
