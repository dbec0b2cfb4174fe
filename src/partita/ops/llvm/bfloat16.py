"""bfloat16 inside compiled functions, 16 numbers at a time: conversion, packing in pairs, the gated unit.

A bfloat16 is the upper half of a float32. Sums and nonlinearities are float32; what is stored between layers,
and what products take in, is bfloat16. Addresses are in bytes, strides in numbers. A pair is two numbers of
one column in consecutive rows, in 32 bits. This file does not know where the numbers come from.
"""

from typing import Any

import llvmlite.binding as llvm
from llvmlite import ir
from numba.core import config

from partita.ops.llvm.activation import gate_slopes, gate_values
from partita.ops.llvm.vector import (
    INT,
    VECTOR,
    WIDTH,
    WORD,
    WORDS,
    BFloat,
    load_vector,
    operation,
    store_vector,
)
from partita.ops.numba_cache import compiled

_BITS = ir.VectorType(ir.IntType(16), WIDTH)
_NARROW = ir.VectorType(BFloat(), WIDTH)
_ALTERNATING = [place + WIDTH * row for place in range(WIDTH) for row in (0, 1)]


def has_bfloat16_products() -> bool:
    """Return whether this processor has products of bfloat16 (AVX-512 BF16) and Numba compiles for it.

    >>> isinstance(has_bfloat16_products(), bool)
    True
    """
    elsewhere = config.CPU_NAME is not None or config.CPU_FEATURES is not None
    return not elsewhere and bool(llvm.get_host_cpu_features().get("avx512bf16", False))


def _load(builder: Any, address: Any) -> Any:
    """Load 16 bfloat16 as floats."""
    bits = builder.load(builder.inttoptr(address, _BITS.as_pointer()), align=2)
    words = builder.shl(builder.zext(bits, WORDS), ir.Constant(WORDS, [16] * WIDTH))
    return builder.bitcast(words, VECTOR)


def _store(builder: Any, floats: Any, address: Any) -> None:
    """Store 16 floats as bfloat16, rounded to the nearest."""
    builder.store(builder.fptrunc(floats, _NARROW), builder.inttoptr(address, _NARROW.as_pointer()), align=2)


def _store_pairs(builder: Any, first: Any, second: Any, address: Any) -> None:
    """Store 16 pairs: a number of the first row, and the number below it."""
    rows = builder.shuffle_vector(first, second, ir.Constant(ir.VectorType(WORD, 2 * WIDTH), _ALTERNATING))
    builder.store(rows, builder.inttoptr(address, rows.type.as_pointer()), align=4)


def _emit_narrow(builder: Any, source: Any, out: Any) -> None:
    _store(builder, load_vector(builder, source, INT(0)), out)


def _emit_widen(builder: Any, source: Any, out: Any) -> None:
    store_vector(builder, _load(builder, source), out, INT(0))


def _emit_copy(builder: Any, source: Any, out: Any) -> None:
    bits = builder.load(builder.inttoptr(source, _BITS.as_pointer()), align=2)
    builder.store(bits, builder.inttoptr(out, _BITS.as_pointer()), align=2)


def _emit_pair(builder: Any, first: Any, second: Any, out: Any) -> None:
    rows = [builder.load(builder.inttoptr(row, _BITS.as_pointer()), align=2) for row in (first, second)]
    _store_pairs(builder, rows[0], rows[1], out)


def _emit_gate(builder: Any, filters: Any, gates: Any, tanh: Any, sigmoid: Any, out: Any) -> None:
    values = gate_values(builder, load_vector(builder, filters, INT(0)), load_vector(builder, gates, INT(0)))
    for value, address in zip(values, (tanh, sigmoid, out), strict=True):
        _store(builder, value, address)


def _emit_gate_slopes(
    builder: Any, first: tuple[Any, ...], second: tuple[Any, ...], out: tuple[Any, ...]
) -> None:
    """Emit the gradients of two rows; each is (tanh, sigmoid, gradient of the product)."""
    slopes, products = [], []
    for tanh_address, sigmoid_address, gradient in (first, second):
        tanh, sigmoid = _load(builder, tanh_address), _load(builder, sigmoid_address)
        here = gate_slopes(builder, tanh, sigmoid, load_vector(builder, gradient, INT(0)))
        products.append(builder.fptrunc(builder.fmul(tanh, sigmoid), _NARROW))
        slopes.append([builder.fptrunc(slope, _NARROW) for slope in here])
        builder.store(slopes[-1][0], builder.inttoptr(tanh_address, _NARROW.as_pointer()), align=2)
        builder.store(slopes[-1][1], builder.inttoptr(sigmoid_address, _NARROW.as_pointer()), align=2)
    for (one, two), address in zip([*zip(*slopes, strict=True), products], out, strict=True):
        _store_pairs(builder, one, two, address)


_narrow = operation(_emit_narrow)
"""Write 16 floats as bfloat16: (source, out)."""

_widen = operation(_emit_widen)
"""Write 16 bfloat16 as floats: (source, out)."""

_copy = operation(_emit_copy)
"""Copy 16 bfloat16: (source, out)."""

_pair = operation(_emit_pair)
"""Write 16 pairs of two rows of bfloat16: (first, second, out)."""

gate = operation(_emit_gate)
"""Write tanh, sigmoid and their product as bfloat16: (filters, gates, tanh, sigmoid, product); the first two
are floats."""

gate_gradient_pairs = operation(
    lambda builder, *places: _emit_gate_slopes(builder, places[:3], places[3:6], places[6:])
)
"""Replace tanh and sigmoid of two rows by the gradients of what they were made of, and write those of both
rows, and tanh * sigmoid, as pairs: (tanh, sigmoid, gradient of the product as floats; the same of the second
row; pairs of filters, pairs of gates, pairs of products)."""


@compiled()
def to_bfloat16(source: int, source_row: int, out: int, out_row: int, rows: int, columns: int) -> None:
    """Write rows of float32 as rows of bfloat16, rounded to the nearest."""
    for r in range(rows):
        for c in range(0, columns, WIDTH):
            _narrow((source + 4 * (r * source_row + c), out + 2 * (r * out_row + c)))


@compiled()
def to_float32(source: int, source_row: int, out: int, out_row: int, rows: int, columns: int) -> None:
    """Write rows of bfloat16 as rows of float32."""
    for r in range(rows):
        for c in range(0, columns, WIDTH):
            _widen((source + 2 * (r * source_row + c), out + 4 * (r * out_row + c)))


@compiled()
def copy_bfloat16_rows(source: int, source_row: int, out: int, out_row: int, rows: int, columns: int) -> None:
    """Copy rows of bfloat16."""
    for r in range(rows):
        for c in range(0, columns, WIDTH):
            _copy((source + 2 * (r * source_row + c), out + 2 * (r * out_row + c)))


@compiled()
def pack_row_pairs(source: int, row: int, zeros: int, out: int, rows: int, columns: int) -> None:
    """Interleave rows two by two into contiguous rows of pairs.

    Args:
        source: address of the first row.
        row: numbers from one row to the next.
        zeros: address of a row of zeros, the partner of an odd last row.
        out: address of the pairs, ((rows + 1) // 2, columns, 2).
        rows: rows of the source.
        columns: a multiple of 16.
    """
    for r in range(0, rows, 2):
        for c in range(0, columns, WIDTH):
            first = source + 2 * (r * row + c)
            second = first + 2 * row if r + 1 < rows else zeros + 2 * c
            _pair((first, second, out + 4 * (r // 2 * columns + c)))
