"""The compiled inverse of one masked autoregressive flow: the samples of its input, one after the other.

All numbers are float64, so that what the flow makes of the result is its output again. Each layer has a queue
of its own past. The spline is that of `SplineFlow`: rational-quadratic between the knots, with the identity
outside them. This file does not know PyTorch, conditions or clips.

Source: Durkan et al. 2019, "Neural spline flows", section 3.1 and appendix A.2.
"""

from typing import Any, NamedTuple

import numpy as np

from partita.ops.numba_cache import compiled, compiled_on_disk


class FlowArrays(NamedTuple):
    """The weights of a flow, float64, as `SplineFlow` has them, and what else it computes with."""

    embedding: Any
    """(vectors, channels)"""
    places: Any
    """(vectors,) the value that each vector stands for, increasing."""
    dilations: Any
    """(layers,) int64"""
    kernel_size: int
    dilated: Any
    dilated_bias: Any
    residual: Any
    residual_bias: Any
    skip: Any
    skip_bias: Any
    end1: Any
    end1_bias: Any
    end2: Any
    end2_bias: Any
    middle: float
    half: float
    """The logarithm of the scale is middle + half * tanh(output / half)."""
    bound: float
    """Where the spline ends."""
    log_slope: float
    """The logarithm of the least slope."""


class FlowState(NamedTuple):
    """The past of one clip, which the inverse updates."""

    queue: Any
    """(states, channels): for each layer its (kernel_size - 1) * dilation newest inputs, that of row t at t
    modulo their number."""
    newest: Any
    """(1,) the newest sample of the input."""
    row: Any
    """(1,) int64: how many rows there were."""


@compiled(error_model="numpy")
def embed(flow: Any, value: Any, hidden: Any) -> None:
    """Write the mixture of the two embedding vectors around a value."""
    places = flow.places
    lower = min(max(np.searchsorted(places, value, side="right") - 1, 0), len(places) - 2)
    share = (value - places[lower]) / (places[lower + 1] - places[lower])
    share = min(max(share, 0.0), 1.0)
    for i in range(len(hidden)):
        first = flow.embedding[lower, i]
        hidden[i] = first + share * (flow.embedding[lower + 1, i] - first)


@compiled(error_model="numpy")
def add_product(row: Any, weights: Any, total: Any) -> None:
    """Add the product of a row and a matrix."""
    for i in range(len(row)):
        factor = row[i]
        for j in range(len(total)):
            total[j] += factor * weights[i, j]


