"""Products of a few columns with a panel of weights, each block of registers as machine code of its own.

LLVM's loop vectoriser does not keep a block of accumulators in registers over a product's inner loop; here
they are phi nodes of that loop, so they do. Panels of weights start at multiples of 64 bytes. This file does
not know how a matrix is cut into panels.
"""

from collections.abc import Sequence
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from partita.models.tiles import WIDTH, constant, spread
from partita.sampling.vectors import INT, NOTHING, Code, Value, fma, load, loop, pointer, store

# Blocks of registers: (panels, columns, chains, add). One column needs many panels or chains in flight to
# hide the latency of its sums; several columns share each load of a weight.
SINGLE = tuple(
    (panels, 1, chains, 0)
    for panels, chains in ((16, 1), (12, 1), (8, 1), (4, 1), (4, 2), (2, 2), (2, 4), (1, 4), (1, 8))
)
SHARED = tuple(
    (panels, columns, 1, add) for panels in (4, 2, 1) for columns in (2, 3, 4, 5, 6) for add in (0, 1)
)


def _block_number(panels: int, columns: int, chains: int, add: int) -> int:
    return ((panels * 16 + columns) * 16 + chains) * 2 + add


@intrinsic(prefer_literal=True)
def multiply(
    _: Any, shared: Any, panels: Any, columns: Any, chains: Any, add: Any,
    start: Any, start_step: Any, x: Any, x_step: Any, w: Any, depth: Any, y: Any, y_step: Any, least: Any,
) -> tuple[Any, Code]:  # fmt: skip
    """Multiply a few columns by a block of weights: y = max(least, start + x W), 16 * `panels` outputs each.

    W is (depth, panels, 16). The depth is cut into `chains` equal pieces summed side by side and added in
    order; the first goes on from `start`. With `add` the sum starts at 0 and `start` is added last, as for a
    later chain.

    Args:
        shared: literal: 0 if the block is one of SINGLE, 1 if it is one of SHARED.
        panels, columns, chains, add: the block; each is machine code of its own.
        start, x, w, y: addresses; columns of `start`, `x` and `y` are `..._step` floats apart.
        least: 0 for a rectifier, minus infinity for none.
    """
    signature = types.void(shared, *([types.int64] * 12), types.float32)
    blocks = SHARED if shared.literal_value else SINGLE

    def code(_: Any, builder: ir.IRBuilder, __: Any, args: Sequence[Value]) -> Value:
        number = args[1]
        for factor, term in ((16, args[2]), (16, args[3]), (2, args[4])):
            number = builder.add(builder.mul(number, INT(factor)), term)
        start_, x_, w_, y_ = (pointer(builder, args[i]) for i in (5, 7, 9, 11))
        values = [number, start_, args[6], x_, args[8], w_, args[10], y_, args[12], args[13]]
        builder.call(_switch(builder.module, blocks, [value.type for value in values]), values)
        return NOTHING

    return signature, code


def _switch(
    module: ir.Module, blocks: Sequence[tuple[int, int, int, int]], kinds: Sequence[Any]
) -> ir.Function:
    """Return a function of the module that does the product of one of the blocks, by its number.

    It is never inlined: its many blocks would be compiled again wherever it is called.
    """
    name = f"partita_multiply_{len(blocks)}"
    if name in module.globals:
        return module.globals[name]
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), kinds), name)
    function.linkage = "linkonce_odr"
    function.attributes.add("noinline")
    number, start, start_step, x, x_step, w, depth, y, y_step, least = function.args
    builder = ir.IRBuilder(function.append_basic_block("entry"))
    unknown = function.append_basic_block("unknown")
    switch = builder.switch(number, unknown)
    builder.position_at_end(unknown)
    builder.unreachable()
    for block in blocks:
        here = function.append_basic_block("block")
        switch.add_case(INT(_block_number(*block)), here)
        builder.position_at_end(here)
        _block(builder, block, (start, start_step), (x, x_step), w, depth, (y, y_step), least)
        builder.ret_void()
    return function


def _block(
    builder: ir.IRBuilder,
    block: tuple[int, int, int, int],
    start: tuple[Value, Value],
    x: tuple[Value, Value],
    w: Value,
    depth: Value,
    y: tuple[Value, Value],
    least: Value,
) -> None:
    """Emit the product for one block of registers; `start`, `x` and `y` are (address, step of columns)."""
    panels, columns, chains, add = block
    piece = builder.udiv(depth, INT(chains))
    cells = [(c, p) for c in range(columns) for p in range(panels)]

    def place(base: tuple[Value, Value], column: int, offset: Value) -> Value:
        return builder.gep(base[0], [builder.add(builder.mul(base[1], INT(column)), offset)])

    starts = [load(builder, place(start, c, INT(WIDTH * p))) for c, p in cells]
    zeros = [constant(0.0)] * len(cells)
    pieces = [builder.mul(piece, INT(s)) for s in range(chains)]
    columns_of_x = [place(x, c, first) for first in pieces for c in range(columns)]
    rows_of_w = [builder.gep(w, [builder.mul(first, INT(WIDTH * panels))]) for first in pieces]

    def body(k: Value, sums: list[Value]) -> list[Value]:
        results: list[Value] = []
        row = builder.mul(k, INT(WIDTH * panels))
        for s in range(chains):
            at = [builder.gep(rows_of_w[s], [builder.add(row, INT(WIDTH * p))]) for p in range(panels)]
            weights = [load(builder, address, align=64) for address in at]
            for c in range(columns):
                value = spread(builder, builder.load(builder.gep(columns_of_x[s * columns + c], [k])))
                results += [
                    fma(builder, value, weight, sums[len(results) + i]) for i, weight in enumerate(weights)
                ]
        return results

    sums = loop(builder, piece, (zeros if add else starts) + zeros * (chains - 1), body)
    floor = spread(builder, least)
    for i, (c, p) in enumerate(cells):
        total = builder.fadd(starts[i], sums[i]) if add else sums[i]
        for s in range(1, chains):
            total = builder.fadd(total, sums[s * len(cells) + i])
        total = builder.select(builder.fcmp_ordered(">", total, floor), total, floor)
        store(builder, total, place(y, c, INT(WIDTH * p)))
