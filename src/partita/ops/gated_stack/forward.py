"""The forward pass of the gated stack: one loop over the layers, compiled for each number format.

Every thread runs its part of the rows through all layers and waits for the others between two layers where
the rows of a clip are divided. Layouts are those of `layout.py`. This file does not know PyTorch.
"""

from collections.abc import Callable

from partita.ops.barrier import wait_for_all
from partita.ops.gated_stack.layout import ForwardLayer, ForwardScratch, ForwardTensors, NumberFormat, Sizes
from partita.ops.gated_stack.schedule import ThreadSlot, rows_of_thread
from partita.ops.llvm.rows import add_rows, copy_rows
from partita.ops.llvm.vector import WIDTH
from partita.ops.numba_cache import compiled, compiled_on_disk


def make_forward_layers(number: NumberFormat) -> Callable[..., None]:
    """Return the compiled loop over all layers for one number format."""
    forward_rows = _make_forward_rows(number)

    @compiled_on_disk(of=(number.name,))
    def forward_layers(
        tensors: ForwardTensors, sizes: Sizes, scratch: ForwardScratch, thread: ThreadSlot
    ) -> None:
        """Run one thread's part of all layers."""
        count, batch = tensors.hidden.shape
        starts = tensors.starts
        for layer in range(count):
            last = layer == count - 1
            after = layer if last else layer + 1
            weights, residual, residual_bias = tensors.weights[layer]
            clip, end, low, high = rows_of_thread(batch, starts[layer], sizes.time, thread)
            for c in range(clip, end):
                one = ForwardLayer(
                    tensors.hidden[layer, c], tensors.hidden[after, c],
                    tensors.signal[layer, c], tensors.signal[after, c],
                    tensors.activations[layer, c], tensors.gates[layer, c], starts[-1],
                    weights, tensors.bias[layer, c], tensors.phase[c], residual, residual_bias,
                    tensors.dilations[layer], last,
                )  # fmt: skip
                forward_rows(one, sizes, scratch, low, high)
            if batch % thread.threads:
                wait_for_all(thread.barrier, thread.threads)

    made: Callable[..., None] = forward_layers
    return made


@compiled()
def copy_bias(layer: ForwardLayer, sizes: Sizes, first: int, rows: int, sums: int) -> None:
    """Write the bias of rows first..first + rows, which changes from block to block."""
    wide, row = 2 * sizes.units, first
    while row < first + rows:
        stop, bias = first + rows, layer.bias
        if sizes.hold > 0:
            place = layer.phase + row
            stop = min(stop, row + sizes.hold - place % sizes.hold)
            bias += 4 * (place // sizes.hold) * sizes.block_columns
        copy_rows(bias, 0, sums + 4 * (row - first) * wide, wide, stop - row, wide)
        row = stop


def _make_forward_rows(number: NumberFormat) -> Callable[..., None]:
    """Return the compiled computation of one layer on a run of rows of one clip."""
    size, per_word, block = number.size, number.per_word, number.block
    multiply_add, gate, copy_numbers, store_rows = (
        number.multiply_add, number.gate, number.copy_rows, number.store_rows,
    )  # fmt: skip

    @compiled(of=(number.name,))
    def forward_rows(
        layer: ForwardLayer, sizes: Sizes, scratch: ForwardScratch, start: int, stop: int
    ) -> None:
        """Compute rows start..stop: activations, gates, and the next layer's input."""
        channels, units, columns = sizes.channels, sizes.units, sizes.gate_columns
        wide, sums, gated = 2 * units, scratch.sums, scratch.gated
        for first in range(start, stop, block):
            rows = min(block, stop - first)
            copy_bias(layer, sizes, first, rows, sums)
            for tap in range(sizes.kernel_size):
                past = (
                    layer.hidden + size * (first - (sizes.kernel_size - 1 - tap) * layer.dilation) * channels
                )
                w, depth = layer.weights + size * tap * channels * wide, channels // per_word
                multiply_add(past, depth, 1, w, wide, sums, wide, rows, wide, depth)
            for r in range(rows):
                for u in range(0, units, WIDTH):
                    filters = sums + 4 * (r * wide + u)
                    tanh = layer.activations + size * ((first + r) * wide + u)
                    product = gated + size * (r * units + u)
                    gate((filters, filters + 4 * units, tanh, tanh + size * units, product))
            skipped = min(rows, max(0, layer.first_gate - first))
            target = layer.gates + size * (first + skipped - layer.first_gate) * columns
            copy_numbers(gated + size * skipped * units, units, target, columns, rows - skipped, units)
            if not layer.last:
                signal, out = layer.signal + 4 * first * channels, layer.signal_next + 4 * first * channels
                add_rows(signal, channels, layer.residual_bias, 0, out, channels, rows, channels)
                depth = units // per_word
                multiply_add(gated, depth, 1, layer.residual, channels, out, channels, rows, channels, depth)
                store_rows(out, layer.hidden_next + size * first * channels, rows, channels)

    made: Callable[..., None] = forward_rows
    return made
