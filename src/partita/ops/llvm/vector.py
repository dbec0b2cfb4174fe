"""Vectors of 16 floats in LLVM's intermediate representation: loads, stores, arithmetic and loops.

LLVM splits a vector where the machine's are shorter, so the same code runs on AVX-512, AVX2 and NEON. Every
function here emits code with an `ir.IRBuilder`; `operation` makes an intrinsic of such a function, which
compiled functions can call. An address is an int64, in bytes. This file does not know what is computed.
"""

from collections.abc import Callable, Sequence
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

WIDTH = 16
"""Floats of a vector."""

FLOAT = ir.FloatType()
INT = ir.IntType(64)
WORD = ir.IntType(32)
VECTOR = ir.VectorType(FLOAT, WIDTH)
WORDS = ir.VectorType(WORD, WIDTH)
NOTHING = ir.Constant(ir.IntType(8).as_pointer(), None)

Value = Any
Code = Callable[[Any, ir.IRBuilder, Any, Sequence[Value]], Value]


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


def broadcast(builder: Any, scalar: Any) -> Any:
    """Return a vector that holds a float, or a pair, in every place."""
    nothing = ir.Constant(ir.VectorType(scalar.type, WIDTH), ir.Undefined)
    one = builder.insert_element(nothing, scalar, ir.IntType(32)(0))
    return builder.shuffle_vector(one, nothing, ir.Constant(WORDS, [0] * WIDTH))


def constant(value: float) -> Any:
    """Return a vector constant with one value in every place."""
    return ir.Constant(VECTOR, [value] * WIDTH)


def call(builder: ir.IRBuilder, name: str, result: Any, *args: Value) -> Value:
    """Call one of LLVM's own functions."""
    kind = ir.FunctionType(result, [arg.type for arg in args])
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), args)


def vector_call(builder: Any, name: str, operands: list[Any]) -> Any:
    """Call an LLVM intrinsic on whole vectors, for example `llvm.fma.v16f32`."""
    kind = ir.FunctionType(VECTOR, [VECTOR] * len(operands))
    function = cgutils.get_or_insert_function(builder.module, kind, f"llvm.{name}.v{WIDTH}f32")
    return builder.call(function, operands)


def fma(builder: ir.IRBuilder, a: Value, b: Value, c: Value) -> Value:
    """Return a b + c, rounded once."""
    return vector_call(builder, "fma", [a, b, c])


def clamp(builder: ir.IRBuilder, x: Value, low: float, high: float) -> Value:
    """Return x, or the nearer end where it lies outside [low, high]; NaN gives `high`."""
    x = builder.select(builder.fcmp_ordered("<", x, constant(high)), x, constant(high))
    return builder.select(builder.fcmp_ordered(">", x, constant(low)), x, constant(low))


def clamp_or_nan(builder: ir.IRBuilder, x: Value, low: float, high: float) -> Value:
    """Return x, or the nearer end where it lies outside [low, high]; NaN stays NaN."""
    x = builder.select(builder.fcmp_ordered(">", constant(low), x), constant(low), x)
    return builder.select(builder.fcmp_ordered("<", constant(high), x), constant(high), x)


def polynomial(builder: ir.IRBuilder, x: Value, coefficients: Sequence[float]) -> Value:
    """Return the sum of coefficients[i] * x^i, by Horner's rule."""
    total = constant(coefficients[-1])
    for coefficient in reversed(coefficients[:-1]):
        total = fma(builder, total, x, constant(coefficient))
    return total


def at(builder: Any, address: Any, floats: Any, kind: Any) -> Any:
    """Return a pointer of a kind to `address` plus a number of floats."""
    return builder.inttoptr(builder.add(address, builder.shl(floats, INT(2))), kind.as_pointer())


def load_vector(builder: Any, address: Any, floats: Any, kind: Any = VECTOR) -> Any:
    """Load a vector from `address` plus a number of floats, at any alignment of a float."""
    return builder.load(at(builder, address, floats, kind), align=4)


def store_vector(builder: Any, vector: Any, address: Any, floats: Any) -> None:
    """Store a vector to `address` plus a number of floats."""
    builder.store(vector, at(builder, address, floats, VECTOR), align=4)


def pointer(builder: ir.IRBuilder, address: Value) -> Value:
    """Return an address, a whole number of bytes, as a pointer to floats."""
    return builder.inttoptr(address, FLOAT.as_pointer())


def load(builder: ir.IRBuilder, address: Value, *, align: int = 4) -> Value:
    """Load 16 floats from a pointer to the first."""
    return builder.load(builder.bitcast(address, VECTOR.as_pointer()), align=align)


def store(builder: ir.IRBuilder, vector: Value, address: Value, *, align: int = 4) -> None:
    """Store 16 floats at a pointer to the first."""
    builder.store(vector, builder.bitcast(address, VECTOR.as_pointer()), align=align)


def loop(
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


def operation(emit: Callable[..., None]) -> Callable[[tuple[int, ...]], None]:
    """Return an intrinsic of `emit(builder, *addresses)`, to be called with a tuple of addresses."""

    @intrinsic
    def operate(typingctx: Any, addresses: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            emit(builder, *cgutils.unpack_tuple(builder, arguments[0], len(addresses)))
            return context.get_dummy_value()

        return types.void(types.UniTuple(types.int64, len(addresses))), generate

    made: Callable[[tuple[int, ...]], None] = operate
    return made
