"""The loops of the gated stack on a CPU whose instructions multiply pairs of bfloat16: one layer, one run of
rows of one clip, forwards and backwards.

As `stack_cpu`, with what products take in as bfloat16 and all sums as floats: the signal that runs from layer
to layer is kept as floats (`stream`) and rounded for the layer that reads it (H), and its gradient likewise.
Channels are multiples of 16. Matrices are packed by pairs of their rows (`tiles`). This file does not know
PyTorch.

Names: H hidden (rows x residual) and Z (rows x 2 dilation), first tanh and sigmoid, then the gradients of the
sums: bfloat16; G gates (rows x dilation): bfloat16; a tap reads H `lag` rows back.
"""

import numpy as np

from partita.ops.gated_stack import schedule as walk
from partita.ops.llvm.bfloat16 import copy_halves, gate, gate_gradient, narrow_rows, pair_rows, widen_rows
from partita.ops.llvm.matmul import WIDTH, add_column_sums, add_rows, address_of, copy_rows, multiply_pairs
from partita.ops.numba_cache import compiled

BLOCK = 128
ONES = 0x3F803F80  # two bfloat16 of 1


@compiled()
def forward_rows(
    h: int,
    h_next: int,
    stream: int,
    z: int,
    g: int,
    g_row: int,
    g_first: int,
    weights: int,
    bias: int,
    residual: int,
    residual_bias: int,
    start: int,
    stop: int,
    kernel: int,
    dilation: int,
    channels: int,
    units: int,
    last: bool,
) -> None:
    """Compute one layer for rows start..stop: Z (tanh and sigmoid), G, the stream and the next layer's H.

    Args:
        h, h_next, stream, z: addresses of this clip's row 0; the stream enters as this layer's input.
        g: address of this layer's columns of G for this clip's row `g_first`; earlier rows serve H alone.
        g_row: numbers from one row of G to the next.
        weights: pairs of (kernel * channels, 2 * units), oldest tap first; bias (2 * units), floats.
        residual: pairs of (units, channels); residual_bias (channels), floats; not read when `last`, nor are
            `stream` and `h_next` written.
    """
    wide, pairs = 2 * units, channels // 2
    floats, gated = np.empty((BLOCK, wide), np.float32), np.empty((BLOCK, units), np.uint16)
    sums, own = address_of(floats), address_of(gated)
    for first in range(start, stop, BLOCK):
        rows = min(BLOCK, stop - first)
        copy_rows(bias, 0, sums, wide, rows, wide)
        for tap in range(kernel):
            past = h + 2 * (first - (kernel - 1 - tap) * dilation) * channels
            w = weights + 2 * tap * channels * wide
            multiply_pairs(past, pairs, 1, w, wide, sums, wide, rows, wide, pairs)
        for r in range(rows):
            for u in range(0, units, WIDTH):
                place, out = sums + 4 * (r * wide + u), z + 2 * ((first + r) * wide + u)
                gate((place, place + 4 * units, out, out + 2 * units, own + 2 * (r * units + u)))
        unkept = min(rows, max(0, g_first - first))
        target = g + 2 * (first + unkept - g_first) * g_row
        copy_halves(own + 2 * unkept * units, units, target, g_row, rows - unkept, units)
        if not last:
            signal = stream + 4 * first * channels
            add_rows(signal, channels, residual_bias, 0, signal, channels, rows, channels)
            multiply_pairs(
                own, units // 2, 1, residual, channels, signal, channels, rows, channels, units // 2
            )
            narrow_rows(signal, channels, h_next + 2 * first * channels, channels, rows, channels)
    floats[0, 0], gated[0, 0] = 0.0, 0  # Numba frees an array after its last use: until here they are in use


