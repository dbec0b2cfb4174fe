"""Register-blocked matrix products inside compiled loops, for matrices too small or too scattered for a
library call.

A tile is `ROWS` x (1 or 2 vectors) of accumulators that stay in registers while the common axis is walked:
the vector IR is written here by hand, since a compiler given plain loops keeps them in memory. Vectors have
16 floats; LLVM splits them where the machine's are shorter, so the code runs everywhere and is only as fast
as the machine allows.

A product of bfloat16 walks the common axis two numbers at a time, as processors with instructions for it do:
where a float would lie there are two bfloat16 that follow each other along that axis (a *pair*), and the sums
are floats. So both kinds count strides alike.

Addresses are plain integers (bytes), strides are counted in floats. This file does not know what is
multiplied.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from partita.ops.numba_cache import compiled

WIDTH = 16
ROWS = 8


class BFloat(ir.Type):  # type: ignore[misc]
    """LLVM's `bfloat`, which llvmlite has no name for."""

    def _to_string(self) -> str:
        return "bfloat"

    def __eq__(self, other: object) -> bool:
        """Say whether it is the same type."""
        return isinstance(other, BFloat)

    def __hash__(self) -> int:
        """Return what equal types share."""
        return hash(BFloat)


_FLOAT = ir.FloatType()
_VECTOR = ir.VectorType(_FLOAT, WIDTH)
_PAIR = ir.IntType(32)
_PAIRS = ir.VectorType(_PAIR, WIDTH)
_HALVES = ir.VectorType(BFloat(), 2 * WIDTH)
_INDEX = ir.IntType(64)


@compiled()
def address_of(array: np.ndarray) -> int:
    """Return where an array lies, as a signed number: an unsigned one plus a signed one is a float here."""
    return np.int64(array.ctypes.data)  # type: ignore[return-value]


def vector_call(builder: Any, name: str, operands: list[Any]) -> Any:
    """Call an LLVM intrinsic on whole vectors, for example `llvm.fma.v16f32`."""
    kind = ir.FunctionType(_VECTOR, [_VECTOR] * len(operands))
    function = cgutils.get_or_insert_function(builder.module, kind, f"llvm.{name}.v{WIDTH}f32")
    return builder.call(function, operands)


def at(builder: Any, address: Any, floats: Any, kind: Any) -> Any:
    """Return a pointer of a kind to `address` plus a number of floats."""
    return builder.inttoptr(builder.add(address, builder.shl(floats, _INDEX(2))), kind.as_pointer())


def load_vector(builder: Any, address: Any, floats: Any, kind: Any = _VECTOR) -> Any:
    """Load a vector from `address` plus a number of floats, at any alignment of a float."""
    return builder.load(at(builder, address, floats, kind), align=4)


def store_vector(builder: Any, vector: Any, address: Any, floats: Any) -> None:
    """Store a vector to `address` plus a number of floats."""
    builder.store(vector, at(builder, address, floats, _VECTOR), align=4)


def broadcast(builder: Any, scalar: Any) -> Any:
    """Return a vector that holds a float, or a pair, in every place."""
    nothing = ir.Constant(ir.VectorType(scalar.type, WIDTH), ir.Undefined)
    one = builder.insert_element(nothing, scalar, ir.IntType(32)(0))
    return builder.shuffle_vector(one, nothing, ir.Constant(_PAIRS, [0] * WIDTH))


def constant(value: float) -> Any:
    """Return a vector constant with one value in every place."""
    return ir.Constant(_VECTOR, [value] * WIDTH)


