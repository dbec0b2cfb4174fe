"""The loops of the gated stack on a CPU: one layer, one run of rows (positions) of one clip, forwards and
backwards.

Each loop walks its rows in blocks small enough that everything between two products stays in the first-level
cache, and the products themselves in registers. Addresses are integers, matrices are float32 with contiguous
rows, and the channels are multiples of 16. This file does not know PyTorch.

Names: H hidden (rows x residual), Z (rows x 2 dilation) first the sums, then tanh and sigmoid, then the
gradients of the sums; G gates (rows x dilation); a tap reads H `lag` rows back.
"""

import numpy as np
from numba import njit

from partita.models.barrier import wait_for_all
from partita.models.gates import gate, gate_gradient
from partita.models.tiles import WIDTH, add_column_sums, add_rows, copy_rows, multiply, multiply_rows

BLOCK = 64


@njit(nogil=True)
def forward_rows(
    h: int,
    h_next: int,
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
        h, h_next, z: addresses of this clip's row 0.
        g: address of this layer's columns of G for this clip's row `g_first`; earlier rows serve H alone, are
            not kept.
        g_row: floats from one row of G to the next.
        weights: (kernel * channels, 2 * units), oldest tap first; bias (2 * units).
        residual, residual_bias: (units, channels) and (channels); not read when `last`, nor is `h_next`
            written.
    """
    scratch = np.empty((BLOCK, units), np.float32)
    own = scratch.ctypes.data
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


@njit(nogil=True)
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
    dg_own, g_own = gradient.ctypes.data, product.ctypes.data
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


@njit(nogil=True)
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


@njit(nogil=True)
def share(batch: int, start: int, stop: int, threads: int, thread: int) -> tuple[int, int, int, int]:
    """Return one thread's share of rows start..stop of every clip: first clip, last + 1, first row, last + 1.

    Whole clips where they can be dealt out evenly, which needs no waiting between layers; else a run of rows
    of each.
    """
    if batch % threads == 0:
        each = batch // threads
        return thread * each, (thread + 1) * each, start, stop
    low = start + (stop - start) * thread // threads
    return 0, batch, low, start + (stop - start) * (thread + 1) // threads


@njit(nogil=True, cache=True)
def forward_layers(
    h: np.ndarray,
    z: np.ndarray,
    g: np.ndarray,
    weights: np.ndarray,
    starts: np.ndarray,
    dilations: np.ndarray,
    sizes: tuple[int, int, int, int, int],
    thread: int,
    threads: int,
    barrier: int,
) -> None:
    """Run one thread's share of all layers, in step with the other threads.

    Args:
        h, z, g: addresses (layers, batch), as `forward_rows` takes them for each layer.
        weights: addresses (layers, 4): weights, bias, residual, residual bias.
        starts: first row of each layer's output.
        dilations: of each layer.
        sizes: time, kernel, channels, units, floats in a row of G.
        barrier: address of an int64 that is 0.
    """
    count, batch = h.shape
    time, kernel, channels, units, g_row = sizes
    for layer in range(count):
        last = layer == count - 1
        after = layer if last else layer + 1
        w, b, r, rb = weights[layer]
        clip, end, low, high = share(batch, starts[layer], time, threads, thread)
        for c in range(clip, end):
            forward_rows(
                h[layer, c], h[after, c], z[layer, c], g[layer, c], g_row, starts[-1], w, b, r, rb, low, high,
                kernel, dilations[layer], channels, units, last,
            )  # fmt: skip
        if batch % threads:
            wait_for_all(barrier, threads)


@njit(nogil=True, cache=True)
def backward_layers(
    h: np.ndarray,
    dh: np.ndarray,
    z: np.ndarray,
    dg: np.ndarray,
    turned: np.ndarray,
    gradients: np.ndarray,
    starts: np.ndarray,
    dilations: np.ndarray,
    sizes: tuple[int, int, int, int, int],
    thread: int,
    threads: int,
    barrier: int,
) -> None:
    """Walk one thread's share back through all layers, in step with the other threads.

    Args:
        h, z, dg: addresses (layers, batch); dh: addresses (batch), as `backward_gates` takes them.
        turned: addresses (layers, 2): the taps' and the residual's weights, transposed.
        gradients: addresses (layers, 4) of this thread's sums: weights, bias, residual, residual bias.
        starts, dilations, sizes, thread, threads, barrier: as for `forward_layers`.
    """
    count, batch = h.shape
    time, kernel, channels, units, g_row = sizes
    for layer in range(count - 1, -1, -1):
        last = layer == count - 1
        taps, residual = turned[layer]
        dw, db, dr, drb = gradients[layer]
        clip, end, low, high = share(batch, starts[layer], time, threads, thread)
        for c in range(clip, end):
            backward_gates(
                h[layer, c], dh[c], z[layer, c], dg[layer, c], g_row, starts[-1], residual, dw, db, dr, drb,
                low, high, kernel, dilations[layer], channels, units, last,
            )  # fmt: skip
        if batch % threads:
            wait_for_all(barrier, threads)
        begin = starts[layer - 1] if layer else 0
        clip, end, low, high = share(batch, begin, time, threads, thread)
        for c in range(clip, end):
            backward_hidden(
                dh[c],
                z[layer, c],
                taps,
                low,
                high,
                starts[layer],
                time,
                kernel,
                dilations[layer],
                channels,
                units,
            )
        if batch % threads:
            wait_for_all(barrier, threads)
