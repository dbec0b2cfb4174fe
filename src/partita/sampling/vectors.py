"""Vector instructions for the compiled sampler, written straight into LLVM's intermediate form.

LLVM's loop vectoriser does not keep a block of accumulators in registers over a product's inner loop; here they are
phi nodes of that loop, so they do. A vector has 16 floats: LLVM cuts it to the machine's width, and so the same code
runs on AVX-512, AVX2 and NEON. Arrays are flat, contiguous float32; places in them (`..._at`) count floats, and panels
of weights start at multiples of 64 bytes. This file does not know networks.
"""

from collections.abc import Callable, Sequence
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

WIDTH = 16
FLOAT = ir.FloatType()
INT = ir.IntType(64)
WORD = ir.IntType(32)
VECTOR = ir.VectorType(FLOAT, WIDTH)
WORDS = ir.VectorType(WORD, WIDTH)

# tanh(x) = x P(x^2) / Q(x^2) on [-8.5, 8.5], a minimax fit: off by 1.1e-8 exactly, 3.5e-7 in float32. Beyond, tanh is
# 1 - 8.3e-8 at the least.
TANH_END = 8.5
TANH_OVER = (9.99999946e-01, 1.34062528e-01, 3.52587396e-03, 2.11224371e-05, 1.41003800e-08)
TANH_UNDER = (1.0, 4.67395642e-01, 2.59913457e-02, 3.33577834e-04, 8.07409778e-07)

# exp(r) on [-ln 2 / 2, ln 2 / 2], Taylor's series to the sixth power: off by 1.3e-7 of the value
EXP_SERIES = (1.0, 1.0, 1 / 2, 1 / 6, 1 / 24, 1 / 120, 1 / 720)
LOG2_E = 1.4426950408889634
LN2_HIGH = 0.693359375
LN2_LOW = -2.12194440054690583e-4
EXP_LEAST = -87.0

Value = Any
Code = Callable[[Any, ir.IRBuilder, Any, Sequence[Value]], Value]


def _splat(builder: ir.IRBuilder, scalar: Value) -> Value:
    """Return a vector of 16 equal floats."""
    one = builder.insert_element(ir.Constant(VECTOR, ir.Undefined), scalar, WORD(0))
    return builder.shuffle_vector(one, ir.Constant(VECTOR, ir.Undefined), ir.Constant(WORDS, [0] * WIDTH))


def _constant(value: float) -> Value:
    return ir.Constant(VECTOR, [value] * WIDTH)


def _call(builder: ir.IRBuilder, name: str, result: Any, *args: Value) -> Value:
    """Call one of LLVM's own functions."""
    kind = ir.FunctionType(result, [arg.type for arg in args])
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), args)


def _fma(builder: ir.IRBuilder, a: Value, b: Value, c: Value) -> Value:
    return _call(builder, "llvm.fma.v16f32", VECTOR, a, b, c)


def _clamp(builder: ir.IRBuilder, x: Value, low: float, high: float) -> Value:
    x = builder.select(builder.fcmp_ordered("<", x, _constant(high)), x, _constant(high))
    return builder.select(builder.fcmp_ordered(">", x, _constant(low)), x, _constant(low))


def _polynomial(builder: ir.IRBuilder, x: Value, coefficients: Sequence[float]) -> Value:
    """Return the sum of coefficients[i] * x^i, by Horner's rule."""
    total = _constant(coefficients[-1])
    for coefficient in reversed(coefficients[:-1]):
        total = _fma(builder, total, x, _constant(coefficient))
    return total


def _pointer(context: Any, builder: ir.IRBuilder, kind: Any, array: Value, at: Value) -> Value:
    """Return the address of array[at]."""
    return builder.gep(context.make_array(kind)(context, builder, array).data, [at])


def _load(builder: ir.IRBuilder, address: Value, *, align: int = 4) -> Value:
    return builder.load(builder.bitcast(address, VECTOR.as_pointer()), align=align)


def _store(builder: ir.IRBuilder, vector: Value, address: Value, *, align: int = 4) -> None:
    builder.store(vector, builder.bitcast(address, VECTOR.as_pointer()), align=align)


def _loop(
    builder: ir.IRBuilder,
    count: Value,
    carried: Sequence[Value],
    body: Callable[[Value, list[Value]], list[Value]],
) -> list[Value]:
    """Emit `for i in range(count)` (count at least 1), whose carried values stay in registers."""
    entry, inside, after = builder.block, builder.append_basic_block("k"), builder.append_basic_block("done")
    builder.branch(inside)
    builder.position_at_end(inside)
    index = builder.phi(INT)
    index.add_incoming(INT(0), entry)
    phis = [builder.phi(value.type) for value in carried]
    for phi, value in zip(phis, carried, strict=True):
        phi.add_incoming(value, entry)
    results = body(index, list(phis))
    following = builder.add(index, INT(1))
    index.add_incoming(following, builder.block)
    for phi, value in zip(phis, results, strict=True):
        phi.add_incoming(value, builder.block)
    builder.cbranch(builder.icmp_signed("<", following, count), inside, after)
    builder.position_at_end(after)
    return results


