"""The compiled sampler: many samples of a group of clips in one call, without Python in between.

One sample is one pass through the layers' rings of past states, a product over the gates of all layers at once for the
sum of the skip connections, the two last layers, and a draw. Every output is summed in one order, whatever the number of
clips beside it: along the depth in equal chains, the chains added in order. This file does not know PyTorch, threads or
the packing of weights.
"""

from typing import Any, NamedTuple

import numpy as np
from numba import njit

from partita.sampling.vectors import exponentials, gate, largest, multiply

CHUNK = 64
"""Rows of weights that stay in the first-level cache while all columns use them."""

NONE = np.float32(-np.inf)
ZERO = np.float32(0.0)


class Matrix(NamedTuple):
    """Where a weight matrix lies and how its product is cut; all numbers are int64."""

    at: Any
    """Its first float in the weights."""
    size: Any
    """Floats from one layer's matrix to the next one's."""
    rows: Any
    """Its depth."""
    panels: Any
    """Its outputs, in 16s."""
    chains: Any
    """Sums side by side for each output."""
    block: Any
    """Panels packed next to each other."""


class Network(NamedTuple):
    """A network's weights, packed, with the residual biases folded into the biases of later layers."""

    weights: Any
    dilations: Any
    taps: Any
    embedding_at: Any
    dilated: Matrix
    dilated_bias_at: Any
    residual: Matrix
    skip: Matrix
    skip_bias_at: Any
    end1: Matrix
    end1_bias_at: Any
    end2: Matrix
    end2_bias_at: Any
    columns: Any
    """The most columns that share a block of registers."""


class State(NamedTuple):
    """All that a group of clips keeps between calls, and room to work in."""

    rings: Any
    ring_at: Any
    ring_slots: Any
    slot: Any
    """The slot of each layer's ring that the next sample goes to."""
    newest: Any
    """The class of each clip's newest sample, not yet taken in."""
    z: Any
    gates: Any
    skips: Any
    ends: Any
    logits: Any
    powers: Any
    sums: Any
    keys: Any
    ones: Any


class Rule(NamedTuple):
    """How to draw: `top_k` classes or all of them when 0; `top_p` 1 keeps all."""

    scale: Any
    top_k: Any
    top_p: Any
    low: Any
    high: Any
    """The two halves of the seed."""


@njit(nogil=True)  # type: ignore[untyped-decorator]
def one_column(
    weights: Any, m: Any, layer: Any, row: Any, depth: Any, start: Any, start_at: Any, x: Any, x_at: Any,
    y: Any, y_at: Any, least: Any,
) -> None:  # fmt: skip
    """Multiply one column by `depth` rows, from `row` on, of a matrix: y = max(least, start + x W)."""
    done = 0
    while done < m.panels:
        panels = min(m.block, m.panels - done)
        at = m.at + layer * m.size + 16 * (done * m.rows + row * panels)
        multiply(
            0, panels, 1, m.chains, 0, start, start_at + 16 * done, 0, x, x_at, 0,
            weights, at, depth, y, y_at + 16 * done, 0, least,
        )  # fmt: skip
        done += panels


@njit(nogil=True)  # type: ignore[untyped-decorator]
def many_columns(
    weights: Any, m: Any, layer: Any, row: Any, depth: Any, start: Any, start_at: Any, start_step: Any,
    x: Any, x_at: Any, x_step: Any, y: Any, y_at: Any, y_step: Any, least: Any, columns: Any, together: Any,
) -> None:  # fmt: skip
    """Multiply columns by `depth` rows, from `row` on, of a matrix, a few rows at a time for all of them."""
    tiles = (columns + together - 1) // together
    chunk = depth // m.chains
    if m.chains == 1 and tiles > 1:
        chunk = min(depth, CHUNK)
    for done in range(0, m.panels, m.block):
        at = m.at + layer * m.size + 16 * (done * m.rows + row * m.block)
        for k in range(0, depth, chunk):
            floor = least if k + chunk >= depth else NONE
            for tile in range(tiles):
                first, last = tile * columns // tiles, (tile + 1) * columns // tiles
                source, source_at, source_step = start, start_at, start_step
                if k > 0:
                    source, source_at, source_step = y, y_at, y_step
                multiply(
                    1, m.block, last - first, 1, 1 if k > 0 and m.chains > 1 else 0,
                    source, source_at + 16 * done + first * source_step, source_step,
                    x, x_at + k + first * x_step, x_step, weights, at + 16 * k * m.block, min(chunk, depth - k),
                    y, y_at + 16 * done + first * y_step, y_step, floor,
                )  # fmt: skip


