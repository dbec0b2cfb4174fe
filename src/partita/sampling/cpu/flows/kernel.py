"""The compiled pass of an inverse autoregressive flow over one row of samples, tile by tile.

A tile of `TILE` samples goes through all layers of all flows before the next one, so that what is between two
layers stays in the processor's cache. Of each layer the newest inputs are kept, as many as its dilation.

All arrays are float32 and contiguous unless stated otherwise; channels are a multiple of 16. This file does
not know PyTorch, clips or what frames mean.
"""

import math
from typing import Any, NamedTuple

import numpy as np

from partita.ops.llvm.activation import gate_product
from partita.ops.llvm.matmul import multiply_add
from partita.ops.llvm.rows import add_rows, copy_rows
from partita.ops.llvm.vector import WIDTH
from partita.ops.numba_cache import compiled, compiled_on_disk
from partita.sampling.cpu.categorical import uniform
from partita.sampling.cpu.densities import normal_quantile

TILE = 256


class FlowWeights(NamedTuple):
    """The weights of all flows."""

    input: Any
    """(flows, 1 + sines, channels)"""
    input_bias: Any
    """(flows, channels)"""
    dilated: Any
    """(flows, layers, 2 * channels, 2 * channels): the older tap first; filters first"""
    residual: Any
    """(flows, layers, channels, channels); the last layer's is not used"""
    residual_bias: Any
    """(flows, layers, channels)"""
    skip: Any
    """(flows, layers, channels, channels)"""
    end: Any
    """(flows, channels, outputs): mean, logarithm of the scale, factors of the sines, padding"""
    end_bias: Any
    """(flows, outputs)"""
    dilations: Any
    """(layers,) int64"""
    ends: Any
    """(2,): the least and the largest logarithm of a scale"""


class FlowRow(NamedTuple):
    """A row of samples, and what it is given."""

    values: Any
    """(flows + 1, 1 + samples): a 0, then the noise or the sound of a flow"""
    products: Any
    """(frames, flows, layers * 2 * channels + channels): what each frame adds, with the constant biases"""
    start: Any
    """Samples from the centre of the first frame to the first sample."""
    hop_length: Any
    hold: Any
    """Samples that share one interpolation of the products."""
    turns: Any
    """(3, samples) float64: turns done, turns a sample, periodicity; no samples without sines"""
    highest: Any
    """The highest frequency of a sine, in turns a sample."""


class FlowScratch(NamedTuple):
    """What one thread overwrites."""

    hidden: Any
    """the inputs of all layers, each (dilation + TILE, channels)"""
    places: Any
    """(flows, layers) int64: where each of them begins"""
    sums: Any
    """(TILE, 2 * channels)"""
    gated: Any
    """(TILE, channels)"""
    skips: Any
    """(TILE, channels)"""
    outputs: Any
    """(TILE, outputs)"""
    biases: Any
    """(blocks of a tile, columns of the products)"""
    sines: Any
    """(sines, TILE)"""
    waves: Any
    """(4, TILE): real and imaginary part of a multiple of the pitch, and of the first one"""


@compiled_on_disk(error_model="numpy")
def fill_noise(values: Any, low: Any, high: Any, first: Any, clip: Any, temperature: Any) -> None:
    """Write normal noise, times the temperature, for consecutive samples of a clip.

    Args:
        values: (samples,) float32.
        low: the lower half of the seed, uint64.
        high: the upper half.
        first: the address of the first sample.
        clip: the clip's number.
        temperature: float64.
    """
    for i in range(len(values)):
        values[i] = temperature * normal_quantile(uniform(low, high, first + i, clip))


