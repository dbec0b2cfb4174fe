"""The compiled sampler: many samples of a group of clips in one call, without Python in between.

One sample is one pass through the layers' rings of past states, a product over the gates of all layers at
once for the sum of the skip connections, the two last layers, and a draw. Every output is summed in one
order, whatever the number of clips beside it: along the depth in equal chains, the chains added in order.
This file does not know PyTorch, threads or the packing of weights.
"""

from typing import Any, NamedTuple

import numpy as np

from partita.ops.llvm.narrow_matmul import multiply
from partita.ops.llvm.vector import copy, exponentials, gate, largest
from partita.ops.numba_cache import compiled_on_disk
from partita.sampling.cpu.categorical import ZERO, choose, truncate, unchecked, uniform

CHUNK = 64
"""Rows of weights that stay in the first-level cache while all columns use them."""

NONE = np.float32(-np.inf)
NOUGHT = np.int64(0)  # a plain 0 would be a type of its own, and compile what it is given to once more


class Matrix(NamedTuple):
    """Where a weight matrix lies and how its product is cut; all numbers are int64."""

    at: Any
    """The address of its first weight."""
    stored: Any
    """Bytes of each weight: how it is stored. Anything but float32 is for one column alone."""
    size: Any
    """Bytes from one layer's matrix to the next one's."""
    rows: Any
    """Its depth."""
    panels: Any
    """Its outputs, in 16s."""
    chains: Any
    """Sums side by side for each output."""
    block: Any
    """Panels packed next to each other."""
    steps: Any
    """For weights of one byte the address of their steps: for each panel 16, then their inverses."""


class Network(NamedTuple):
    """A network's weights, packed, with the residual biases folded into the biases of later layers.

    Whole numbers: counts, and places in bytes counted from address 0.
    """

    taps: Any
    layers: Any
    embedding: Any
    dilated: Matrix
    dilated_bias: Any
    residual: Matrix
    skip: Matrix
    skip_bias: Any
    end1: Matrix
    end1_bias: Any
    end2: Matrix
    end2_bias: Any
    columns: Any
    """The most columns that share a block of registers."""


class State(NamedTuple):
    """Where a group of clips keeps its past between calls, and where there is room to work in: addresses."""

    rings: Any
    z: Any
    gates: Any
    skips: Any
    ends: Any
    logits: Any
    powers: Any
    sums: Any


class Rule(NamedTuple):
    """How to draw: `top_k` classes or all of them when 0; `top_p` 1 keeps all."""

    scale: Any
    top_k: Any
    top_p: Any
    low: Any
    high: Any
    """The two halves of the seed."""


@unchecked
def one_column(m: Any, layer: Any, row: Any, depth: Any, start: Any, x: Any, y: Any, least: Any) -> None:
    """Multiply one column by `depth` rows, from `row` on, of a matrix: y = max(least, start + x W)."""
    done = 0
    while done < m.panels:
        panels = min(m.block, m.panels - done)
        w = m.at + layer * m.size + 16 * m.stored * (done * m.rows + row * panels)
        steps = m.steps + 128 * (layer * m.panels + done)
        multiply(
            0, panels, 1, m.chains, 0, m.stored, start + 64 * done, 0, x, 0, w, steps, depth,
            y + 64 * done, 0, least,
        )  # fmt: skip
        done += panels


@unchecked
def many_columns(
    m: Any, layer: Any, row: Any, depth: Any, start: Any, start_step: Any, x: Any, x_step: Any,
    y: Any, y_step: Any, least: Any, columns: Any, together: Any,
) -> None:  # fmt: skip
    """Multiply columns by `depth` rows, from `row` on, of a matrix, a few rows at a time for all of them."""
    tiles = (columns + together - 1) // together
    chunk = depth // m.chains
    if m.chains == 1 and tiles > 1:
        chunk = min(depth, CHUNK)
    for done in range(0, m.panels, m.block):
        w = m.at + layer * m.size + 64 * (done * m.rows + row * m.block)
        for k in range(0, depth, chunk):
            floor = least if k + chunk >= depth else NONE
            for tile in range(tiles):
                first, last = tile * columns // tiles, (tile + 1) * columns // tiles
                source = start + 64 * done + 4 * first * start_step
                source_step, add = start_step, 0
                target = y + 64 * done + 4 * first * y_step
                if k > 0:
                    source, source_step, add = target, y_step, 1 if m.chains > 1 else 0
                multiply(
                    1, m.block, last - first, 1, add, 4, source, source_step, x + 4 * (k + first * x_step),
                    x_step, w + 64 * k * m.block, 0, min(chunk, depth - k), target, y_step, floor,
                )  # fmt: skip


