"""Register-blocked matrix products inside compiled functions, for matrices too small for a library call.

A tile is `ROWS` x (1 or 2 vectors) of accumulators that stay in registers during the loop over the common
axis. The vector code is written here by hand, since a compiler given plain loops stores the accumulators in
memory.

A product of bfloat16 reads two numbers of the common axis at a time: where a float32 would lie there are two
bfloat16 that follow each other along that axis (a *pair*). Sums are float32.

Layout: addresses are int64 in bytes; strides are counted in words of 32 bits, a float32 or a pair; rows of
the right factor and of the result are contiguous; columns are a multiple of 16. This file does not know what
is multiplied.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from partita.ops.llvm.vector import (
    FLOAT,
    INT,
    VECTOR,
    WIDTH,
    WORD,
    WORDS,
    BFloat,
    at,
    broadcast,
    fma,
    load_vector,
    store_vector,
)
from partita.ops.numba_cache import compiled

ROWS = 8
"""Rows of a tile."""

_HALVES = ir.VectorType(BFloat(), 2 * WIDTH)


@dataclass(frozen=True)
class _Tile:
    """Emits one tile: C[r, :] += sum over k of A[r, k] B[k, :], for some rows and vectors of columns.

    With `pairs`, A[r, k] and B[k, c] are two bfloat16 each, and their product is the sum of two products.
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
            builder.add(builder.mul(c_row, INT(r)), INT(WIDTH * v))
            for r in range(self.rows)
            for v in range(self.vectors)
        ]
        start = [load_vector(builder, c, place) for place in places]
        before = builder.block
        loop, after = builder.append_basic_block("tile.loop"), builder.append_basic_block("tile.end")
        builder.cbranch(builder.icmp_signed(">", depth, INT(0)), loop, after)
        builder.position_at_end(loop)
        k, sums = builder.phi(INT), [builder.phi(VECTOR) for _ in start]
        new = self._products(builder, sums, (a, a_row, builder.mul(k, a_step)), (b, builder.mul(k, b_step)))
        following = builder.add(k, INT(1))
        for phi, first, later in zip([k, *sums], [INT(0), *start], [following, *new], strict=True):
            phi.add_incoming(first, before)
            phi.add_incoming(later, loop)
        builder.cbranch(builder.icmp_signed("<", following, depth), loop, after)
        builder.position_at_end(after)
        ends = [builder.phi(VECTOR) for _ in start]
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
        kinds = (WORD, WORDS) if self.pairs else (FLOAT, VECTOR)
        columns = [
            load_vector(builder, b, builder.add(b_here, INT(WIDTH * v)), kinds[1])
            for v in range(self.vectors)
        ]
        new = []
        for r in range(self.rows):
            place = builder.add(a_here, builder.mul(a_row, INT(r)))
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
            return fma(builder, number, column, total)
        kind = ir.FunctionType(VECTOR, [VECTOR, _HALVES, _HALVES])
        name = "llvm.x86.avx512bf16.dpbf16ps.512"
        function = cgutils.get_or_insert_function(builder.module, kind, name)
        halves = [builder.bitcast(factor, _HALVES) for factor in (number, column)]
        return builder.call(function, [total, *halves])


def _tile(rows: int, vectors: int, pairs: bool) -> Callable[..., Any]:
    """Return the intrinsic of one tile shape."""
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
    """Return the compiled product for any number of rows, made of tiles of a few shapes."""
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
"""Add the product of A (rows x depth) and B (depth x columns) to C (rows x columns), all float32.

Arguments, by position:
    a, a_row, a_step: address of A; A[r, k] lies `r * a_row + k * a_step` words further, so swapped strides
        give the transpose.
    b, b_step: address of B, whose rows lie `b_step` words apart.
    c, c_row: address of C, whose rows lie `c_row` words apart.
    rows, columns, depth: sizes; `columns` is a multiple of 16.
"""

multiply_add_bfloat16 = _product(pairs=True)
"""As `multiply_add`, where A and B hold pairs of bfloat16, C float32, and `depth` counts pairs.

It runs only on processors with AVX-512 BF16.
"""