@dataclass(frozen=True)
class _Tile:
    """Emits one tile: C[r, :] += sum over k of A[r, k] B[k, :], for some rows and vectors of columns.

    With `pairs`, A[r, k] and B[k, c] are two bfloat16 each, and their product is the sum of two.
    """

    rows: int
    vectors: int
    pairs: bool

    def emit(
        self,
        builder: Any,
        a: Any,
        a_row: Any,
        a_step: Any,
        b: Any,
        b_step: Any,
        c: Any,
        c_row: Any,
        depth: Any,
    ) -> None:
        """Emit loads of C, the loop over k with the sums in registers, and stores of C."""
        places = [
            builder.add(builder.mul(c_row, _INDEX(r)), _INDEX(WIDTH * v))
            for r in range(self.rows)
            for v in range(self.vectors)
        ]
        start = [load_vector(builder, c, place) for place in places]
        before = builder.block
        loop, after = builder.append_basic_block("tile.loop"), builder.append_basic_block("tile.end")
        builder.cbranch(builder.icmp_signed(">", depth, _INDEX(0)), loop, after)
        builder.position_at_end(loop)
        k, sums = builder.phi(_INDEX), [builder.phi(_VECTOR) for _ in start]
        new = self._products(builder, sums, (a, a_row, builder.mul(k, a_step)), (b, builder.mul(k, b_step)))
        following = builder.add(k, _INDEX(1))
        for phi, first, later in zip([k, *sums], [_INDEX(0), *start], [following, *new], strict=True):
            phi.add_incoming(first, before)
            phi.add_incoming(later, loop)
        builder.cbranch(builder.icmp_signed("<", following, depth), loop, after)
        builder.position_at_end(after)
        ends = [builder.phi(_VECTOR) for _ in start]
        for phi, first, later in zip(ends, start, new, strict=True):
            phi.add_incoming(first, before)
            phi.add_incoming(later, loop)
        for total, place in zip(ends, places, strict=True):
            store_vector(builder, total, c, place)

    def _products(
        self, builder: Any, sums: list[Any], left: tuple[Any, Any, Any], right: tuple[Any, Any]
    ) -> list[Any]:
        """Emit one step of k: each row's number of A times the vectors of B's row, added to the sums."""
        (a, a_row, a_here), (b, b_here) = left, right
        kinds = (_PAIR, _PAIRS) if self.pairs else (_FLOAT, _VECTOR)
        columns = [
            load_vector(builder, b, builder.add(b_here, _INDEX(WIDTH * v)), kinds[1])
            for v in range(self.vectors)
        ]
        new = []
        for r in range(self.rows):
            place = builder.add(a_here, builder.mul(a_row, _INDEX(r)))
            number = broadcast(builder, builder.load(at(builder, a, place, kinds[0]), align=4))
            here = sums[r * self.vectors : (r + 1) * self.vectors]
            new += [
                self._fused(builder, number, column, total)
                for column, total in zip(columns, here, strict=True)
            ]
        return new

    def _fused(self, builder: Any, number: Any, column: Any, total: Any) -> Any:
        """Emit total + number * column."""
        if not self.pairs:
            return vector_call(builder, "fma", [number, column, total])
        kind = ir.FunctionType(_VECTOR, [_VECTOR, _HALVES, _HALVES])
        name = "llvm.x86.avx512bf16.dpbf16ps.512"
        function = cgutils.get_or_insert_function(builder.module, kind, name)
        halves = [builder.bitcast(factor, _HALVES) for factor in (number, column)]
        return builder.call(function, [total, *halves])


def _tile(rows: int, vectors: int, pairs: bool) -> Callable[..., Any]:
    """Make the intrinsic of one tile shape."""
    shape = _Tile(rows, vectors, pairs)

    @intrinsic
    def tile(
        typingctx: Any, a: Any, a_row: Any, a_step: Any, b: Any, b_step: Any, c: Any, c_row: Any, depth: Any
    ) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            shape.emit(builder, *arguments)
            return context.get_dummy_value()

        return types.void(*[types.int64] * 8), generate

    made: Callable[..., Any] = tile
    return made


