"""The loops of the gated stack on a CPU: one layer, one run of rows (positions) of one clip, forwards and
backwards.

Each loop walks its rows in blocks small enough that everything between two products stays in the first-level
cache, and the products themselves in registers. Addresses are integers, matrices are float32 with contiguous
rows, and the channels are multiples of 16. This file does not know PyTorch.

Names: H hidden (rows x residual), Z (rows x 2 dilation) first the sums, then tanh and sigmoid, then the
gradients of the sums; G gates (rows x dilation); a tap reads H `lag` rows back.
"""

import numpy as np

from partita.ops.gated_stack import schedule as walk
from partita.ops.llvm.gate import gate, gate_gradient
from partita.ops.llvm.matmul import (
    WIDTH,
    add_column_sums,
    add_rows,
    address_of,
    copy_rows,
    multiply,
    multiply_rows,
)
from partita.ops.numba_cache import compiled

BLOCK = 64


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
    """Compute one layer for rows start..stop: Z (kept as tanh and sigmoid), G, and the next layer's H.

    Args:
        h, h_next, z: addresses of this clip's row 0; `stream`, a signal kept beside H, is H itself here.
        g: address of this layer's columns of G for this clip's row `g_first`; earlier rows serve H alone, are
            not kept.
        g_row: floats from one row of G to the next.
        weights: (kernel * channels, 2 * units), oldest tap first; bias (2 * units).
        residual, residual_bias: (units, channels) and (channels); not read when `last`, nor is `h_next`
            written.
    """
    scratch = np.empty((BLOCK, units), np.float32)
    own = address_of(scratch)
    wide = 2 * units
    for first in range(start, stop, BLOCK):
        rows = min(BLOCK, stop - first)
        sums = z + 4 * first * wide
        copy_rows(bias, 0, sums, wide, rows, wide)
        for tap in range(kernel):
            past = h + 4 * (first - (kernel - 1 - tap) * dilation) * channels
            multiply(
                past, channels, 1, weights + 4 * tap * channels * wide, wide, sums, wide, rows, wide, channels
            )
        for r in range(rows):
            for u in range(0, units, WIDTH):
                place = sums + 4 * (r * wide + u)
                gate(place, place + 4 * units, own + 4 * (r * units + u))
        unkept = min(rows, max(0, g_first - first))
        kept = g + 4 * (first + unkept - g_first) * g_row
        copy_rows(own + 4 * unkept * units, units, kept, g_row, rows - unkept, units)
        if not last:
            out = h_next + 4 * first * channels
            add_rows(h + 4 * first * channels, channels, residual_bias, 0, out, channels, rows, channels)
            multiply(own, units, 1, residual, channels, out, channels, rows, channels, units)
    scratch[0, 0] = 0.0  # Numba frees an array after its last use: until here it is in use


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
    weights.

    Args:
        dh: address of row 0 of the gradient of the *next* layer's H; not read when `last`.
        dg: address of this layer's columns of the skips' gradient for row `g_first`; for earlier rows it is
            zero.
        residual_turned: (channels, units), the residual weights transposed.
        d_weights, d_bias, d_residual, d_residual_bias: sums to add to, in the weights' own layouts.
    """
    gradient, product = np.empty((BLOCK, units), np.float32), np.empty((BLOCK, units), np.float32)
    dg_own, g_own = address_of(gradient), address_of(product)
    wide = 2 * units
    for first in range(start, stop, BLOCK):
        rows = min(BLOCK, stop - first)
        sums = z + 4 * first * wide
        gradient[:] = 0.0
        unkept = min(rows, max(0, g_first - first))
        kept = dg + 4 * (first + unkept - g_first) * dg_row
        copy_rows(kept, dg_row, dg_own + 4 * unkept * units, units, rows - unkept, units)
        if not last:
            later = dh + 4 * first * channels
            multiply(later, channels, 1, residual_turned, units, dg_own, units, rows, units, channels)
            multiply_rows(sums, wide, sums + 4 * units, wide, g_own, units, rows, units)
            multiply(g_own, 1, units, later, channels, d_residual, channels, units, channels, rows)
            add_column_sums(later, channels, d_residual_bias, rows, channels)
        for r in range(rows):
            for u in range(0, units, WIDTH):
                place = sums + 4 * (r * wide + u)
                gate_gradient(place, place + 4 * units, dg_own + 4 * (r * units + u))
        for tap in range(kernel):
            past = h + 4 * (first - (kernel - 1 - tap) * dilation) * channels
            multiply(
                past,
                1,
                channels,
                sums,
                wide,
                d_weights + 4 * tap * channels * wide,
                wide,
                channels,
                wide,
                rows,
            )
        add_column_sums(sums, wide, d_bias, rows, wide)
    gradient[0, 0], product[0, 0] = 0.0, 0.0  # Numba frees an array after its last use: see above


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
        dz: address of row 0 of the sums' gradients, which exist for rows valid..end.
        weights_turned: (kernel, 2 * units, channels), each tap's weights transposed.
    """
    wide = 2 * units
    for first in range(start, stop, BLOCK):
        for tap in range(kernel):
            lag = (kernel - 1 - tap) * dilation
            low, high = max(first, valid - lag), min(min(first + BLOCK, stop), end - lag)
            if low < high:
                multiply(
                    dz + 4 * (low + lag) * wide,
                    wide,
                    1,
                    weights_turned + 4 * tap * wide * channels,
                    channels,
                    dh + 4 * low * channels,
                    channels,
                    high - low,
                    channels,
                    wide,
                )


forward_layers = walk.forward_walk(forward_rows)
backward_layers = walk.backward_walk(backward_gates, backward_hidden)