@compiled(error_model="numpy")
def add_skips(flow: Any, state: Any, bias: Any, hidden: Any, skips: Any) -> None:
    """Pass a sample through the layers, and add their skip connections.

    Args:
        flow: FlowArrays.
        state: FlowState; the queue is updated.
        bias: (columns,) what the condition adds: the layers', then the skip connections'.
        hidden: (channels,) of the newest sample, overwritten.
        skips: (skip channels,), to which is added.
    """
    layers, channels, wide = len(flow.dilations), len(hidden), flow.dilated.shape[2]
    sums, units, row = np.empty(wide), np.empty(wide // 2), state.row[0]
    first = 0
    for layer in range(layers):
        dilation = flow.dilations[layer]
        span = (flow.kernel_size - 1) * dilation
        for j in range(wide):
            sums[j] = flow.dilated_bias[layer, j] + bias[layer * wide + j]
        for tap in range(flow.kernel_size - 1):
            old = state.queue[first + (row + tap * dilation) % span]
            add_product(old, flow.dilated[layer, tap * channels : (tap + 1) * channels], sums)
        add_product(hidden, flow.dilated[layer, (flow.kernel_size - 1) * channels :], sums)
        state.queue[first + row % span, :] = hidden
        for j in range(len(units)):
            units[j] = np.tanh(sums[j]) / (1.0 + np.exp(-sums[len(units) + j]))
        add_product(units, flow.skip[layer], skips)
        if layer < layers - 1:
            for i in range(channels):
                hidden[i] += flow.residual_bias[layer, i]
            add_product(units, flow.residual[layer], hidden)
        first += span
    for j in range(len(skips)):
        skips[j] += flow.skip_bias[j] + bias[layers * wide + j]


@compiled(error_model="numpy")
def knots(shares: Any, bound: Any, log_slope: Any, found: Any) -> None:
    """Write the ends of the bins, from the unconstrained logarithms of their shares.

    Args:
        shares: (bins,)
        bound: the ends are between -`bound` and `bound`.
        log_slope: the logarithm of the least slope.
        found: (bins + 1,)
    """
    total = 0.0
    for k in range(len(shares)):
        found[k + 1] = np.exp(shares[k] / (1.0 + abs(2.0 * shares[k] / log_slope)))
        total += found[k + 1]
    found[0] = -bound
    for k in range(len(shares)):
        found[k + 1] = found[k] + 2.0 * bound * found[k + 1] / total


@compiled(error_model="numpy")
def spline_inverse(flow: Any, parameters: Any, value: Any) -> Any:
    """Return the number that the spline turns into a value.

    Args:
        flow: FlowArrays.
        parameters: (3 * bins - 1,) widths, heights and slopes, unconstrained.
        value: any number.
    """
    bins = (len(parameters) + 1) // 3
    if not -flow.bound < value <= flow.bound:
        return value
    across, up = np.empty(bins + 1), np.empty(bins + 1)
    knots(parameters[:bins], flow.bound, flow.log_slope, across)
    knots(parameters[bins : 2 * bins], flow.bound, flow.log_slope, up)
    k = min(max(np.searchsorted(up, value) - 1, 0), bins - 1)
    d0, d1, width, height = 1.0, 1.0, across[k + 1] - across[k], up[k + 1] - up[k]
    if k > 0:
        slope = parameters[2 * bins + k - 1]
        d0 = np.exp(slope / (1.0 + abs(slope / flow.log_slope)))
    if k < bins - 1:
        slope = parameters[2 * bins + k]
        d1 = np.exp(slope / (1.0 + abs(slope / flow.log_slope)))
    s, rest = height / width, value - up[k]
    a = height * (s - d0) + rest * (d0 + d1 - 2.0 * s)
    b = height * d0 - rest * (d0 + d1 - 2.0 * s)
    c = -s * rest
    return across[k] + width * 2.0 * c / (-b - np.sqrt(max(0.0, b * b - 4.0 * a * c)))


@compiled_on_disk(error_model="numpy")
def invert(flow: Any, state: Any, biases: Any, phase: Any, hold: Any, outputs: Any, found: Any) -> None:
    """Write the samples that a flow transforms to given ones.

    Args:
        flow: FlowArrays.
        state: FlowState, updated.
        biases: (blocks, columns) what the condition adds in each block of samples.
        phase: row t is in block (phase + t) // hold.
        hold: samples of a block.
        outputs: (samples,) of the flow's output.
        found: (samples,), written.
    """
    hidden = np.empty(flow.embedding.shape[1])
    skips, ends = np.empty(len(flow.skip_bias)), np.empty(len(flow.end1_bias))
    parameters = np.empty(len(flow.end2_bias))
    for t in range(len(outputs)):
        embed(flow, state.newest[0], hidden)
        skips[:] = 0.0
        add_skips(flow, state, biases[(phase + state.row[0]) // hold], hidden, skips)
        ends[:] = flow.end1_bias
        add_product(np.maximum(skips, 0.0), flow.end1, ends)
        parameters[:] = flow.end2_bias
        add_product(np.maximum(ends, 0.0), flow.end2, parameters)
        scale = np.exp(flow.middle + flow.half * np.tanh(parameters[1] / flow.half))
        found[t] = parameters[0] + scale * spline_inverse(flow, parameters[2:], outputs[t])
        state.newest[0] = found[t]
        state.row[0] += 1
