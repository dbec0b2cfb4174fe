"""The compiled sampler: it draws many samples of a group of clips in one call, without Python in between.

For each sample it runs the layers over ring buffers of past states, computes the sum of all skip connections
as one product, applies the two output layers and draws a class. This file does not know PyTorch, threads or
how weights are packed.

The compiled functions take named tuples. Addresses are int64, in bytes; strides and sizes count float32.
"""

from typing import Any, NamedTuple

import numpy as np

from partita.ops.llvm.activation import gate_product
from partita.ops.numba_cache import compiled, compiled_on_disk
from partita.sampling.cpu.categorical import draw_class, uniform
from partita.sampling.cpu.densities import draw_value
from partita.sampling.cpu.embedding import embed
from partita.sampling.cpu.matmul import RECTIFY, UNBOUNDED, Columns, Matrix, MatrixRows, product

ZERO = np.int64(0)  # a plain 0 has a type of its own: what receives it would be compiled once more


class Network(NamedTuple):
    """A packed network; the residual biases are folded into the dilated biases of later layers.

    Fields without a type of their own are addresses, except the counts `kernel_size`, `layers` and
    `tile_columns`.
    """

    kernel_size: Any
    layers: Any
    embedding: Any
    periodic: Any
    """(1 + taps, embeddings, channels) float32: the embedding once more, then those of the samples about one
    period earlier; no rows if it is only copied."""
    lower: Any
    """(classes,) int64: the lower of the two embeddings around each class; empty if each has its own."""
    share: Any
    """(classes,) float32: the share of the upper one."""
    bias: Any
    """What a step starts from without a condition: the biases of all layers, then of the skip product."""
    dilated: Matrix
    residual: Matrix
    skip: Matrix
    end1: Matrix
    end1_bias: Any
    end2: Matrix
    end2_bias: Any
    tile_columns: Any
    """The most columns (clips) that share a block of registers."""


class ClipState(NamedTuple):
    """What a group of clips keeps from one call to the next."""

    rings: Any
    """The address of the past states: for each layer a ring buffer (slots, clips, channels)."""
    table: Any
    """(layers,) records: where the ring begins, its slots, the slot of the next sample, the dilation."""
    newest: Any
    """(clips,) int64: the class of the newest sample, which the layers have not processed yet."""
    numbers: Any
    """(clips,) int64: the clip numbers, by which the uniforms are addressed."""
    line: Any
    """(clips, slots) uint16: the newest classes, if the network reads samples one period earlier; slots are a
    power of two."""
    passed: Any
    """(1,) int64: how many samples the layers have processed, which places the next one in the line."""


class Workspace(NamedTuple):
    """Addresses of intermediate results, which one step overwrites; `embedded` is an array."""

    embedded: Any
    """(channels,) float32."""
    z: Any
    gates: Any
    skips: Any
    ends: Any
    logits: Any
    masses: Any
    sums: Any


class Biases(NamedTuple):
    """What each predicted sample's products start from: `Network.bias`, or a table that a condition makes."""

    address: Any
    """The address of the first block's biases, each in the order of `Network.bias`."""
    block_bytes: Any
    """Bytes from one block of samples to the next; 0 without a condition."""
    clip_step: Any
    """Floats from one clip to the next; 0 if all clips share their biases."""
    phase: Any
    """Samples of the first block that come before the first predicted sample."""
    hold: Any
    """Samples in a block."""
    periods: Any
    """(blocks, rows, 2) float32: the period in samples and the periodicity at the predicted samples of each
    block. One row may stand for all clips, and one block, of zeros, for all blocks."""


class Steps(NamedTuple):
    """The samples of one call: known samples to process, then samples to draw."""

    known: Any
    """(clips, k) int64: known samples; the last one becomes the newest sample."""
    first: Any
    """The time of the first sample to draw, counted from the first sample that the clip ever drew."""
    drawn: Any
    """(clips, steps) uint16: receives the drawn samples."""
    masses: Any
    """(clips, steps, classes) float32: receives the masses that were drawn from; 0 steps to skip this."""
    biases: Biases
    """The biases of the samples that are predicted: all known samples after the first one, then the drawn."""


@compiled(error_model="numpy")
def bias_of(biases: Any, step: Any) -> Any:
    """Return the biases of the predicted sample after `step` others, as Columns."""
    block = (biases.phase + step) // biases.hold
    return Columns(biases.address + block * biases.block_bytes, biases.clip_step)


