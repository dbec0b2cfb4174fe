"""The network's products in Triton: the gated layers of one step over rings of past states, and the head's.

Layout: 16 clips are the rows of every tile. Weights are [in, out] and padded with zeros to whole tiles (see
`packing.py`). The number of slots of a ring is a power of two and slot = time modulo slots, so that a 64-bit
time costs one bitwise `and`. A barrier separates each store from loads of the same address by other threads.
This file does not know how to draw.
"""

import triton
import triton.language as tl


@triton.jit
def ring_of(layer: tl.tensor, PER_BLOCK: tl.constexpr, SPREAD: tl.constexpr) -> tl.tensor:
    """Return a layer's first slot, its slots - 1 and its dilation; see `packing.ring_slots`.

    They are computed, not loaded: a load whose address depends on another load cannot be prefetched.
    """
    one = tl.full((), 1, tl.int64)
    dilation = one << (layer % PER_BLOCK)
    first = SPREAD * ((layer // PER_BLOCK) * ((one << PER_BLOCK) - 1) + dilation - 1)
    return first, SPREAD * dilation - 1, dilation


@triton.jit
def biases_of(
    bias: tl.tensor, own: tl.tensor, columns: tl.tensor, ROWS: tl.constexpr, BLOCK: tl.constexpr,
    OWN: tl.constexpr,
) -> tl.tensor:  # fmt: skip
    """Return the (ROWS, BLOCK) tile of biases that a product starts from.

    Without `OWN` all clips share one row, which is loaded once.
    """
    if OWN:
        tile = tl.load(bias + own[:, None] + columns[None, :])
    else:
        tile = tl.load(bias + columns)[None, :] + tl.zeros((ROWS, BLOCK), tl.float32)
    return tile


@triton.jit
def embedded(
    newest: tl.tensor, time: tl.tensor, line: tl.tensor, period: tl.tensor, share: tl.tensor,
    embedding: tl.tensor, periodic: tl.tensor, columns: tl.tensor,
    R: tl.constexpr, PERIODIC: tl.constexpr, CLASSES: tl.constexpr, SLOTS: tl.constexpr,
) -> tl.tensor:  # fmt: skip
    """Return some columns of the embeddings of the newest samples, with the samples one period earlier.

    The samples that are read are older than the newest one, so they were stored in earlier steps.
    """
    found = tl.load(embedding + newest[:, None] * R + columns[None, :])
    for tap in tl.static_range(PERIODIC):
        place = (time + 1 - period - PERIODIC // 2 + tap) & (SLOTS - 1)
        row = tap * CLASSES + tl.load(line + place)
        found += share[:, None] * tl.load(periodic + row[:, None] * R + columns[None, :])
    return found


@triton.jit
def times(x: tl.tensor, w: tl.tensor, total: tl.tensor, PRECISION: tl.constexpr) -> tl.tensor:
    """Return total + x w for float32 tensors, with the accuracy of a float32 product.

    The matrix units use 11 bits of each factor. `tf32x3` splits both factors into parts. bfloat16 weights
    have at most 11 bits, so `tf32x2` splits x only.
    """
    if PRECISION == "tf32x2":
        upper = (x.to(tl.int32, bitcast=True) & -0x2000).to(tl.float32, bitcast=True)
        total = tl.dot(x - upper, w, total, input_precision="tf32")
        total = tl.dot(upper, w, total, input_precision="tf32")
    else:
        total = tl.dot(x, w, total, input_precision=PRECISION)
    return total


@triton.jit
def gated(z: tl.tensor, ROWS: tl.constexpr, UNITS: tl.constexpr) -> tl.tensor:
    """Return tanh(filter) * sigmoid(gate); z has the columns of both in turn.

    tanh a = 2 sigmoid(2 a) - 1 has an absolute error of about 1e-7, which is enough for a value in (-1, 1).
    """
    filter_half, gate_half = tl.split(tl.reshape(z, (ROWS, UNITS, 2)))
    return (2.0 * tl.sigmoid(2.0 * filter_half) - 1.0) * tl.sigmoid(gate_half)


@triton.jit
def narrow_layers(
    newest: tl.tensor, time: tl.tensor, line: tl.tensor, period: tl.tensor, share: tl.tensor,
    rings: tl.tensor, embedding: tl.tensor, periodic: tl.tensor, dilated: tl.tensor,
    bias: tl.tensor, own: tl.tensor, residual: tl.tensor, gates: tl.tensor,
    LAYERS: tl.constexpr, PER_BLOCK: tl.constexpr, SPREAD: tl.constexpr, TAPS: tl.constexpr,
    R: tl.constexpr, U: tl.constexpr, ROWS: tl.constexpr, STAGES: tl.constexpr, OWN: tl.constexpr,
    PRECISION: tl.constexpr, PERIODIC: tl.constexpr, CLASSES: tl.constexpr, SLOTS: tl.constexpr,
) -> None:  # fmt: skip
    """Process the newest sample if each matrix of a layer is one tile: the signal stays in registers.

    No load in a step reads what the same step stored. So the weights and past states of the next layer are
    loaded while this layer computes.

    Tensors:
        newest: (ROWS,) classes.
        time: the number of the sample to predict, int64.
        line: (ROWS,) addresses of each clip's line of newest classes, (SLOTS,) int32.
        period: (ROWS,) int64, and share: (ROWS,) float32: the period at the sample to predict, and its
            periodicity.
        rings: the rings of this program, float32: one layer after the other, (slots, ROWS, R).
        embedding: (CLASSES, R).
        periodic: (PERIODIC, CLASSES, R).
        dilated: (LAYERS, TAPS, R, 2 U), oldest tap first.
        bias: the biases of the sample to predict: (LAYERS, 2 U), in rows of clips.
        own: (ROWS,) int64: where each clip's row begins, used if `OWN` is set.
        residual: (LAYERS, U, R), zeros for the last layer.
        gates: (ROWS, LAYERS * U), filled.
    """
    rows, r = tl.arange(0, ROWS), tl.arange(0, R)
    u, z_columns = tl.arange(0, U), tl.arange(0, 2 * U)
    state = rows[:, None] * R + r[None, :]
    weight = r[:, None] * (2 * U) + z_columns[None, :]
    hidden = embedded(newest, time, line, period, share, embedding, periodic, r, R, PERIODIC, CLASSES, SLOTS)
    for layer in tl.range(0, LAYERS, num_stages=STAGES):
        first, mask, dilation = ring_of(layer, PER_BLOCK, SPREAD)
        ring = rings + first * (ROWS * R)
        w = dilated + layer * (TAPS * R * 2 * U)
        z = biases_of(bias + layer * (2 * U), own, z_columns, ROWS, 2 * U, OWN)
        for tap in tl.static_range(TAPS - 1):
            slot = (time - (TAPS - 1 - tap) * dilation) & mask
            past = tl.load(ring + slot * (ROWS * R) + state)
            tile = tl.load(w + tap * (R * 2 * U) + weight).to(tl.float32)
            z = times(past, tile, z, PRECISION)
        tile = tl.load(w + (TAPS - 1) * (R * 2 * U) + weight).to(tl.float32)
        z = times(hidden, tile, z, PRECISION)
        tl.store(ring + (time & mask) * (ROWS * R) + state, hidden)
        gate = gated(z, ROWS, U)
        tl.store(gates + rows[:, None] * (LAYERS * U) + layer * U + u[None, :], gate)
        tile = tl.load(residual + layer * (U * R) + u[:, None] * R + r[None, :]).to(tl.float32)
        hidden = times(gate, tile, hidden, PRECISION)


@triton.jit
def broad_layers(
    newest: tl.tensor, time: tl.tensor, line: tl.tensor, period: tl.tensor, share: tl.tensor,
    rings: tl.tensor, embedding: tl.tensor, periodic: tl.tensor, dilated: tl.tensor,
    bias: tl.tensor, own: tl.tensor, residual: tl.tensor, gates: tl.tensor,
    LAYERS: tl.constexpr, PER_BLOCK: tl.constexpr, SPREAD: tl.constexpr, TAPS: tl.constexpr,
    R: tl.constexpr, U: tl.constexpr, BLOCK_R: tl.constexpr, BLOCK_U: tl.constexpr, ROWS: tl.constexpr,
    OWN: tl.constexpr, PRECISION: tl.constexpr, PERIODIC: tl.constexpr, CLASSES: tl.constexpr,
    SLOTS: tl.constexpr,
) -> None:  # fmt: skip
    """Process the newest sample for any number of channels, tile by tile, with the signal in the rings.

    The arguments are those of `narrow_layers`.
    """
    rows, r, u = tl.arange(0, ROWS), tl.arange(0, BLOCK_R), tl.arange(0, BLOCK_U)
    z_columns = tl.arange(0, 2 * BLOCK_U)
    state = rows[:, None] * R + r[None, :]
    first, mask, dilation = ring_of(0, PER_BLOCK, SPREAD)
    here = rings + (first + (time & mask)) * (ROWS * R)
    for start in range(0, R, BLOCK_R):
        looked_up = embedded(
            newest, time, line, period, share, embedding, periodic, start + r, R, PERIODIC, CLASSES, SLOTS
        )
        tl.store(here + start + state, looked_up)
    tl.debug_barrier()
    for layer in range(0, LAYERS):
        first, mask, dilation = ring_of(layer, PER_BLOCK, SPREAD)
        w = dilated + layer * (TAPS * R * 2 * U)
        for unit in range(0, U, BLOCK_U):
            z = biases_of(bias + layer * (2 * U) + 2 * unit, own, z_columns, ROWS, 2 * BLOCK_U, OWN)
            for k in tl.range(0, TAPS * R, BLOCK_R, num_stages=2):
                slot = (time - (TAPS - 1 - k // R) * dilation) & mask
                past = tl.load(rings + (first + slot) * (ROWS * R) + k % R + state)
                tile = tl.load(w + (k + r[:, None]) * (2 * U) + 2 * unit + z_columns[None, :])
                z = times(past, tile.to(tl.float32), z, PRECISION)
            place = rows[:, None] * (LAYERS * U) + layer * U + unit + u[None, :]
            tl.store(gates + place, gated(z, ROWS, BLOCK_U))
        tl.debug_barrier()
        if layer + 1 < LAYERS:
            here = rings + (first + (time & mask)) * (ROWS * R)
            next_first, next_mask, _ = ring_of(layer + 1, PER_BLOCK, SPREAD)
            slot = next_first + (time & next_mask)
            for start in range(0, R, BLOCK_R):
                hidden = tl.load(here + start + state)
                for k in tl.range(0, U, BLOCK_U, num_stages=2):
                    place = rows[:, None] * (LAYERS * U) + layer * U + k + u[None, :]
                    tile = tl.load(residual + layer * (U * R) + (k + u[:, None]) * R + start + r[None, :])
                    gate = tl.load(gates + place)
                    hidden = times(gate, tile.to(tl.float32), hidden, PRECISION)
                tl.store(rings + slot * (ROWS * R) + start + state, hidden)
        tl.debug_barrier()


@triton.jit
def product(
    x: tl.tensor, w: tl.tensor, bias: tl.tensor, own: tl.tensor, y: tl.tensor,
    K: tl.constexpr, N: tl.constexpr, BLOCK_K: tl.constexpr, BLOCK_N: tl.constexpr, ROWS: tl.constexpr,
    RELU: tl.constexpr, STAGES: tl.constexpr, OWN: tl.constexpr, PRECISION: tl.constexpr,
) -> None:  # fmt: skip
    """Write y = x w + bias for (ROWS, K) x and (ROWS, N) y, rectified if `RELU` is set, and synchronize.

    `bias` and `own` are as for `narrow_layers`, with N columns.
    """
    rows, k_rows, columns = tl.arange(0, ROWS), tl.arange(0, BLOCK_K), tl.arange(0, BLOCK_N)
    for n in range(0, N, BLOCK_N):
        total = biases_of(bias + n, own, columns, ROWS, BLOCK_N, OWN)
        for k in tl.range(0, K, BLOCK_K, num_stages=STAGES):
            left = tl.load(x + rows[:, None] * K + k + k_rows[None, :])
            right = tl.load(w + (k + k_rows[:, None]) * N + n + columns[None, :]).to(tl.float32)
            total = times(left, right, total, PRECISION)
        if RELU:
            total = tl.maximum(total, 0.0)
        tl.store(y + rows[:, None] * N + n + columns[None, :], total)
    tl.debug_barrier()