# Blocks of registers: (panels, columns, chains, add). One column needs many panels or chains in flight to hide the
# latency of its sums; several columns share each load of a weight.
SINGLE = tuple(
    (panels, 1, chains, 0)
    for panels, chains in ((16, 1), (12, 1), (8, 1), (4, 1), (4, 2), (2, 2), (2, 4), (1, 4), (1, 8))
)
SHARED = tuple(
    (panels, columns, 1, add) for panels in (4, 2, 1) for columns in (2, 3, 4, 5, 6) for add in (0, 1)
)


def _block_number(panels: int, columns: int, chains: int, add: int) -> int:
    return ((panels * 16 + columns) * 16 + chains) * 2 + add


@intrinsic(prefer_literal=True)  # type: ignore[misc]
def multiply(
    _: Any, shared: Any, panels: Any, columns: Any, chains: Any, add: Any,
    start: Any, start_at: Any, start_step: Any, x: Any, x_at: Any, x_step: Any,
    w: Any, w_at: Any, depth: Any, y: Any, y_at: Any, y_step: Any, least: Any,
) -> tuple[Any, Code]:  # fmt: skip
    """Multiply a few columns by a block of weights: y = max(least, start + x W), 16 * `panels` outputs for each column.

    W is (depth, panels, 16). The depth is cut into `chains` equal pieces summed side by side and added in order; the
    first goes on from `start`. With `add` the sum starts at 0 and `start` is added last, as for a later chain.

    Args:
        shared: literal: 0 if the block is one of SINGLE, 1 if it is one of SHARED.
        panels, columns, chains, add: the block; each is machine code of its own.
        start, x, w, y: arrays; columns of `start`, `x` and `y` are `..._step` floats apart.
        least: 0 for a rectifier, minus infinity for none.
    """
    signature = types.void(
        shared, panels, columns, chains, add, start, start_at, start_step, x, x_at, x_step, w, w_at, depth,
        y, y_at, y_step, least,
    )  # fmt: skip
    blocks = SHARED if shared.literal_value else SINGLE

    def code(context: Any, builder: ir.IRBuilder, sig: Any, args: Sequence[Value]) -> Value:
        start_, x_, w_, y_ = (
            _pointer(context, builder, sig.args[i], args[i], args[i + 1]) for i in (5, 8, 11, 14)
        )
        number = args[1]
        for factor, term in ((16, args[2]), (16, args[3]), (2, args[4])):
            number = builder.add(builder.mul(number, INT(factor)), term)
        values = [number, start_, args[7], x_, args[10], w_, args[13], y_, args[16], args[17]]
        function = _switch(builder.module, blocks, [value.type for value in values])
        builder.call(function, values)
        return context.get_dummy_value()

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
    function.linkage = "internal"
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
    """Emit the product for one block of registers; `start`, `x` and `y` are (address, step between columns)."""
    panels, columns, chains, add = block
    piece = builder.udiv(depth, INT(chains))
    cells = [(c, p) for c in range(columns) for p in range(panels)]

    def place(base: tuple[Value, Value], column: int, offset: Value) -> Value:
        return builder.gep(base[0], [builder.add(builder.mul(base[1], INT(column)), offset)])

    starts = [_load(builder, place(start, c, INT(WIDTH * p))) for c, p in cells]
    zeros = [_constant(0.0)] * len(cells)
    pieces = [builder.mul(piece, INT(s)) for s in range(chains)]
    columns_of_x = [place(x, c, first) for first in pieces for c in range(columns)]
    rows_of_w = [builder.gep(w, [builder.mul(first, INT(WIDTH * panels))]) for first in pieces]

    def body(k: Value, sums: list[Value]) -> list[Value]:
        results: list[Value] = []
        row = builder.mul(k, INT(WIDTH * panels))
        for s in range(chains):
            at = [builder.gep(rows_of_w[s], [builder.add(row, INT(WIDTH * p))]) for p in range(panels)]
            weights = [_load(builder, address, align=64) for address in at]
            for c in range(columns):
                value = _splat(builder, builder.load(builder.gep(columns_of_x[s * columns + c], [k])))
                results += [
                    _fma(builder, value, weight, sums[len(results) + i]) for i, weight in enumerate(weights)
                ]
        return results

    sums = _loop(builder, piece, (zeros if add else starts) + zeros * (chains - 1), body)
    floor = _splat(builder, least)
    for i, (c, p) in enumerate(cells):
        total = builder.fadd(starts[i], sums[i]) if add else sums[i]
        for s in range(1, chains):
            total = builder.fadd(total, sums[s * len(cells) + i])
        total = builder.select(builder.fcmp_ordered(">", total, floor), total, floor)
        _store(builder, total, place(y, c, INT(WIDTH * p)))


