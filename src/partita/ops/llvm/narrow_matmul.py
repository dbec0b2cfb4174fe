"""Matrix products of a few columns with a panel of weights, for the sampler.

Each block of registers has its own machine code: LLVM's loop vectorizer does not keep the accumulators in
registers over the inner loop, so they are written as phi nodes of that loop. A panel is (depth, panels, 16)
and starts at a multiple of 64 bytes. This file does not know how a matrix is divided into panels.
"""

from collections.abc import Sequence
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from partita.ops.llvm.unpack import BFLOAT16, FLOAT32, INT8, unpack
from partita.ops.llvm.vector import (
    INT,
    NOTHING,
    WIDTH,
    Code,
    Value,
    broadcast,
    constant,
    fma,
    load,
    loop,
    pointer,
    store,
)
from partita.ops.numba_cache import sources_digest

BYTES = ir.IntType(8).as_pointer()

# Blocks of registers: (panels, columns, chains, add, bytes of a weight). One column needs many panels or
# chains in flight to hide the latency of its sums; several columns share each load of a weight.
Block = tuple[int, int, int, int, int]
SINGLE: tuple[Block, ...] = tuple(
    (panels, 1, chains, 0, stored)
    for panels, chains in ((16, 1), (12, 1), (8, 1), (4, 1), (4, 2), (2, 2), (2, 4), (1, 4), (1, 8))
    for stored in (FLOAT32, BFLOAT16, INT8)
)
SHARED: tuple[Block, ...] = tuple(
    (panels, columns, 1, add, FLOAT32)
    for panels in (4, 2, 1)
    for columns in (2, 3, 4, 5, 6)
    for add in (0, 1)
)


def _block_number(panels: int, columns: int, chains: int, add: int, stored: int) -> int:
    return (((panels * 16 + columns) * 16 + chains) * 2 + add) * 8 + stored


@intrinsic(prefer_literal=True)
def multiply(
    _: Any, shared: Any, panels: Any, columns: Any, chains: Any, add: Any, stored: Any,
    start: Any, start_step: Any, x: Any, x_step: Any, w: Any, steps: Any, depth: Any, y: Any, y_step: Any,
    least: Any,
) -> tuple[Any, Code]:  # fmt: skip
    """Multiply a few columns by a block of weights: y = max(least, start + x W), 16 * `panels` outputs each.

    W is (depth, panels, 16). The depth is divided into `chains` equal pieces, which are summed separately and
    added in order; the first sum starts from `start`. With `add` the sum starts at 0 and `start` is added
    last, as for a later chain.

    Args:
        shared: literal: 0 if the block is one of SINGLE, 1 if it is one of SHARED.
        panels: outputs of the block, in 16s.
        columns: columns of the block.
        chains: pieces of the depth that are summed separately.
        add: 1 to add `start` last, else 0.
        stored: bytes of a weight.
        start: address of what is added to the product.
        start_step: floats from one column of `start` to the next.
        x: address of the columns.
        x_step: floats from one column of `x` to the next.
        w: address of the weights.
        steps: for int8 weights the address of each panel's 16 steps and their 16 inverses.
        depth: rows of W.
        y: address of the result.
        y_step: floats from one column of `y` to the next.
        least: 0 for a rectifier, minus infinity for none.
    """
    signature = types.void(shared, *([types.int64] * 14), types.float32)
    blocks = SHARED if shared.literal_value else SINGLE

    def code(_: Any, builder: ir.IRBuilder, __: Any, args: Sequence[Value]) -> Value:
        number = args[1]
        for factor, term in ((16, args[2]), (16, args[3]), (2, args[4]), (8, args[5])):
            number = builder.add(builder.mul(number, INT(factor)), term)
        start_, x_, w_, steps_, y_ = (pointer(builder, args[i]) for i in (6, 8, 10, 11, 13))
        values = [number, start_, args[7], x_, args[9], w_, steps_, args[12], y_, args[14], args[15]]
        builder.call(_switch(builder.module, blocks, [value.type for value in values]), values)
        return NOTHING

    return signature, code


