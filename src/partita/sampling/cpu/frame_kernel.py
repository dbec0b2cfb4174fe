"""The compiled sampler of the frame tier: it draws many frames of one clip in one call.

`sampling/frames/reference.py` is the reference. For each frame it runs the recurrent layers, then draws the
columns one after the other: periodicity, pitch, bands. Each column takes three uniforms by address: one
chooses the Gaussian, two make a normal number by the method of Box and Muller (1958). A drawn value is
clamped to the range of the training frames and rounded to the grid before the next column depends on it. This
file does not know PyTorch or how weights are packed.
"""

import math
from typing import Any, NamedTuple

import numpy as np

from partita.ops.llvm.activation import gate
from partita.ops.numba_cache import compiled, compiled_on_disk
from partita.sampling.cpu.categorical import uniform
from partita.sampling.cpu.frame_columns import (
    PITCH,
    add_bins,
    add_scaled,
    draw_value,
    fill_mixture,
    set_loudness,
    write_matches,
)
from partita.sampling.cpu.matmul import RECTIFY, UNBOUNDED, Columns, Matrix, MatrixRows, multiply_column

ZERO = np.int64(0)
UNIFORMS = 3  # for each column


class FrameNetwork(NamedTuple):
    """A packed network; `address` fields end with `_at`, other fields are arrays or numbers."""

    layers: Any
    """The number of recurrent layers."""
    input: Matrix
    """From features and given channels to the first layer's input."""
    input_bias: Any
    """(channels,) float32."""
    bins: Any
    """(semitones, channels) float32: what the pitch's semitones add to the first layer's input."""
    gates: Matrix
    """Of each layer, from its input to the three gates."""
    gates_bias_at: Any
    state: Matrix
    """Of each layer, from its state to the three gates."""
    state_bias_at: Any
    context: Matrix
    """From the last layer's state to the hidden channels of all columns."""
    context_bias_at: Any
    earlier: Any
    """(columns, columns * hidden) float32: what a column adds to the hidden channels of the later ones."""
    column_bins: Any
    """(semitones, columns * hidden) float32: what the pitch's semitones add to those of the bands."""
    output: Any
    """(columns, hidden, 3 * mixtures) float32."""
    output_bias: Any
    """(columns, 3 * mixtures) float32."""
    semitones: Any
    """(hidden, semitones + 2) float32: the logits of the pitch's semitones, one offset, one log deviation."""
    semitones_bias: Any
    """(semitones + 2,) float32."""
    score: Any
    """(hidden, rows) float32: the weight of each row of the score; no rows without a score."""
    score_bias: Any
    """(rows,) float32."""
    carry: Any
    """(columns,) float32."""


class Units(NamedTuple):
    """The units of the columns, in their order here: feature = shift + scale * normalised value."""

    shift: Any
    """(columns,) float32."""
    scale: Any
    """(columns,) float32."""
    step: Any
    """(columns,) float64: the distance between neighbouring values of the grid."""
    low: Any
    """(columns,) float64: the least value that is drawn."""
    high: Any
    """(columns,) float64."""
    lowest: Any
    """The MIDI note number of the first semitone, int64."""
    log_deviations: Any
    """(2,) float64: the bounds of the log deviations."""
    power: Any
    """(4,) float64: band = (ln(power + floor) + shift) / scale; then the largest gain of a loudness."""


class FrameState(NamedTuple):
    """What a clip keeps from one call to the next."""

    frame: Any
    """(columns,) float32: the newest frame, normalised."""
    states: Any
    """(layers, channels) float32."""


class FrameWorkspace(NamedTuple):
    """Intermediate results, which one frame overwrites."""

    inputs: Any
    start: Any
    hidden: Any
    gates: Any
    recurrent: Any
    scratch: Any
    """(2, channels) float32."""
    columns: Any
    mixture: Any
    """(3, mixtures + semitones) float64: logits, means and log deviations."""
    found: Any
    """(3 * mixtures,) float32."""
    semitones: Any
    """(semitones + 2,) float32."""


class FrameAddresses(NamedTuple):
    """The addresses of the arrays of `FrameWorkspace` and `FrameState` that products read or write."""

    inputs: Any
    start: Any
    hidden: Any
    gates: Any
    recurrent: Any
    scratch: Any
    columns: Any
    states: Any


class FrameRule(NamedTuple):
    """How frames are drawn."""

    temperature: Any
    """float64: it scales the deviations, and its inverse scales the logits."""
    seed_low: Any
    """The lower 32 bits of the seed, uint64."""
    seed_high: Any
    """The upper 32 bits of the seed, uint64."""
    clip: Any
    """The clip's number, by which its uniforms are addressed."""


@compiled(error_model="numpy")
def multiply(matrix: Any, layer: Any, start: Any, x: Any, y: Any, least: Any) -> None:
    """Compute y = max(least, start + x W) for one layer's matrix; all but the matrix are addresses."""
    rows = MatrixRows(matrix, np.int64(layer), ZERO, matrix.rows)
    multiply_column(rows, Columns(start, ZERO), Columns(x, ZERO), Columns(y, ZERO), least)