@njit(nogil=True)  # type: ignore[untyped-decorator]
def product(
    n: Any, m: Any, layer: Any, row: Any, depth: Any, start: Any, start_at: Any, start_step: Any,
    x: Any, x_at: Any, x_step: Any, y: Any, y_at: Any, y_step: Any, least: Any, columns: Any,
) -> None:  # fmt: skip
    """Multiply columns by a matrix of the network."""
    if n.columns == 1:
        one_column(n.weights, m, layer, row, depth, start, start_at, x, x_at, y, y_at, least)
    else:
        many_columns(
            n.weights, m, layer, row, depth, start, start_at, start_step, x, x_at, x_step,
            y, y_at, y_step, least, columns, n.columns,
        )  # fmt: skip


@njit(nogil=True)  # type: ignore[untyped-decorator]
def pass_layers(n: Any, s: Any, clips: Any) -> None:
    """Take in the newest sample of each clip: all layers' gates, and a new slot in each ring."""
    channels, units = 16 * n.residual.panels, n.residual.rows
    outputs, layers = 16 * n.dilated.panels, len(n.dilations)
    here = s.ring_at[0] + s.slot[0] * clips * channels
    for c in range(clips):
        row = n.embedding_at + s.newest[c] * channels
        for i in range(channels):
            s.rings[here + c * channels + i] = n.weights[row + i]
    for layer in range(layers):
        slot, slots = s.slot[layer], s.ring_slots[layer]
        start, start_at, start_step = n.weights, n.dilated_bias_at + layer * outputs, 0
        for tap in range(n.taps):
            past = slot - (n.taps - 1 - tap) * n.dilations[layer]
            past_at = s.ring_at[layer] + (past + slots if past < 0 else past) * clips * channels
            product(
                n, n.dilated, layer, tap * channels, channels, start, start_at, start_step,
                s.rings, past_at, channels, s.z, 0, outputs, NONE, clips,
            )  # fmt: skip
            start, start_at, start_step = s.z, 0, outputs
        for c in range(clips):
            for unit in range(0, units, 16):
                at = c * outputs + unit
                gate(s.z, at, at + units, s.gates, (c * layers + layer) * units + unit)
        s.slot[layer] = slot + 1 if slot + 1 < slots else 0
        if layer + 1 < layers:
            following = s.ring_at[layer + 1] + s.slot[layer + 1] * clips * channels
            product(
                n, n.residual, layer, 0, units, s.rings, here, channels,
                s.gates, layer * units, layers * units, s.rings, following, channels, NONE, clips,
            )  # fmt: skip
            here = following


@njit(nogil=True)  # type: ignore[untyped-decorator]
def pass_head(n: Any, s: Any, clips: Any) -> None:
    """Turn the gates of all layers into logits."""
    depth, skips, ends = n.skip.rows, 16 * n.skip.panels, 16 * n.end1.panels
    classes = 16 * n.end2.panels
    product(
        n,
        n.skip,
        0,
        0,
        depth,
        n.weights,
        n.skip_bias_at,
        0,
        s.gates,
        0,
        depth,
        s.skips,
        0,
        skips,
        ZERO,
        clips,
    )
    product(
        n, n.end1, 0, 0, skips, n.weights, n.end1_bias_at, 0, s.skips, 0, skips, s.ends, 0, ends, ZERO, clips
    )
    product(
        n,
        n.end2,
        0,
        0,
        ends,
        n.weights,
        n.end2_bias_at,
        0,
        s.ends,
        0,
        ends,
        s.logits,
        0,
        classes,
        NONE,
        clips,
    )


@njit(nogil=True)  # type: ignore[untyped-decorator]
def uniform(low: Any, high: Any, time: Any, clip: Any) -> Any:
    """Return the number that `draws.uniforms` has at this address."""
    mask, half = np.uint64(0xFFFFFFFF), np.uint64(32)
    a, b = np.uint64(time) & mask, np.uint64(time) >> half
    c, d = np.uint64(clip) & mask, np.uint64(clip) >> half
    for _ in range(10):
        left, right = np.uint64(0xD2511F53) * a, np.uint64(0xCD9E8D57) * c
        a, b, c, d = (right >> half) ^ b ^ low, right & mask, (left >> half) ^ d ^ high, left & mask
        low, high = (low + np.uint64(0x9E3779B9)) & mask, (high + np.uint64(0xBB67AE85)) & mask
    mantissa = (a << np.uint64(20)) | (b >> np.uint64(12))
    return (np.float64(mantissa) + 0.5) * 2.0**-52


@njit(nogil=True, fastmath={"reassoc", "nsz", "contract"})  # type: ignore[untyped-decorator]
def mass_from(keys: Any, values: Any, least: Any, count: Any) -> Any:
    """Return the sum of the values whose key is at least `least`."""
    total = 0.0
    for i in range(count):
        total += np.float64(values[i]) if keys[i] >= least else 0.0
    return total