def _switch(module: ir.Module, blocks: Sequence[Block], kinds: Sequence[Any]) -> ir.Function:
    """Return a function of the module that does the product of one of the blocks, by its number.

    It is never inlined: its many blocks would be compiled again wherever it is called.
    """
    name = f"partita_multiply_{len(blocks)}_{sources_digest()}"
    if name in module.globals:
        return module.globals[name]
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), kinds), name)
    function.linkage = "linkonce_odr"
    function.attributes.add("noinline")
    number, start, start_step, x, x_step, w, steps, depth, y, y_step, least = function.args
    builder = ir.IRBuilder(function.append_basic_block("entry"))
    unknown = function.append_basic_block("unknown")
    switch = builder.switch(number, unknown)
    builder.position_at_end(unknown)
    builder.unreachable()
    for block in blocks:
        here = function.append_basic_block("block")
        switch.add_case(INT(_block_number(*block)), here)
        builder.position_at_end(here)
        _block(builder, block, (start, start_step), (x, x_step), (w, steps), depth, (y, y_step), least)
        builder.ret_void()
    return function


def _block(
    builder: ir.IRBuilder,
    block: Block,
    start: tuple[Value, Value],
    x: tuple[Value, Value],
    weights: tuple[Value, Value],
    depth: Value,
    y: tuple[Value, Value],
    least: Value,
) -> None:
    """Emit the product for one block of registers.

    `start`, `x` and `y` are (address, step of columns), `weights` are (address, address of the steps).
    """
    panels, columns, chains, add, stored = block
    piece = builder.udiv(depth, INT(chains))
    cells = [(c, p) for c in range(columns) for p in range(panels)]

    scales = [_scales(builder, weights[1], p, stored) for p in range(panels)]
    starts = [load(builder, _place(builder, start, c, INT(WIDTH * p))) for c, p in cells]
    first = [_times(builder, value, scales[p][1]) for value, (_, p) in zip(starts, cells, strict=True)]
    zeros = [constant(0.0)] * len(cells)
    pieces = [builder.mul(piece, INT(s)) for s in range(chains)]
    columns_of_x = [_place(builder, x, c, begin) for begin in pieces for c in range(columns)]
    row_bytes = INT(stored * WIDTH * panels)
    bytes_of_w = builder.bitcast(weights[0], BYTES)
    rows_of_w = [builder.gep(bytes_of_w, [builder.mul(begin, row_bytes)]) for begin in pieces]

    def body(k: Value, sums: list[Value]) -> list[Value]:
        results: list[Value] = []
        row = builder.mul(k, row_bytes)
        for s in range(chains):
            vectors = unpack(builder, builder.gep(rows_of_w[s], [row]), panels, stored)
            for c in range(columns):
                value = broadcast(builder, builder.load(builder.gep(columns_of_x[s * columns + c], [k])))
                results += [
                    fma(builder, value, vector, sums[len(results) + i]) for i, vector in enumerate(vectors)
                ]
        return results

    sums = loop(builder, piece, (zeros if add else first) + zeros * (chains - 1), body)
    floor = broadcast(builder, least)
    for i, (c, p) in enumerate(cells):
        total = builder.fadd(starts[i], sums[i]) if add else sums[i]
        for s in range(1, chains):
            total = builder.fadd(total, sums[s * len(cells) + i])
        total = _times(builder, total, scales[p][0])
        total = builder.select(builder.fcmp_ordered(">", total, floor), total, floor)
        store(builder, total, _place(builder, y, c, INT(WIDTH * p)))


def _place(builder: ir.IRBuilder, base: tuple[Value, Value], column: int, offset: Value) -> Value:
    """Return a pointer into a column, given the address and the step of columns."""
    return builder.gep(base[0], [builder.add(builder.mul(base[1], INT(column)), offset)])


def _scales(builder: ir.IRBuilder, steps: Value, panel: int, stored: int) -> list[Value | None]:
    """Return a panel's steps and their inverses, which only int8 weights have."""
    if stored != INT8:
        return [None, None]
    places = [INT(WIDTH * (2 * panel + inverse)) for inverse in (0, 1)]
    return [load(builder, builder.gep(steps, [place]), align=64) for place in places]


def _times(builder: ir.IRBuilder, value: Value, scale: Value | None) -> Value:
    return value if scale is None else builder.fmul(value, scale)