@compiled()
def backward_gates(
    h: int,
    dh: int,
    z: int,
    dg: int,
    dg_row: int,
    g_first: int,
    residual_turned: int,
    d_weights: int,
    d_bias: int,
    d_residual: int,
    d_residual_bias: int,
    start: int,
    stop: int,
    kernel: int,
    dilation: int,
    channels: int,
    units: int,
    last: bool,
) -> None:
    """Turn Z into the gradient of the layer's sums for rows start..stop, and add to the gradients of its
    weights, which are floats.

    Args:
        dh: address of row 0 of the gradient of the *next* layer's H, floats; not read when `last`.
        dg: address of this layer's columns of the skips' gradient for row `g_first`, bfloat16; for earlier
            rows it is zero.
        residual_turned: pairs of (channels, units), the residual weights transposed.
        d_weights, d_bias, d_residual, d_residual_bias: sums to add to, in the weights' own layouts.
    """
    wide, deepest = 2 * units, BLOCK // 2
    widest = max(wide, channels)
    gradient = np.empty((BLOCK, units), np.float32)
    scratch = np.empty((BLOCK + 1, channels), np.uint16)
    paired = np.empty((4, deepest, widest), np.uint32)
    zeros, one = np.zeros(2 * widest, np.uint16), np.array([ONES], np.uint32)
    dg_own, later16, spare = address_of(gradient), address_of(scratch), address_of(zeros)
    past2, dz2 = address_of(paired[0]), address_of(paired[1])
    g2, later2 = address_of(paired[2]), address_of(paired[3])
    for first in range(start, stop, BLOCK):
        rows = min(BLOCK, stop - first)
        depth = (rows + 1) // 2
        gradient[:] = 0.0
        unkept = min(rows, max(0, g_first - first))
        source = dg + 2 * (first + unkept - g_first) * dg_row
        widen_rows(source, dg_row, dg_own + 4 * unkept * units, units, rows - unkept, units)
        if not last:
            later = dh + 4 * first * channels
            narrow_rows(later, channels, later16, channels, rows, channels)
            half = channels // 2
            multiply_pairs(later16, half, 1, residual_turned, units, dg_own, units, rows, units, half)
            add_column_sums(later, channels, d_residual_bias, rows, channels)
        for p in range(depth):
            place = z + 2 * (first + 2 * p) * wide
            below = place + 2 * wide if 2 * p + 1 < rows else spare
            for u in range(0, units, WIDTH):
                d = dg_own + 4 * (2 * p * units + u)
                gate_gradient((
                    place + 2 * u, place + 2 * (units + u), d,
                    below + 2 * u, below + 2 * (units + u), d + 4 * units,
                    dz2 + 4 * (p * wide + u), dz2 + 4 * (p * wide + units + u), g2 + 4 * (p * units + u),
                ))  # fmt: skip
        if not last:
            pair_rows(later16, channels, spare, later2, rows, channels)
            multiply_pairs(g2, 1, units, later2, channels, d_residual, channels, units, channels, depth)
        for tap in range(kernel):
            past = h + 2 * (first - (kernel - 1 - tap) * dilation) * channels
            pair_rows(past, channels, spare, past2, rows, channels)
            d_tap = d_weights + 4 * tap * channels * wide
            multiply_pairs(past2, 1, channels, dz2, wide, d_tap, wide, channels, wide, depth)
        multiply_pairs(address_of(one), 0, 0, dz2, wide, d_bias, wide, 1, wide, depth)
    # Numba frees an array after its last use: until here they are in use
    gradient[0, 0], scratch[0, 0], paired[0, 0, 0], zeros[0], one[0] = 0.0, 0, 0, 0, ONES


@compiled()
def backward_hidden(
    dh: int,
    dz: int,
    weights_turned: int,
    start: int,
    stop: int,
    valid: int,
    end: int,
    kernel: int,
    dilation: int,
    channels: int,
    units: int,
) -> None:
    """Add to rows start..stop of the gradient of H what flows back through the taps.

    Args:
        dh: address of row 0, floats.
        dz: address of row 0 of the sums' gradients, bfloat16, which exist for rows valid..end.
        weights_turned: (kernel, pairs of (2 * units, channels)), each tap's weights transposed.
    """
    wide = 2 * units
    for first in range(start, stop, BLOCK):
        for tap in range(kernel):
            lag = (kernel - 1 - tap) * dilation
            low, high = max(first, valid - lag), min(min(first + BLOCK, stop), end - lag)
            if low < high:
                source, w = dz + 2 * (low + lag) * wide, weights_turned + 2 * tap * wide * channels
                out = dh + 4 * low * channels
                multiply_pairs(source, units, 1, w, channels, out, channels, high - low, channels, units)


forward_layers = walk.forward_walk(forward_rows)
backward_layers = walk.backward_walk(backward_gates, backward_hidden)
