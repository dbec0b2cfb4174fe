"""Register-blocked matrix products inside compiled loops, for matrices too small or too scattered for a
library call.

A tile is `ROWS` x (1 or 2 vectors) of accumulators that stay in registers while the common axis is walked:
the vector IR is written here by hand, since a compiler given plain loops keeps them in memory. Vectors have
16 floats; LLVM splits them where the machine's are shorter, so the code runs everywhere and is only as fast
as the machine allows.

Addresses are plain integers (bytes), strides are counted in floats. This file does not know what is
multiplied.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

WIDTH = 16
ROWS = 8

_FLOAT = ir.FloatType()
_VECTOR = ir.VectorType(_FLOAT, WIDTH)
_INDEX = ir.IntType(64)


def vector_call(builder: Any, name: str, operands: list[Any]) -> Any:
    """Call an LLVM intrinsic on whole vectors, for example `llvm.fma.v16f32`."""
    kind = ir.FunctionType(_VECTOR, [_VECTOR] * len(operands))
    function = cgutils.get_or_insert_function(builder.module, kind, f"llvm.{name}.v{WIDTH}f32")
    return builder.call(function, operands)


def at(builder: Any, address: Any, floats: Any, kind: Any) -> Any:
    """Return a pointer of a kind to `address` plus a number of floats."""
    return builder.inttoptr(builder.add(address, builder.shl(floats, _INDEX(2))), kind.as_pointer())


def load_vector(builder: Any, address: Any, floats: Any) -> Any:
    """Load a vector from `address` plus a number of floats, at any alignment of a float."""
    return builder.load(at(builder, address, floats, _VECTOR), align=4)


def store_vector(builder: Any, vector: Any, address: Any, floats: Any) -> None:
    """Store a vector to `address` plus a number of floats."""
    builder.store(vector, at(builder, address, floats, _VECTOR), align=4)


def spread(builder: Any, scalar: Any) -> Any:
    """Return a vector that holds a float in every place."""
    one = builder.insert_element(ir.Constant(_VECTOR, ir.Undefined), scalar, ir.IntType(32)(0))
    mask = ir.Constant(ir.VectorType(ir.IntType(32), WIDTH), [0] * WIDTH)
    return builder.shuffle_vector(one, ir.Constant(_VECTOR, ir.Undefined), mask)


def constant(value: float) -> Any:
    """Return a vector constant with one value in every place."""
    return ir.Constant(_VECTOR, [value] * WIDTH)


@dataclass(frozen=True)
class _Tile:
    """Emits one tile: C[r, :] += sum over k of A[r, k] B[k, :], for some rows and vectors of columns."""

    rows: int
    vectors: int

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
        columns = [
            load_vector(builder, b, builder.add(b_here, _INDEX(WIDTH * v))) for v in range(self.vectors)
        ]
        new = []
        for r in range(self.rows):
            place = builder.add(a_here, builder.mul(a_row, _INDEX(r)))
            number = spread(builder, builder.load(at(builder, a, place, _FLOAT), align=4))
            here = sums[r * self.vectors : (r + 1) * self.vectors]
            new += [
                vector_call(builder, "fma", [number, column, total])
                for column, total in zip(columns, here, strict=True)
            ]
        return new


def _tile(rows: int, vectors: int) -> Callable[..., Any]:
    """Make the intrinsic of one tile shape."""
    shape = _Tile(rows, vectors)

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


_tile_8x2, _tile_8x1, _tile_1x2, _tile_1x1 = _tile(ROWS, 2), _tile(ROWS, 1), _tile(1, 2), _tile(1, 1)


@njit(nogil=True, inline="never")
def multiply(
    a: int,
    a_row: int,
    a_step: int,
    b: int,
    b_step: int,
    c: int,
    c_row: int,
    rows: int,
    columns: int,
    depth: int,
) -> None:
    """Add the product of A (rows x depth) and B (depth x columns) to C (rows x columns).

    Args:
        a: address of A; A[r, k] lies `r * a_row + k * a_step` floats further, so a transpose is a choice of
            strides.
        b: address of B, whose rows lie `b_step` floats apart and are contiguous.
        c: address of C, whose rows lie `c_row` floats apart and are contiguous.
        rows, columns, depth: sizes; `columns` is a multiple of 16.
    """
    whole = rows - rows % ROWS
    paired = columns - columns % (2 * WIDTH)
    for r in range(0, whole, ROWS):
        row, out = a + 4 * r * a_row, c + 4 * r * c_row
        for left in range(0, paired, 2 * WIDTH):
            _tile_8x2(row, a_row, a_step, b + 4 * left, b_step, out + 4 * left, c_row, depth)
        for left in range(paired, columns, WIDTH):
            _tile_8x1(row, a_row, a_step, b + 4 * left, b_step, out + 4 * left, c_row, depth)
    for r in range(whole, rows):
        row, out = a + 4 * r * a_row, c + 4 * r * c_row
        for left in range(0, paired, 2 * WIDTH):
            _tile_1x2(row, a_row, a_step, b + 4 * left, b_step, out + 4 * left, c_row, depth)
        for left in range(paired, columns, WIDTH):
            _tile_1x1(row, a_row, a_step, b + 4 * left, b_step, out + 4 * left, c_row, depth)


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


_copy16, _add16, _multiply16 = _elementwise(None), _elementwise("fadd"), _elementwise("fmul")


@njit(nogil=True)
def copy_rows(source: int, source_row: int, out: int, out_row: int, rows: int, columns: int) -> None:
    """Copy rows of floats; a `source_row` of 0 repeats one row."""
    for r in range(rows):
        for c in range(0, columns, WIDTH):
            place = source + 4 * (r * source_row + c)
            _copy16(place, place, out + 4 * (r * out_row + c))


@njit(nogil=True)
def add_rows(a: int, a_row: int, b: int, b_row: int, out: int, out_row: int, rows: int, columns: int) -> None:
    """Write the sums of two matrices; a row stride of 0 repeats one row."""
    for r in range(rows):
        for c in range(0, columns, WIDTH):
            _add16(a + 4 * (r * a_row + c), b + 4 * (r * b_row + c), out + 4 * (r * out_row + c))


@njit(nogil=True)
def multiply_rows(
    a: int, a_row: int, b: int, b_row: int, out: int, out_row: int, rows: int, columns: int
) -> None:
    """Write the elementwise products of two matrices."""
    for r in range(rows):
        for c in range(0, columns, WIDTH):
            _multiply16(a + 4 * (r * a_row + c), b + 4 * (r * b_row + c), out + 4 * (r * out_row + c))


@njit(nogil=True)
def add_column_sums(a: int, a_row: int, out: int, rows: int, columns: int) -> None:
    """Add the sum of all rows to one row."""
    for r in range(rows):
        for c in range(0, columns, WIDTH):
            _add16(a + 4 * (r * a_row + c), out + 4 * c, out + 4 * c)