@unchecked
def product(
    m: Any, layer: Any, row: Any, depth: Any, start: Any, start_step: Any, x: Any, x_step: Any,
    y: Any, y_step: Any, least: Any, columns: Any, together: Any,
) -> None:  # fmt: skip
    """Multiply columns by a matrix; `together` columns share a block of registers."""
    if together == 1:
        one_column(m, layer, row, depth, start, x, y, least)
    else:
        many_columns(m, layer, row, depth, start, start_step, x, x_step, y, y_step, least, columns, together)


@unchecked
def pass_layers(n: Any, s: Any, ring: Any, newest: Any, clips: Any) -> None:
    """Take in the newest sample of each clip: all layers' gates, and a new slot in each ring."""
    channels, units = 16 * n.residual.panels, n.residual.rows
    outputs, row = 16 * n.dilated.panels, 64 * n.residual.panels * clips
    here = s.rings + 4 * ring[0].at + ring[0].slot * row
    for c in range(clips):
        copy(n.embedding + 4 * newest[c] * channels, here + 4 * c * channels, n.residual.panels)
    for layer in range(n.layers):
        slot, slots, base = ring[layer].slot, ring[layer].slots, s.rings + 4 * ring[layer].at
        start, start_step = n.dilated_bias + 4 * layer * outputs, NOUGHT
        for tap in range(n.taps):
            past = slot - (n.taps - 1 - tap) * ring[layer].dilation
            x = base + (past + slots if past < 0 else past) * row
            product(
                n.dilated, layer, tap * channels, channels, start, start_step, x, channels,
                s.z, outputs, NONE, clips, n.columns,
            )  # fmt: skip
            start, start_step = s.z, outputs
        for c in range(clips):
            z, g = s.z + 4 * c * outputs, s.gates + 4 * (c * n.layers + layer) * units
            for unit in range(0, 4 * units, 64):
                gate(z + unit, z + 4 * units + unit, g + unit)
        ring[layer].slot = slot + 1 if slot + 1 < slots else 0
        if layer + 1 < n.layers:
            following = s.rings + 4 * ring[layer + 1].at + ring[layer + 1].slot * row
            product(
                n.residual, layer, NOUGHT, units, here, channels, s.gates + 4 * layer * units,
                n.layers * units, following, channels, NONE, clips, n.columns,
            )  # fmt: skip
            here = following


@unchecked
def pass_head(n: Any, s: Any, clips: Any) -> None:
    """Turn the gates of all layers into logits."""
    depth, skips, ends = n.skip.rows, 16 * n.skip.panels, 16 * n.end1.panels
    classes, k = 16 * n.end2.panels, n.columns
    product(
        n.skip, NOUGHT, NOUGHT, depth, n.skip_bias, NOUGHT, s.gates, depth, s.skips, skips, ZERO, clips, k
    )
    product(n.end1, NOUGHT, NOUGHT, skips, n.end1_bias, NOUGHT, s.skips, skips, s.ends, ends, ZERO, clips, k)
    product(
        n.end2, NOUGHT, NOUGHT, ends, n.end2_bias, NOUGHT, s.ends, ends, s.logits, classes, NONE, clips, k
    )


@compiled_on_disk(error_model="numpy")
def advance(
    n: Any, s: Any, rule: Any, ring: Any, newest: Any, logits: Any, powers: Any, sums: Any, keys: Any,
    ones: Any, clips: Any, forced: Any, time: Any, drawn: Any, seen: Any,
) -> None:  # fmt: skip
    """Take in known samples, then draw.

    Args:
        n, s, rule: a Network, the group's State, a Rule.
        ring: (layers,) records: where each layer's ring lies, in floats, its slots, the slot of the next
            sample, and the dilation.
        newest: (group,) the class of each clip's newest sample, not yet taken in.
        logits: (group, padded classes) int32: the bits of the floats at `s.logits`.
        powers, sums: the arrays at `s.powers` and `s.sums`.
        keys, ones: room, and as many ones, for the padded classes.
        clips: (group,) the clips' numbers.
        forced: (group, k): samples to take in first, the last of which becomes the newest.
        time: the number of the first sample to draw.
        drawn: (group, steps) int16, filled.
        seen: (group, steps, padded classes) float32, filled with what was drawn from; or of zero steps.
    """
    group, width = len(clips), n.end2.panels
    for t in range(forced.shape[1]):
        if t > 0:
            pass_layers(n, s, ring, newest, group)
        for c in range(group):
            newest[c] = forced[c, t]
    for t in range(drawn.shape[1]):
        pass_layers(n, s, ring, newest, group)
        pass_head(n, s, group)
        for c in range(group):
            at = s.logits + 64 * width * c
            exponentials(at, width, largest(at, width), rule.scale, s.powers, s.sums)
            if rule.top_k > 0 or rule.top_p < 1.0:
                truncate(logits[c], powers, sums, keys, ones, rule, 16 * width)
            newest[c] = choose(powers, sums, width, uniform(rule.low, rule.high, time + t, clips[c]))
            drawn[c, t] = newest[c]
            if seen.shape[1] > 0:
                for i in range(16 * width):
                    seen[c, t, i] = powers[i]