@intrinsic  # type: ignore[misc]
def gate(_: Any, z: Any, filter_at: Any, half_at: Any, g: Any, g_at: Any) -> tuple[Any, Code]:
    """Store tanh(a) * sigmoid(2 b) for 16 units: a at z[filter_at], b at z[half_at]; off by less than 1e-6.

    sigmoid(2 b) = (1 + tanh(b)) / 2, and both quotients share one division.
    """
    signature = types.void(z, filter_at, half_at, g, g_at)

    def code(context: Any, builder: ir.IRBuilder, sig: Any, args: Sequence[Value]) -> Value:
        over, under = [], []
        for i in (1, 2):
            x = _load(builder, _pointer(context, builder, sig.args[0], args[0], args[i]))
            x = _clamp(builder, x, -TANH_END, TANH_END)
            square = builder.fmul(x, x)
            over.append(builder.fmul(x, _polynomial(builder, square, TANH_OVER)))
            under.append(_polynomial(builder, square, TANH_UNDER))
        half = builder.fmul(over[0], _constant(0.5))
        top = builder.fmul(half, builder.fadd(under[1], over[1]))
        result = builder.fdiv(top, builder.fmul(under[0], under[1]))
        _store(builder, result, _pointer(context, builder, sig.args[3], args[3], args[4]))
        return context.get_dummy_value()

    return signature, code


@intrinsic  # type: ignore[misc]
def largest(_: Any, x: Any, x_at: Any, vectors: Any) -> tuple[Any, Code]:
    """Return the largest of 16 * `vectors` floats."""
    signature = types.float32(x, x_at, vectors)

    def code(context: Any, builder: ir.IRBuilder, sig: Any, args: Sequence[Value]) -> Value:
        base = _pointer(context, builder, sig.args[0], args[0], args[1])

        def body(i: Value, best: list[Value]) -> list[Value]:
            value = _load(builder, builder.gep(base, [builder.mul(i, INT(WIDTH))]))
            return [builder.select(builder.fcmp_ordered(">", value, best[0]), value, best[0])]

        best = _loop(builder, args[2], [_load(builder, base)], body)
        return _call(builder, "llvm.vector.reduce.fmax.v16f32", FLOAT, best[0])

    return signature, code


@intrinsic  # type: ignore[misc]
def exponentials(
    _: Any, x: Any, x_at: Any, vectors: Any, top: Any, scale: Any, y: Any, sums: Any
) -> tuple[Any, Code]:
    """Store exp((x - top) * scale), for x up to `top`, in y from 0 on, and the sum of each 16 in `sums`.

    Off by less than 1e-6 of the value, plus what the product's rounding makes of it; below exp(-87) it is exactly 0.
    """
    signature = types.void(x, x_at, vectors, top, scale, y, sums)

    def code(context: Any, builder: ir.IRBuilder, sig: Any, args: Sequence[Value]) -> Value:
        base = _pointer(context, builder, sig.args[0], args[0], args[1])
        y_, sums_ = (_pointer(context, builder, sig.args[i], args[i], INT(0)) for i in (5, 6))
        top_, scale_ = _splat(builder, args[3]), _splat(builder, args[4])

        def body(i: Value, _: list[Value]) -> list[Value]:
            value = _load(builder, builder.gep(base, [builder.mul(i, INT(WIDTH))]))
            power = _exponential(builder, builder.fmul(builder.fsub(value, top_), scale_))
            _store(builder, power, builder.gep(y_, [builder.mul(i, INT(WIDTH))]))
            kind = ir.FunctionType(FLOAT, [FLOAT, VECTOR])
            add = cgutils.get_or_insert_function(builder.module, kind, "llvm.vector.reduce.fadd.v16f32")
            total = builder.call(add, [FLOAT(-0.0), power], fastmath=("reassoc",))
            builder.store(total, builder.gep(sums_, [i]))
            return []

        _loop(builder, args[2], [], body)
        return context.get_dummy_value()

    return signature, code


def _exponential(builder: ir.IRBuilder, x: Value) -> Value:
    """Return exp(x) for x <= 0: 2^n * exp(r), where n is whole and r small."""
    vanishes = builder.fcmp_ordered("<", x, _constant(EXP_LEAST))
    x = _clamp(builder, x, EXP_LEAST, 0.0)
    whole = _call(builder, "llvm.rint.v16f32", VECTOR, builder.fmul(x, _constant(LOG2_E)))
    rest = _fma(builder, whole, _constant(-LN2_HIGH), x)
    rest = _fma(builder, whole, _constant(-LN2_LOW), rest)
    power = _polynomial(builder, rest, EXP_SERIES)
    exponent = builder.add(builder.fptosi(whole, WORDS), ir.Constant(WORDS, [127] * WIDTH))
    two = builder.bitcast(builder.shl(exponent, ir.Constant(WORDS, [23] * WIDTH)), VECTOR)
    return builder.select(vanishes, _constant(0.0), builder.fmul(power, two))
