"""The backward pass of the gated stack: one loop over the layers, compiled for each number format.

Every thread runs its part of the rows back through all layers and adds to its own sums of the weights'
gradients. It waits for the others where the rows of a clip are divided. Layouts are those of `layout.py`.
This file does not know PyTorch.
"""

from collections.abc import Callable

from partita.ops.barrier import wait_for_all
from partita.ops.gated_stack.layout import (
    BackwardLayer,
    BackwardScratch,
    BackwardTensors,
    NumberFormat,
    Sizes,
)
from partita.ops.gated_stack.schedule import ThreadSlot, rows_of_thread
from partita.ops.llvm.rows import add_column_sums, copy_rows
from partita.ops.numba_cache import compiled, compiled_on_disk


def make_backward_layers(number: NumberFormat) -> Callable[..., None]:
    """Return the compiled loop over all layers, last to first, for one number format."""
    backward_gates, backward_hidden = _make_backward_gates(number), _make_backward_hidden(number)

    @compiled(of=(number.name,))
    def layer_of(tensors: BackwardTensors, layer: int, clip: int) -> BackwardLayer:
        weights, residual = tensors.transposed[layer]
        d_weights, d_residual, d_residual_bias = tensors.gradients[layer]
        return BackwardLayer(
            tensors.hidden[layer, clip], tensors.d_hidden[clip],
            tensors.activations[layer, clip], tensors.d_gates[layer, clip], tensors.starts[-1],
            weights, residual, d_weights, tensors.d_bias[layer, clip], tensors.phase[clip],
            d_residual, d_residual_bias,
            tensors.starts[layer], tensors.dilations[layer], layer == len(tensors.hidden) - 1,
        )  # fmt: skip

    @compiled_on_disk(of=(number.name,))
    def backward_layers(
        tensors: BackwardTensors, sizes: Sizes, scratch: BackwardScratch, thread: ThreadSlot
    ) -> None:
        """Run one thread's part back through all layers."""
        count, batch = tensors.hidden.shape
        for layer in range(count - 1, -1, -1):
            first = tensors.starts[layer]
            clip, end, low, high = rows_of_thread(batch, first, sizes.time, thread)
            for c in range(clip, end):
                backward_gates(layer_of(tensors, layer, c), sizes, scratch, low, high)
            if batch % thread.threads:
                wait_for_all(thread.barrier, thread.threads)
            first = tensors.starts[layer - 1] if layer else 0
            clip, end, low, high = rows_of_thread(batch, first, sizes.time, thread)
            for c in range(clip, end):
                backward_hidden(layer_of(tensors, layer, c), sizes, low, high)
            if batch % thread.threads:
                wait_for_all(thread.barrier, thread.threads)

    made: Callable[..., None] = backward_layers
    return made