@njit(nogil=True)  # type: ignore[untyped-decorator]
def keep_mass(keys: Any, values: Any, powers: Any, wanted: Any, count: Any) -> None:
    """Zero all powers but those of the largest keys whose values sum to `wanted`; of equal keys the first are kept."""
    low, high = np.int64(-(1 << 31)), np.int64(1 << 31)
    while high - low > 1:  # the sum from `low` on is always enough, from `high` on it never is
        middle = (low + high) >> 1
        if mass_from(keys, values, np.int32(middle), count) >= wanted:
            low = middle
        else:
            high = middle
    total = mass_from(keys, values, np.int32(high), count) if high < 1 << 31 else 0.0
    for i in range(count):
        if keys[i] == low and total < wanted:
            total += np.float64(values[i])
        elif keys[i] <= low:
            powers[i] = ZERO


@njit(nogil=True)  # type: ignore[untyped-decorator]
def truncate(s: Any, at: Any, rule: Any, count: Any) -> None:
    """Zero the powers of the classes that top-k and top-p leave out, and sum each 16 again."""
    bits = s.logits[at : at + count].view(np.int32)
    for i in range(count):  # whole numbers in the order of the floats
        s.keys[i] = bits[i] ^ ((bits[i] >> 31) & 0x7FFFFFFF)
    if 0 < rule.top_k < count:
        keep_mass(s.keys, s.ones, s.powers, np.float64(rule.top_k), count)
    if rule.top_p < 1.0:
        total = mass_from(s.keys, s.powers, np.int32(-(1 << 31)), count)
        keep_mass(s.keys, s.powers, s.powers, rule.top_p * total, count)
    for block in range(0, count, 16):
        total = ZERO
        for i in range(block, block + 16):
            total += s.powers[i]
        s.sums[block // 16] = total


@njit(nogil=True)  # type: ignore[untyped-decorator]
def choose(powers: Any, sums: Any, vectors: Any, u: Any) -> Any:
    """Return the first class whose cumulative power exceeds u times the sum of all; its power is never 0."""
    total = 0.0
    for i in range(vectors):
        total += np.float64(sums[i])
    target, reached, block = u * total, 0.0, 0
    while block < vectors - 1 and reached + np.float64(sums[block]) <= target:
        reached += np.float64(sums[block])
        block += 1
    last = -1
    for i in range(16 * block, 16 * block + 16):
        if powers[i] > ZERO:
            last = i
            reached += np.float64(powers[i])
            if reached > target:
                return i
    while last < 0:  # only rounding leads here: the nearest class below that can be drawn
        block -= 1
        for i in range(16 * block, 16 * block + 16):
            if powers[i] > ZERO:
                last = i
    return last


@njit(nogil=True)  # type: ignore[untyped-decorator]
def pick(s: Any, at: Any, vectors: Any, rule: Any, u: Any) -> Any:
    """Draw a class from the logits at a place, leaving their powers in `s.powers`."""
    top = largest(s.logits, at, vectors)
    exponentials(s.logits, at, vectors, top, rule.scale, s.powers, s.sums)
    if rule.top_k > 0 or rule.top_p < 1.0:
        truncate(s, at, rule, 16 * vectors)
    return choose(s.powers, s.sums, vectors, u)


@njit(nogil=True, cache=True)  # type: ignore[untyped-decorator]
def advance(n: Any, s: Any, rule: Any, clips: Any, forced: Any, time: Any, drawn: Any, seen: Any) -> None:
    """Take in known samples, then draw.

    Args:
        n, s, rule: a Network, the group's State, a Rule.
        clips: (group,) int64, the clips' numbers.
        forced: (group, k) int64: samples to take in first, the last of which becomes the newest.
        time: the number of the first sample to draw.
        drawn: (group, steps) int16, filled.
        seen: (group, steps, padded classes) float32, filled with what was drawn from; or of zero steps.
    """
    group, vectors = len(clips), n.end2.panels
    for t in range(forced.shape[1]):
        if t > 0:
            pass_layers(n, s, group)
        for c in range(group):
            s.newest[c] = forced[c, t]
    for t in range(drawn.shape[1]):
        pass_layers(n, s, group)
        pass_head(n, s, group)
        for c in range(group):
            u = uniform(rule.low, rule.high, time + t, clips[c])
            s.newest[c] = pick(s, 16 * vectors * c, vectors, rule, u)
            drawn[c, t] = s.newest[c]
            if seen.shape[1] > 0:
                seen[c, t, :] = s.powers
