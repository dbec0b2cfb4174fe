"""bfloat16 inside compiled loops, 16 numbers at a time: to and from floats, rows into pairs, the gated unit.

A bfloat16 is the upper half of a float. Sums and nonlinearities are floats; what is kept between layers, and
what products take in, is bfloat16. Each operation takes one tuple of addresses, in bytes. This file does not
know where the numbers come from.
"""

from collections.abc import Callable
from typing import Any

import llvmlite.binding as llvm
from llvmlite import ir
from numba import types
from numba.core import cgutils, config
from numba.extending import intrinsic

from partita.ops.llvm.gate import gate_slopes, gate_values
from partita.ops.llvm.matmul import WIDTH, BFloat, load_vector, store_vector
from partita.ops.numba_cache import compiled

_WORD = ir.IntType(32)
_WORDS = ir.VectorType(_WORD, WIDTH)
_FLOATS = ir.VectorType(ir.FloatType(), WIDTH)
_BITS = ir.VectorType(ir.IntType(16), WIDTH)
_NARROW = ir.VectorType(BFloat(), WIDTH)
_ALTERNATING = [place + WIDTH * row for place in range(WIDTH) for row in (0, 1)]
_HERE = ir.IntType(64)(0)


def has_bfloat16_products() -> bool:
    """Return whether this processor multiplies pairs of bfloat16, and Numba compiles for this processor.

    >>> has_bfloat16_products() in (True, False)
    True
    """
    elsewhere = config.CPU_NAME is not None or config.CPU_FEATURES is not None
    return not elsewhere and bool(llvm.get_host_cpu_features().get("avx512bf16", False))


