"""The compiled sampler of the frame tier: it draws many frames of one clip in one call.

`sampling/frames/reference.py` is the reference. For each frame it runs the recurrent layers, then draws the
columns one after the other: periodicity, pitch, bands. Each column takes three uniforms by address: one
chooses the Gaussian, two make a normal number by the method of Box and Muller (1958). A drawn value is
clamped to the range of the training frames and rounded to the grid before the next column depends on it. This
file does not know PyTorch or how weights are packed.
"""

import math
from typing import Any

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
    follow_level,
    guide,
    keep_level,
    set_loudness,
    write_matches,
)
from partita.sampling.cpu.frame_holding import follow_note, leave_note
from partita.sampling.cpu.matmul import RECTIFY, UNBOUNDED, Columns, MatrixRows, multiply_column

ZERO = np.int64(0)
UNIFORMS = 3  # for each column


@compiled(error_model="numpy")
def multiply(matrix: Any, layer: Any, start: Any, x: Any, y: Any, least: Any) -> None:
    """Compute y = max(least, start + x W) for one layer's matrix; all but the matrix are addresses."""
    rows = MatrixRows(matrix, np.int64(layer), ZERO, matrix.rows)
    multiply_column(rows, Columns(start, ZERO), Columns(x, ZERO), Columns(y, ZERO), least)


@compiled(error_model="numpy")
def pass_frame(network: Any, units: Any, run: Any, given: Any, score: Any) -> None:
    """Process the newest frame: update the states of all recurrent layers.

    Args:
        network: FrameNetwork.
        units: Units.
        run: FramePass.
        given: (channels,) float32: what the following frame is given.
        score: (rows, semitones) float32: the score of that frame.
    """
    state, work, at = run
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
def start_columns(network: Any, run: Any) -> None:
    """Write the hidden channels of all columns, as far as they depend on the recurrent layers."""
    last = run.at.states + 4 * (network.layers - 1) * run.state.states.shape[1]
    multiply(network.context, 0, network.context_bias_at, last, run.at.columns, UNBOUNDED)


@compiled(error_model="numpy")
def add_column(network: Any, units: Any, work: Any, column: Any, value: Any) -> None:
    """Add what a drawn column tells the later ones."""
    hidden = network.output.shape[1]
    later, end = (column + 1) * hidden, network.output.shape[0] * hidden
    add_scaled(value, network.earlier[column, later:end], work.columns[later:end])
    if column == PITCH:
        add_bins(value, np.float32(1.0), units, network.column_bins, work.columns[:end])


@compiled(error_model="numpy")
def draw_frame(
    network: Any,
    units: Any,
    run: Any,
    plain: Any,
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
        run: FramePass; its newest frame is replaced by the drawn one.
        plain: FramePass that was given nothing, which has the same newest frame; used with guidance.
        rule: FrameRule.
        score: (rows, semitones) float32: the score of the frame.
        line: (3,) float32: periodicity, pitch and loudness that the frame is to have, NaN where it is free.
        number: the frame's number, by which its uniforms are addressed.
        out: (columns,) float32, receives the frame in the units of the features.
    """
    state, work = run.state, run.work
    columns, guided = len(state.frame), rule.guidance != 1.0
    start_columns(network, run)
    if guided:
        start_columns(network, plain)
    for column in range(columns):
        count = fill_mixture(network, units, state, work, column, score)
        if guided:
            fill_mixture(network, units, plain.state, plain.work, column, score[:0])
            guide(work.mixture, plain.work.mixture, count, rule.guidance, column)
        if column == PITCH and not score.any():
            leave_note(units, state.shares, work.mixture, count)
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
        add_column(network, units, work, column, state.frame[column])
        if guided:
            plain.state.frame[column] = state.frame[column]
            add_column(network, units, plain.work, column, state.frame[column])
    if not math.isnan(line[PITCH + 1]):
        set_loudness(np.float64(line[PITCH + 1]), units, state.frame, out)
        follow_level(units, state.slow, out, False)
    else:
        sounds = len(score) > 0 and score[:1].any()
        keep_level(units, state.slow, state.frame, out, sounds)
    follow_note(units, state.shares, state.frame)
    plain.state.frame[:] = state.frame


@compiled(error_model="numpy")
def pass_both(
    network: Any, units: Any, run: Any, plain: Any, rule: Any, given: Any, score: Any, nothing: Any
) -> None:
    """Process the newest frame in both passes, or in the first one alone where there is no guidance."""
    pass_frame(network, units, run, given, score)
    if rule.guidance != 1.0:
        pass_frame(network, units, plain, nothing, score[:0])


@compiled_on_disk(error_model="numpy")
def advance_frames(
    network: Any,
    units: Any,
    run: Any,
    plain: Any,
    rule: Any,
    known: Any,
    given: Any,
    scores: Any,
    nothing: Any,
    lines: Any,
    first: Any,
    out: Any,
) -> None:
    """Process known frames, then draw as many frames as `out` has.

    Args:
        network: FrameNetwork.
        units: Units.
        run: FramePass, changed.
        plain: FramePass, changed: the pass that is given nothing.
        rule: FrameRule.
        known: (k, columns) float32, normalised: frames that follow the state's newest one.
        given: (k + steps, channels) float32: what these frames, and then the drawn ones, are given.
        scores: (k + steps, rows, semitones) float32: the score of these frames, and of the drawn ones.
        nothing: (channels,) float32: the channels of a frame that is given nothing.
        lines: (steps, 3) float32: see `draw_frame`.
        first: the number of the first frame to draw.
        out: (steps, columns) float32, receives the frames in the units of the features.
    """
    for i in range(len(known)):
        pass_both(network, units, run, plain, rule, given[i], scores[i], nothing)
        run.state.frame[:] = known[i]
        follow_level(units, run.state.slow, known[i], False)
        follow_note(units, run.state.shares, known[i])
        plain.state.frame[:] = known[i]
    for i in range(len(out)):
        k = len(known) + i
        pass_both(network, units, run, plain, rule, given[k], scores[k], nothing)
        draw_frame(network, units, run, plain, rule, scores[k], lines[i], np.int64(first + i), out[i])