def _product(pairs: bool) -> Callable[..., None]:
    """Make the product of matrices of any number of rows from tiles of a few shapes."""
    tile_8x2, tile_8x1 = _tile(ROWS, 2, pairs), _tile(ROWS, 1, pairs)
    tile_1x2, tile_1x1 = _tile(1, 2, pairs), _tile(1, 1, pairs)

    @compiled(of=("pairs" if pairs else "floats",))
    def product(
        a: int, a_row: int, a_step: int, b: int, b_step: int, c: int, c_row: int, rows: int, columns: int,
        depth: int,
    ) -> None:  # fmt: skip
        whole = rows - rows % ROWS
        paired = columns - columns % (2 * WIDTH)
        for r in range(0, whole, ROWS):
            row, out = a + 4 * r * a_row, c + 4 * r * c_row
            for left in range(0, paired, 2 * WIDTH):
                tile_8x2(row, a_row, a_step, b + 4 * left, b_step, out + 4 * left, c_row, depth)
            for left in range(paired, columns, WIDTH):
                tile_8x1(row, a_row, a_step, b + 4 * left, b_step, out + 4 * left, c_row, depth)
        for r in range(whole, rows):
            row, out = a + 4 * r * a_row, c + 4 * r * c_row
            for left in range(0, paired, 2 * WIDTH):
                tile_1x2(row, a_row, a_step, b + 4 * left, b_step, out + 4 * left, c_row, depth)
            for left in range(paired, columns, WIDTH):
                tile_1x1(row, a_row, a_step, b + 4 * left, b_step, out + 4 * left, c_row, depth)

    made: Callable[..., None] = product
    return made


multiply_add = _product(pairs=False)
"""Add the product of A (rows x depth) and B (depth x columns) to C (rows x columns), all of floats.

Arguments, by position:
    a, a_row, a_step: address of A; A[r, k] lies `r * a_row + k * a_step` floats further, so a transpose is a
        choice of strides.
    b, b_step: address of B, whose rows lie `b_step` floats apart and are contiguous.
    c, c_row: address of C, whose rows lie `c_row` floats apart and are contiguous.
    rows, columns, depth: sizes; `columns` is a multiple of 16.
"""

multiply_add_bfloat16 = _product(pairs=True)
"""The same where A and B hold pairs of bfloat16 and C floats: `depth` counts pairs.

Runs on processors with AVX-512 BF16 alone.
"""


def _elementwise(name: str | None) -> Callable[..., Any]:
    """Make the intrinsic that writes `first OP second` for 16 floats; no OP copies the first."""

    @intrinsic
    def operate(typingctx: Any, first: Any, second: Any, out: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            zero = _INDEX(0)
            value = load_vector(builder, arguments[0], zero)
            if name is not None:
                value = getattr(builder, name)(value, load_vector(builder, arguments[1], zero))
            store_vector(builder, value, arguments[2], zero)
            return context.get_dummy_value()

        return types.void(types.int64, types.int64, types.int64), generate

    made: Callable[..., Any] = operate
    return made


_copy16, _add16 = _elementwise(None), _elementwise("fadd")


@compiled()
def copy_rows(source: int, source_row: int, out: int, out_row: int, rows: int, columns: int) -> None:
    """Copy rows of floats; a `source_row` of 0 repeats one row."""
    for r in range(rows):
        for c in range(0, columns, WIDTH):
            place = source + 4 * (r * source_row + c)
            _copy16(place, place, out + 4 * (r * out_row + c))


@compiled()
def add_rows(a: int, a_row: int, b: int, b_row: int, out: int, out_row: int, rows: int, columns: int) -> None:
    """Write the sums of two matrices; a row stride of 0 repeats one row."""
    for r in range(rows):
        for c in range(0, columns, WIDTH):
            _add16(a + 4 * (r * a_row + c), b + 4 * (r * b_row + c), out + 4 * (r * out_row + c))


@compiled()
def add_column_sums(a: int, a_row: int, out: int, rows: int, columns: int) -> None:
    """Add the sum of all rows to one row."""
    for r in range(rows):
        for c in range(0, columns, WIDTH):
            _add16(a + 4 * (r * a_row + c), out + 4 * c, out + 4 * c)