@compiled(error_model="numpy")
def fill_sines(row: Any, scratch: Any, first: Any, rows: Any) -> None:
    """Write the sines at the multiples of the pitch of a tile: each multiple is the last times the first."""
    real, imaginary, cosine, sine = scratch.waves
    for r in range(rows):
        angle = 2.0 * math.pi * row.turns[0, first + r]
        cosine[r], sine[r] = math.cos(angle), math.sin(angle)
        real[r] = row.turns[2, first + r] * cosine[r]
        imaginary[r] = row.turns[2, first + r] * sine[r]
    for k in range(len(scratch.sines) // 2):
        for r in range(rows):
            on = row.turns[1, first + r] * (k + 1) < row.highest
            scratch.sines[2 * k, r] = real[r] if on else 0.0
            scratch.sines[2 * k + 1, r] = imaginary[r] if on else 0.0
            following = real[r] * cosine[r] - imaginary[r] * sine[r]
            imaginary[r] = real[r] * sine[r] + imaginary[r] * cosine[r]
            real[r] = following


@compiled(error_model="numpy")
def fill_biases(row: Any, scratch: Any, flow: Any, first: Any, rows: Any) -> None:
    """Interpolate what the frames add to a flow, for the blocks of a tile."""
    last, begin = row.products.shape[0] - 1, (row.start + first) // row.hold
    blocks = (row.start + first + rows - 1) // row.hold - begin + 1
    for block in range(blocks):
        place = (row.hold * (begin + block) + 0.5 * (row.hold - 1)) / row.hop_length
        place = min(max(place, 0.0), np.float64(last))
        low = min(np.int64(place), max(np.int64(0), last - 1))
        share, high = np.float32(place - low), min(low + 1, last)
        for c in range(row.products.shape[2]):
            here = row.products[low, flow, c]
            scratch.biases[block, c] = here + share * (row.products[high, flow, c] - here)


@compiled(error_model="numpy")
def copy_biases(row: Any, biases: Any, column: Any, first: Any, rows: Any, out: Any, columns: Any) -> None:
    """Write some columns of the biases of a tile to each of its rows."""
    begin, r = (row.start + first) // row.hold, 0
    while r < rows:
        place = row.start + first + r
        count = min(rows - r, row.hold - place % row.hold)
        source = biases.ctypes.data + 4 * ((place // row.hold - begin) * biases.shape[1] + column)
        copy_rows(source, 0, out + 4 * r * columns, columns, count, columns)
        r += count


@compiled(error_model="numpy")
def run_layers(w: FlowWeights, row: FlowRow, s: FlowScratch, flow: Any, first: Any, rows: Any) -> None:
    """Run the layers of a flow on a tile, from the inputs of the first layer to the skip connections' sum."""
    channels, layers = w.skip.shape[2], len(w.dilations)
    wide, sums, gated = 2 * channels, s.sums.ctypes.data, s.gated.ctypes.data
    skips, hidden = s.skips.ctypes.data, s.hidden.ctypes.data
    copy_biases(row, s.biases, layers * wide, first, rows, skips, channels)
    for layer in range(layers):
        older = hidden + 4 * s.places[flow, layer]
        newer = older + 4 * w.dilations[layer] * channels
        copy_biases(row, s.biases, layer * wide, first, rows, sums, wide)
        weights = w.dilated[flow, layer].ctypes.data
        multiply_add(older, channels, 1, weights, wide, sums, wide, rows, wide, channels)
        weights += 4 * channels * wide
        multiply_add(newer, channels, 1, weights, wide, sums, wide, rows, wide, channels)
        for r in range(rows):
            for u in range(0, channels, WIDTH):
                filters = sums + 4 * (r * wide + u)
                gate_product((filters, filters + 4 * channels, gated + 4 * (r * channels + u)))
        weights = w.skip[flow, layer].ctypes.data
        multiply_add(gated, channels, 1, weights, channels, skips, channels, rows, channels, channels)
        if layer < layers - 1:
            out = hidden + 4 * (s.places[flow, layer + 1] + w.dilations[layer + 1] * channels)
            bias = w.residual_bias[flow, layer].ctypes.data
            add_rows(newer, channels, bias, 0, out, channels, rows, channels)
            weights = w.residual[flow, layer].ctypes.data
            multiply_add(gated, channels, 1, weights, channels, out, channels, rows, channels, channels)


@compiled(error_model="numpy")
def keep_past(w: FlowWeights, s: FlowScratch, flow: Any, first: Any) -> None:
    """Move the newest inputs of a flow's layers before the next tile; before the first tile zero them."""
    channels = w.skip.shape[2]
    for layer in range(len(w.dilations)):
        place, kept = s.places[flow, layer], w.dilations[layer]
        if first == 0:
            s.hidden[place : place + kept * channels] = 0.0
        else:
            begin = s.hidden.ctypes.data + 4 * place
            copy_rows(begin + 4 * TILE * channels, channels, begin, channels, kept, channels)


@compiled(error_model="numpy")
def run_flow(w: FlowWeights, row: FlowRow, s: FlowScratch, flow: Any, first: Any, rows: Any) -> None:
    """Compute the sound of one flow on a tile."""
    channels, columns, count = w.skip.shape[2], w.end.shape[2], len(s.sines)
    fill_biases(row, s, flow, first, rows)
    keep_past(w, s, flow, first)
    hidden = s.hidden.ctypes.data + 4 * (s.places[flow, 0] + w.dilations[0] * channels)
    copy_rows(w.input_bias[flow].ctypes.data, 0, hidden, channels, rows, channels)
    weights, before = w.input[flow].ctypes.data, row.values[flow].ctypes.data + 4 * first
    multiply_add(before, 1, 1, weights, channels, hidden, channels, rows, channels, 1)
    if count > 0:
        sines = s.sines.ctypes.data
        weights += 4 * channels
        multiply_add(sines, 1, TILE, weights, channels, hidden, channels, rows, channels, count)
    run_layers(w, row, s, flow, first, rows)
    for r in range(rows):
        for c in range(channels):
            s.skips[r, c] = max(s.skips[r, c], np.float32(0.0))
    outputs, skips = s.outputs.ctypes.data, s.skips.ctypes.data
    copy_rows(w.end_bias[flow].ctypes.data, 0, outputs, columns, rows, columns)
    weights = w.end[flow].ctypes.data
    multiply_add(skips, channels, 1, weights, columns, outputs, columns, rows, columns, channels)
    for r in range(rows):
        mean = s.outputs[r, 0]
        for j in range(count):
            mean += s.outputs[r, 2 + j] * s.sines[j, r]
        scale = math.exp(min(max(s.outputs[r, 1], w.ends[0]), w.ends[1]))
        place = 1 + first + r
        row.values[flow + 1, place] = mean + scale * row.values[flow, place]


@compiled_on_disk(error_model="numpy")
def run_row(w: FlowWeights, row: FlowRow, scratch: FlowScratch) -> None:
    """Compute the sound of all flows on a row whose noise is there."""
    samples = row.values.shape[1] - 1
    for first in range(0, samples, TILE):
        rows = min(TILE, samples - first)
        if len(scratch.sines) > 0:
            fill_sines(row, scratch, first, rows)
        for flow in range(w.skip.shape[0]):
            run_flow(w, row, scratch, flow, first, rows)
