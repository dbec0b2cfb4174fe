"""Reductions and exponentials over rows of floats inside compiled functions, as a softmax needs them.

A row is given by its address and a number of vectors of 16 floats: an array object would cost a reference
count at each call. This file does not know networks.
"""

from collections.abc import Sequence
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from partita.ops.llvm.activation import exponential
from partita.ops.llvm.vector import (
    FLOAT,
    INT,
    NOTHING,
    VECTOR,
    WIDTH,
    Code,
    Value,
    broadcast,
    call,
    clamp,
    constant,
    load,
    loop,
    pointer,
    store,
)

EXP_LEAST = -87.0


def _exponential_or_zero(builder: ir.IRBuilder, x: Value) -> Value:
    """Emit exp(x) for x <= 0; below exp(-87) it is exactly 0. NaN is read as 0, so its exponential is 1."""
    vanishes = builder.fcmp_ordered("<", x, constant(EXP_LEAST))
    value = exponential(builder, clamp(builder, x, EXP_LEAST, 0.0))
    return builder.select(vanishes, constant(0.0), value)


@intrinsic
def largest(_: Any, x: Any, vectors: Any) -> tuple[Any, Code]:
    """Return the largest of 16 * `vectors` floats at an address."""
    signature = types.float32(types.int64, types.int64)

    def code(_: Any, builder: ir.IRBuilder, __: Any, args: Sequence[Value]) -> Value:
        base = pointer(builder, args[0])

        def body(i: Value, best: list[Value]) -> list[Value]:
            value = load(builder, builder.gep(base, [builder.mul(i, INT(WIDTH))]))
            return [builder.select(builder.fcmp_ordered(">", value, best[0]), value, best[0])]

        best = loop(builder, args[1], [load(builder, base)], body)
        return call(builder, "llvm.vector.reduce.fmax.v16f32", FLOAT, best[0])

    return signature, code


@intrinsic
def exponentials(_: Any, x: Any, vectors: Any, top: Any, scale: Any, y: Any, sums: Any) -> tuple[Any, Code]:
    """Store exp((x - top) * scale), for x up to `top`, at address y, and the sum of each 16 at `sums`.

    The error is below 1e-7 of the value, plus that from the rounding of the product. Below exp(-87) the
    result is exactly 0.
    """
    signature = types.void(types.int64, types.int64, types.float32, types.float32, types.int64, types.int64)

    def code(_: Any, builder: ir.IRBuilder, __: Any, args: Sequence[Value]) -> Value:
        base, y_, sums_ = (pointer(builder, args[i]) for i in (0, 4, 5))
        top_, scale_ = broadcast(builder, args[2]), broadcast(builder, args[3])
        kind = ir.FunctionType(FLOAT, [FLOAT, VECTOR])
        add = cgutils.get_or_insert_function(builder.module, kind, "llvm.vector.reduce.fadd.v16f32")

        def body(i: Value, _: list[Value]) -> list[Value]:
            at = [builder.mul(i, INT(WIDTH))]
            value = load(builder, builder.gep(base, at))
            power = _exponential_or_zero(builder, builder.fmul(builder.fsub(value, top_), scale_))
            store(builder, power, builder.gep(y_, at))
            builder.store(
                builder.call(add, [FLOAT(-0.0), power], fastmath=("reassoc",)), builder.gep(sums_, [i])
            )
            return []

        loop(builder, args[1], [], body)
        return NOTHING

    return signature, code