def _operation(emit: Callable[..., None]) -> Callable[[tuple[int, ...]], None]:
    """Make an intrinsic of `emit(builder, *addresses)`, to be called with one tuple of addresses."""

    @intrinsic
    def operate(typingctx: Any, addresses: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            emit(builder, *cgutils.unpack_tuple(builder, arguments[0], len(addresses)))
            return context.get_dummy_value()

        return types.void(types.UniTuple(types.int64, len(addresses))), generate

    made: Callable[[tuple[int, ...]], None] = operate
    return made


def _load(builder: Any, address: Any) -> Any:
    """Load 16 bfloat16 as floats."""
    bits = builder.load(builder.inttoptr(address, _BITS.as_pointer()), align=2)
    words = builder.shl(builder.zext(bits, _WORDS), ir.Constant(_WORDS, [16] * WIDTH))
    return builder.bitcast(words, _FLOATS)


def _store(builder: Any, floats: Any, address: Any) -> None:
    """Store 16 floats as bfloat16, rounded to the nearest."""
    builder.store(builder.fptrunc(floats, _NARROW), builder.inttoptr(address, _NARROW.as_pointer()), align=2)


def _store_pairs(builder: Any, first: Any, second: Any, address: Any) -> None:
    """Store 16 pairs: a number of the first row, and the one below it."""
    rows = builder.shuffle_vector(first, second, ir.Constant(ir.VectorType(_WORD, 2 * WIDTH), _ALTERNATING))
    builder.store(rows, builder.inttoptr(address, rows.type.as_pointer()), align=4)


def _emit_narrow(builder: Any, source: Any, out: Any) -> None:
    _store(builder, load_vector(builder, source, _HERE), out)


def _emit_widen(builder: Any, source: Any, out: Any) -> None:
    store_vector(builder, _load(builder, source), out, _HERE)


def _emit_copy(builder: Any, source: Any, out: Any) -> None:
    bits = builder.load(builder.inttoptr(source, _BITS.as_pointer()), align=2)
    builder.store(bits, builder.inttoptr(out, _BITS.as_pointer()), align=2)


def _emit_pair(builder: Any, first: Any, second: Any, out: Any) -> None:
    rows = [builder.load(builder.inttoptr(row, _BITS.as_pointer()), align=2) for row in (first, second)]
    _store_pairs(builder, rows[0], rows[1], out)


def _emit_gate(builder: Any, filters: Any, gates: Any, tanh: Any, sigmoid: Any, out: Any) -> None:
    values = gate_values(builder, load_vector(builder, filters, _HERE), load_vector(builder, gates, _HERE))
    for value, address in zip(values, (tanh, sigmoid, out), strict=True):
        _store(builder, value, address)


def _emit_gate_slopes(
    builder: Any, first: tuple[Any, ...], second: tuple[Any, ...], out: tuple[Any, ...]
) -> None:
    """Emit the gradients of two rows; each is (tanh, sigmoid, gradient of the product)."""
    slopes, products = [], []
    for tanh_address, sigmoid_address, gradient in (first, second):
        tanh, sigmoid = _load(builder, tanh_address), _load(builder, sigmoid_address)
        here = gate_slopes(builder, tanh, sigmoid, load_vector(builder, gradient, _HERE))
        products.append(builder.fptrunc(builder.fmul(tanh, sigmoid), _NARROW))
        slopes.append([builder.fptrunc(slope, _NARROW) for slope in here])
        builder.store(slopes[-1][0], builder.inttoptr(tanh_address, _NARROW.as_pointer()), align=2)
        builder.store(slopes[-1][1], builder.inttoptr(sigmoid_address, _NARROW.as_pointer()), align=2)
    for (one, two), address in zip([*zip(*slopes, strict=True), products], out, strict=True):
        _store_pairs(builder, one, two, address)


narrow = _operation(_emit_narrow)
"""Write 16 floats as bfloat16: (source, out)."""

widen = _operation(_emit_widen)
"""Write 16 bfloat16 as floats: (source, out)."""

copy = _operation(_emit_copy)
"""Copy 16 bfloat16: (source, out)."""

pair = _operation(_emit_pair)
"""Write 16 pairs of two rows of bfloat16: (first, second, out)."""

gate = _operation(_emit_gate)
"""Write tanh, sigmoid and their product as bfloat16: (filters, gates, tanh, sigmoid, product); the first two
are floats."""

gate_gradient = _operation(
    lambda builder, *places: _emit_gate_slopes(builder, places[:3], places[3:6], places[6:])
)
"""Replace tanh and sigmoid of two rows by the gradients of what they were made of, and write those of both
rows, and tanh * sigmoid, as pairs: (tanh, sigmoid, gradient of the product as floats; the same of the second
row; pairs of filters, pairs of gates, pairs of products)."""


@compiled()
def narrow_rows(source: int, source_row: int, out: int, out_row: int, rows: int, columns: int) -> None:
    """Write rows of floats as rows of bfloat16; strides in numbers."""
    for r in range(rows):
        for c in range(0, columns, WIDTH):
            narrow((source + 4 * (r * source_row + c), out + 2 * (r * out_row + c)))


@compiled()
def widen_rows(source: int, source_row: int, out: int, out_row: int, rows: int, columns: int) -> None:
    """Write rows of bfloat16 as rows of floats; strides in numbers."""
    for r in range(rows):
        for c in range(0, columns, WIDTH):
            widen((source + 2 * (r * source_row + c), out + 4 * (r * out_row + c)))


@compiled()
def copy_halves(source: int, source_row: int, out: int, out_row: int, rows: int, columns: int) -> None:
    """Copy rows of bfloat16; strides in numbers."""
    for r in range(rows):
        for c in range(0, columns, WIDTH):
            copy((source + 2 * (r * source_row + c), out + 2 * (r * out_row + c)))


@compiled()
def pair_rows(source: int, row: int, nothing: int, out: int, rows: int, columns: int) -> None:
    """Write rows two by two as rows of pairs, contiguous; an odd last one is paired with the zeros at
    `nothing`.
    """
    for r in range(0, rows, 2):
        for c in range(0, columns, WIDTH):
            first = source + 2 * (r * row + c)
            second = first + 2 * row if r + 1 < rows else nothing + 2 * c
            pair((first, second, out + 4 * (r // 2 * columns + c)))