@compiled(error_model="numpy")
def pass_frame(network: Any, units: Any, state: Any, work: Any, at: Any, given: Any, score: Any) -> None:
    """Process the newest frame: update the states of all recurrent layers.

    Args:
        network: FrameNetwork.
        units: Units.
        state: FrameState, changed.
        work: FrameWorkspace, overwritten.
        at: FrameAddresses.
        given: (channels,) float32: what the following frame is given.
        score: (rows, semitones) float32: the score of that frame.
    """
    columns, channels = len(state.frame), state.states.shape[1]
    work.inputs[:columns] = state.frame
    matches = columns + len(given)
    work.inputs[columns:matches] = given
    pitch = state.frame[PITCH]
    write_matches(pitch, state.frame[0], units, score, work.inputs[matches : matches + len(score)])
    work.start[:] = network.input_bias
    add_bins(pitch, state.frame[0], units, network.bins, work.start)
    multiply(network.input, 0, at.start, at.inputs, at.hidden, RECTIFY)
    bytes_, x = 4 * channels, at.hidden
    for layer in range(network.layers):
        bias = 4 * layer * len(work.gates)
        hidden = at.states + layer * bytes_
        multiply(network.gates, layer, network.gates_bias_at + bias, x, at.gates, UNBOUNDED)
        multiply(network.state, layer, network.state_bias_at + bias, hidden, at.recurrent, UNBOUNDED)
        for i in range(2 * channels):
            work.gates[i] += work.recurrent[i]
        for i in range(0, bytes_, 64):  # the reset gates replace what they are computed from
            gate((at.gates + i, at.gates + i, at.scratch + i, at.gates + i, at.scratch + bytes_ + i))
        for i in range(channels):
            work.gates[2 * channels + i] += work.gates[i] * work.recurrent[2 * channels + i]
        for i in range(0, bytes_, 64):
            new, keep = at.gates + 2 * bytes_ + i, at.gates + bytes_ + i
            gate((new, keep, new, keep, at.scratch + i))
        for i in range(channels):
            fresh = work.gates[2 * channels + i]
            state.states[layer, i] = fresh + work.gates[channels + i] * (state.states[layer, i] - fresh)
        x = hidden


@compiled(error_model="numpy")
def draw_frame(
    network: Any,
    units: Any,
    state: Any,
    work: Any,
    at: Any,
    rule: Any,
    score: Any,
    line: Any,
    number: Any,
    out: Any,
) -> None:
    """Draw the columns of a clip's next frame from the states of the recurrent layers.

    Args:
        network: FrameNetwork.
        units: Units.
        state: FrameState; `frame` is replaced by the drawn one.
        work: FrameWorkspace, overwritten.
        at: FrameAddresses.
        rule: FrameRule.
        score: (rows, semitones) float32: the score of the frame.
        line: (3,) float32: periodicity, pitch and loudness that the frame is to have, NaN where it is free.
        number: the frame's number, by which its uniforms are addressed.
        out: (columns,) float32, receives the frame in the units of the features.
    """
    columns, hidden = len(state.frame), network.output.shape[1]
    last = at.states + 4 * (network.layers - 1) * state.states.shape[1]
    multiply(network.context, 0, network.context_bias_at, last, at.columns, UNBOUNDED)
    for column in range(columns):
        count = fill_mixture(network, units, state, work, column, score)
        first = (number * columns + column) * UNIFORMS
        u = (
            uniform(rule.seed_low, rule.seed_high, first, rule.clip),
            uniform(rule.seed_low, rule.seed_high, first + 1, rule.clip),
            uniform(rule.seed_low, rule.seed_high, first + 2, rule.clip),
        )
        value = draw_value(work.mixture, count, units.log_deviations, rule.temperature, u)
        feature = np.float64(units.shift[column]) + np.float64(units.scale[column]) * value
        feature = min(max(feature, units.low[column]), units.high[column])
        if column <= PITCH and not math.isnan(line[column]):
            feature = np.float64(line[column])
        out[column] = np.rint(feature / units.step[column]) * units.step[column]
        state.frame[column] = (out[column] - units.shift[column]) / units.scale[column]
        later = (column + 1) * hidden
        value32 = state.frame[column]
        end = columns * hidden
        add_scaled(value32, network.earlier[column, later:end], work.columns[later:end])
        if column == PITCH:
            add_bins(value32, np.float32(1.0), units, network.column_bins, work.columns[:end])
    if not math.isnan(line[PITCH + 1]):
        set_loudness(np.float64(line[PITCH + 1]), units, state.frame, out)


@compiled_on_disk(error_model="numpy")
def advance_frames(
    network: Any,
    units: Any,
    state: Any,
    work: Any,
    at: Any,
    rule: Any,
    known: Any,
    given: Any,
    scores: Any,
    lines: Any,
    first: Any,
    out: Any,
) -> None:
    """Process known frames, then draw as many frames as `out` has.

    Args:
        network: FrameNetwork.
        units: Units.
        state: FrameState, changed.
        work: FrameWorkspace, overwritten.
        at: FrameAddresses.
        rule: FrameRule.
        known: (k, columns) float32, normalised: frames that follow the state's newest one.
        given: (k + steps, channels) float32: what these frames, and then the drawn ones, are given.
        scores: (k + steps, rows, semitones) float32: the score of these frames, and of the drawn ones.
        lines: (steps, 3) float32: see `draw_frame`.
        first: the number of the first frame to draw.
        out: (steps, columns) float32, receives the frames in the units of the features.
    """
    for i in range(len(known)):
        pass_frame(network, units, state, work, at, given[i], scores[i])
        state.frame[:] = known[i]
    for i in range(len(out)):
        k = len(known) + i
        pass_frame(network, units, state, work, at, given[k], scores[k])
        draw_frame(network, units, state, work, at, rule, scores[k], lines[i], np.int64(first + i), out[i])
