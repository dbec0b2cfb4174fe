"""What the compiled loops of the gated stack take: number formats, sizes, addresses of tensors and scratch.

Every address is an int64, in bytes. All arrays are contiguous along their last axis. "Numbers" are float32 or
bfloat16, as the number format says. The arrays and their layouts:

| array | layout | type | content |
|---|---|---|---|
| hidden | layers x (batch, time, channels) | numbers | each layer's input |
| signal | (batch, time, channels) | float32 | the residual signal; in float32 it is `hidden` itself |
| activations | layers x (batch, time, 2 * units) | numbers | tanh, sigmoid; then gradients of the sums |
| gates | (batch, wanted, layers * units) | numbers | tanh * sigmoid, the result |
| weights | layers x (kernel_size * channels, 2 * units) | packed numbers | oldest tap first |
| bias | layers x (2 * units), or (batch, blocks, layers, 2 * units) of a condition | float32 | |
| residual | (layers - 1) x (units, channels) | packed numbers | |
| residual bias | (layers - 1) x (channels) | float32 | |
| gradients | as the weights, not packed; (batch, time, channels) for `hidden` | float32 | sums |

Packed numbers: the rows of a matrix as a product reads them. float32 stays as it is; of bfloat16 two rows are
interleaved, so that two numbers that follow each other along the common axis of a product share 32 bits.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple


@dataclass(frozen=True, kw_only=True)
class NumberFormat:
    """How the numbers between two sums are stored, and the compiled functions that work on them.

    Args:
        name: part of the name of the compiled code, different for each format.
        size: bytes of a number.
        per_word: numbers that share 32 bits along the common axis of a product.
        one: the bits of a word that holds only ones.
        block: rows computed at a time: few enough that what is between two products stays in the cache.
        multiply_add: C += A B, with sizes and strides in words; see `llvm.matmul.multiply_add`.
        gate: writes tanh, sigmoid and their product for 16 units: (filters, gates, tanh, sigmoid, product).
        copy_rows: copies rows of numbers: (source, row, out, row, rows, columns).
        load_rows: writes rows of numbers as rows of float32; arguments as `copy_rows`.
        store_rows: writes rows of float32 as numbers and returns their address; where the numbers are float32
            it returns the source: (source, out, rows, columns).
        pack_rows: packs rows for a product along the rows and returns their address; float32 needs no
            packing: (source, zeros, out, rows, columns).
        gate_gradients: turns activations into gradients of the sums, in place, and returns the address of
            those packed: (activations, scratch, rows, units).
    """

    name: str
    size: int
    per_word: int
    one: int
    block: int
    multiply_add: Callable[..., None]
    gate: Callable[[tuple[int, ...]], None]
    copy_rows: Callable[..., None]
    load_rows: Callable[..., None]
    store_rows: Callable[..., int]
    pack_rows: Callable[..., int]
    gate_gradients: Callable[..., int]


class Sizes(NamedTuple):
    """Sizes that all layers share."""

    time: int
    kernel_size: int
    channels: int
    """Channels of `hidden`, a multiple of 16."""
    units: int
    """Gated units of a layer, a multiple of 16."""
    gate_columns: int
    """Numbers from one row of `gates` to the next: layers * units."""
    hold: int
    """Rows that share a block of biases; 0 if all rows share one bias."""
    block_columns: int
    """Floats from one block of biases to the next."""


class ForwardTensors(NamedTuple):
    """Addresses of the tensors of the forward pass: int64 arrays."""

    hidden: Any
    """(layers, batch)"""
    signal: Any
    """(layers, batch); every layer reads its own and writes the next one's."""
    activations: Any
    """(layers, batch)"""
    gates: Any
    """(layers, batch): a layer's columns of a clip's first row."""
    weights: Any
    """(layers, 3): weights, residual, residual bias."""
    bias: Any
    """(layers, batch): the bias, or the first block's."""
    phase: Any
    """(batch,): row t is in block (phase + t) // hold."""
    starts: Any
    """(layers,) the first row that each layer computes."""
    dilations: Any
    """(layers,)"""


class BackwardTensors(NamedTuple):
    """Addresses of the tensors of the backward pass: int64 arrays."""

    hidden: Any
    """(layers, batch)"""
    d_hidden: Any
    """(batch,)"""
    activations: Any
    """(layers, batch)"""
    d_gates: Any
    """(layers, batch): a layer's columns of a clip's first row."""
    transposed: Any
    """(layers, 2): packed (kernel_size, 2 * units, channels) and (channels, units): weights, transposed."""
    gradients: Any
    """(layers, 3) of this thread's sums: weights, residual, residual bias."""
    d_bias: Any
    """(layers, batch) of this thread's sums: the bias, or the first block's."""
    phase: Any
    """(batch,): row t is in block (phase + t) // hold."""
    starts: Any
    """(layers,) the first row that each layer computed."""
    dilations: Any
    """(layers,)"""


class ForwardLayer(NamedTuple):
    """One layer of the forward pass on one clip: addresses of row 0, unless stated otherwise."""

    hidden: int
    hidden_next: int
    signal: int
    signal_next: int
    activations: int
    gates: int
    """Address of row `first_gate`."""
    first_gate: int
    """Earlier rows serve `hidden_next` alone; their gates are not stored."""
    weights: int
    bias: int
    phase: int
    residual: int
    residual_bias: int
    dilation: int
    last: bool
    """The last layer has no residual connection: `residual`, `signal` and what follows are not used."""


class BackwardLayer(NamedTuple):
    """One layer of the backward pass on one clip: addresses of row 0, unless stated otherwise."""

    hidden: int
    d_hidden: int
    """The gradient of the next layer's input at first, then of this layer's."""
    activations: int
    d_gates: int
    """Address of row `first_gate`; the gradient of earlier rows is zero."""
    first_gate: int
    weights_transposed: int
    residual_transposed: int
    d_weights: int
    d_bias: int
    phase: int
    d_residual: int
    d_residual_bias: int
    first: int
    """The first row that the layer computed."""
    dilation: int
    last: bool


class ForwardScratch(NamedTuple):
    """Addresses of one thread's scratch memory in the forward pass."""

    sums: int
    """(block, 2 * units) float32"""
    gated: int
    """(block, units) numbers"""


class BackwardScratch(NamedTuple):
    """Addresses of one thread's scratch memory in the backward pass."""

    d_gated: int
    """(block, units) float32: gradient of tanh * sigmoid"""
    gated: int
    """(block, units) packed numbers: tanh * sigmoid"""
    d_sums: int
    """(block, 2 * units) packed numbers; not used in float32"""
    d_next: int
    """(block, channels) numbers; not used in float32"""
    packed: int
    """(block, channels) packed numbers; not used in float32"""
    zeros: int
    """zeros, as many bytes as the longest row of float32"""
    ones: int
    """one word of ones"""