def _make_add_block_sums(number: NumberFormat) -> Callable[..., None]:
    """Return the compiled sums of gradients over the rows of each block of biases."""
    size, load_rows = number.size, number.load_rows

    @compiled(of=(number.name,))
    def add_block_sums(layer: BackwardLayer, sizes: Sizes, scratch: int, first: int, rows: int) -> None:
        """Add the gradients of the sums, rows first..first + rows, to those of their blocks of biases."""
        units, wide = sizes.units, 2 * sizes.units
        for half in range(0, wide, units):
            load_rows(layer.activations + size * (first * wide + half), wide, scratch, units, rows, units)
            row = first
            while row < first + rows:
                place = layer.phase + row
                stop = min(first + rows, row + sizes.hold - place % sizes.hold)
                out = layer.d_bias + 4 * (place // sizes.hold * sizes.block_columns + half)
                add_column_sums(scratch + 4 * (row - first) * units, units, out, stop - row, units)
                row = stop

    made: Callable[..., None] = add_block_sums
    return made


def _make_add_weights(number: NumberFormat) -> Callable[..., None]:
    """Return the compiled gradients of one layer's dilated weights and biases on a block of rows."""
    size, per_word, multiply_add, pack_rows = (
        number.size, number.per_word, number.multiply_add, number.pack_rows,
    )  # fmt: skip
    add_block_sums = _make_add_block_sums(number)

    @compiled(of=(number.name,))
    def add_weights(
        layer: BackwardLayer, sizes: Sizes, scratch: BackwardScratch, d_sums: int, first: int, rows: int
    ) -> None:
        """Add the gradients of the weights and biases; d_sums are those of the sums, packed."""
        channels, wide, words = sizes.channels, 2 * sizes.units, (rows + per_word - 1) // per_word
        for tap in range(sizes.kernel_size):
            back = (sizes.kernel_size - 1 - tap) * layer.dilation
            past = layer.hidden + size * (first - back) * channels
            packed = pack_rows(past, scratch.zeros, scratch.packed, rows, channels)
            d_tap = layer.d_weights + 4 * tap * channels * wide
            multiply_add(packed, 1, channels, d_sums, wide, d_tap, wide, channels, wide, words)
        if sizes.hold > 0:
            add_block_sums(layer, sizes, scratch.d_gated, first, rows)
        else:
            multiply_add(scratch.ones, 0, 0, d_sums, wide, layer.d_bias, wide, 1, wide, words)

    made: Callable[..., None] = add_weights
    return made


def _make_backward_gates(number: NumberFormat) -> Callable[..., None]:
    """Return the compiled gradients of one layer's sums and weights on a run of rows of one clip."""
    size, per_word, block = number.size, number.per_word, number.block
    multiply_add, load_rows, store_rows, pack_rows, gate_gradients = (
        number.multiply_add, number.load_rows, number.store_rows, number.pack_rows, number.gate_gradients,
    )  # fmt: skip

    add_weights = _make_add_weights(number)

    @compiled(of=(number.name,))
    def backward_gates(
        layer: BackwardLayer, sizes: Sizes, scratch: BackwardScratch, start: int, stop: int
    ) -> None:
        """Turn activations into gradients of the sums, rows start..stop; add to the weights' gradients."""
        channels, units, columns = sizes.channels, sizes.units, sizes.gate_columns
        wide, d_gated, zeros = 2 * units, scratch.d_gated, scratch.zeros
        for first in range(start, stop, block):
            rows = min(block, stop - first)
            words = (rows + per_word - 1) // per_word
            copy_rows(zeros, 0, d_gated, units, words * per_word, units)
            skipped = min(rows, max(0, layer.first_gate - first))
            source = layer.d_gates + size * (first + skipped - layer.first_gate) * columns
            load_rows(source, columns, d_gated + 4 * skipped * units, units, rows - skipped, units)
            d_next = layer.d_hidden + 4 * first * channels
            stored = d_next
            if not layer.last:
                stored, depth = store_rows(d_next, scratch.d_next, rows, channels), channels // per_word
                multiply_add(
                    stored, depth, 1, layer.residual_transposed, units, d_gated, units, rows, units, depth
                )
                add_column_sums(d_next, channels, layer.d_residual_bias, rows, channels)
            d_sums = gate_gradients(layer.activations + size * first * wide, scratch, rows, units)
            if not layer.last:
                packed = pack_rows(stored, zeros, scratch.packed, rows, channels)
                out = layer.d_residual
                multiply_add(scratch.gated, 1, units, packed, channels, out, channels, units, channels, words)
            add_weights(layer, sizes, scratch, d_sums, first, rows)

    made: Callable[..., None] = backward_gates
    return made


def _make_backward_hidden(number: NumberFormat) -> Callable[..., None]:
    """Return the compiled gradient of one layer's input on a run of rows of one clip."""
    size, per_word, block, multiply_add = number.size, number.per_word, number.block, number.multiply_add

    @compiled(of=(number.name,))
    def backward_hidden(layer: BackwardLayer, sizes: Sizes, start: int, stop: int) -> None:
        """Add to rows start..stop of the gradient of `hidden` what flows back through the taps."""
        channels, wide = sizes.channels, 2 * sizes.units
        depth = wide // per_word
        for first in range(start, stop, block):
            for tap in range(sizes.kernel_size):
                lag = (sizes.kernel_size - 1 - tap) * layer.dilation
                low, high = max(first, layer.first - lag), min(min(first + block, stop), sizes.time - lag)
                if low < high:
                    d_sums = layer.activations + size * (low + lag) * wide
                    w = layer.weights_transposed + size * tap * wide * channels
                    out = layer.d_hidden + 4 * low * channels
                    multiply_add(d_sums, depth, 1, w, channels, out, channels, high - low, channels, depth)

    made: Callable[..., None] = backward_hidden
    return made