@compiled(error_model="numpy")
def pass_layers(network: Any, state: Any, workspace: Any, biases: Any, step: Any) -> None:
    """Process the newest sample of each clip: write the gates of all layers, and a slot of each ring.

    Args:
        network: Network.
        state: ClipState, updated.
        workspace: Workspace, overwritten.
        biases: Biases.
        step: the predicted sample, the next one of each clip, counted as in `biases`.
    """
    n, s, table, clips = network, workspace, state.table, len(state.newest)
    channels, units, bias = 16 * n.residual.panels, n.residual.rows, bias_of(biases, step)
    outputs, slot_bytes = 16 * n.dilated.panels, 64 * n.residual.panels * clips
    hidden = state.rings + 4 * table[0].at + table[0].slot * slot_bytes
    embed(network, state, workspace, biases, step, hidden)
    for layer in range(n.layers):
        slot, slots, ring = table[layer].slot, table[layer].slots, state.rings + 4 * table[layer].at
        start, z = Columns(bias.address + 4 * layer * outputs, bias.step), Columns(s.z, outputs)
        for tap in range(n.kernel_size):
            past = slot - (n.kernel_size - 1 - tap) * table[layer].dilation
            x = Columns(ring + (past + slots if past < 0 else past) * slot_bytes, channels)
            rows = MatrixRows(n.dilated, layer, tap * channels, channels)
            product(rows, start, x, z, UNBOUNDED, clips, n.tile_columns)
            start = z
        for c in range(clips):
            filters, gates = s.z + 4 * c * outputs, s.gates + 4 * (c * n.layers + layer) * units
            for unit in range(0, 4 * units, 64):
                gate_product((filters + unit, filters + 4 * units + unit, gates + unit))
        table[layer].slot = slot + 1 if slot + 1 < slots else 0
        if layer + 1 < n.layers:
            following = state.rings + 4 * table[layer + 1].at + table[layer + 1].slot * slot_bytes
            rows = MatrixRows(n.residual, layer, ZERO, units)
            x = Columns(s.gates + 4 * layer * units, n.layers * units)
            product(
                rows, Columns(hidden, channels), x, Columns(following, channels), UNBOUNDED, clips,
                n.tile_columns,
            )  # fmt: skip
            hidden = following


@compiled(error_model="numpy")
def pass_head(network: Any, workspace: Any, bias: Any, clips: Any) -> None:
    """Compute the logits from the gates of all layers; `bias` are the Columns of the predicted sample."""
    n, s, most = network, workspace, network.tile_columns
    gates = Columns(s.gates, n.skip.rows)
    skips, ends = Columns(s.skips, 16 * n.skip.panels), Columns(s.ends, 16 * n.end1.panels)
    logits = Columns(s.logits, 16 * n.end2.panels)
    rows = MatrixRows(n.skip, ZERO, ZERO, gates.step)
    start = Columns(bias.address + 64 * n.layers * n.dilated.panels, bias.step)
    product(rows, start, gates, skips, RECTIFY, clips, most)
    rows = MatrixRows(n.end1, ZERO, ZERO, skips.step)
    product(rows, Columns(n.end1_bias, ZERO), skips, ends, RECTIFY, clips, most)
    rows = MatrixRows(n.end2, ZERO, ZERO, ends.step)
    product(rows, Columns(n.end2_bias, ZERO), ends, logits, UNBOUNDED, clips, most)


@compiled_on_disk(error_model="numpy")
def advance(network: Any, state: Any, workspace: Any, arrays: Any, rule: Any, steps: Any) -> None:
    """Process known samples, then draw samples.

    Args:
        network: Network.
        state: ClipState, updated.
        workspace: Workspace, overwritten.
        arrays: ClassArrays, overwritten.
        rule: DrawRule.
        steps: Steps: the known samples, and arrays that receive the drawn ones.
    """
    clips, passed = len(state.newest), max(steps.known.shape[1] - 1, 0)
    for t in range(steps.known.shape[1]):
        if t > 0:
            pass_layers(network, state, workspace, steps.biases, np.int64(t - 1))
        for c in range(clips):
            state.newest[c] = steps.known[c, t]
    for t in range(steps.drawn.shape[1]):
        step = np.int64(passed + t)
        pass_layers(network, state, workspace, steps.biases, step)
        pass_head(network, workspace, bias_of(steps.biases, step), clips)
        for c in range(clips):
            if rule.density.classes > 0:
                u = uniform(rule.seed_low, rule.seed_high, steps.first + t, state.numbers[c])
                state.newest[c] = draw_value(arrays.outputs[c], rule.density, u)
            else:
                state.newest[c] = draw_class(workspace, arrays, rule, c, steps.first + t, state.numbers[c])
            steps.drawn[c, t] = state.newest[c]
            if steps.masses.shape[1] > 0:
                for i in range(len(arrays.masses)):
                    steps.masses[c, t, i] = arrays.masses[i]


@compiled_on_disk(error_model="numpy")
def copy_clips(
    table: Any, channels: Any, from_rings: Any, sources: Any, to_rings: Any, targets: Any, clips: Any
) -> None:
    """Overwrite the past states of some clips with those of others, of the same group or another one.

    Args:
        table: (layers,) records with the slots of each layer. Both groups are at the same slot.
        channels: floats per clip and slot.
        from_rings: the rings of the group to copy from, flat float32.
        sources: (n,) int64 places of clips in that group.
        to_rings: the rings of the group to copy to; may be the same array.
        targets: (n,) int64 places of clips in that group; none of the targets is a source.
        clips: the number of clips in the group to copy from, and in the group to copy to.
    """
    done = 0
    for layer in range(len(table)):
        for slot in range(done, done + table[layer].slots):
            for i in range(len(targets)):
                old = (slot * clips[0] + sources[i]) * channels
                new = (slot * clips[1] + targets[i]) * channels
                for channel in range(channels):
                    to_rings[new + channel] = from_rings[old + channel]
        done += table[layer].slots


@compiled_on_disk()
def _identity(number: int) -> int:
    return number


def prepare_numba() -> None:
    """Let Numba set itself up, unless it has done so already.

    Numba imports dozens of modules at its first call in a process, which takes about 0.4 s. This function
    moves that wait to the moment at which it is called; it does not compile or load the sampler.

    >>> prepare_numba()
    """
    _identity(0)
