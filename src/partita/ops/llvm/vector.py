"""Vector instructions for the compiled sampler, written straight into LLVM's intermediate form.

A vector has 16 floats: LLVM cuts it to the machine's width, and so the same code
runs on AVX-512, AVX2 and NEON. Float32 arrays are given by the address of a float, a whole number: an array
object handed on costs a reference count each time. This file does not know networks.
"""

from collections.abc import Callable, Sequence
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from partita.ops.llvm.matmul import WIDTH, broadcast, constant, vector_call

FLOAT = ir.FloatType()
INT = ir.IntType(64)
WORD = ir.IntType(32)
VECTOR = ir.VectorType(FLOAT, WIDTH)
WORDS = ir.VectorType(WORD, WIDTH)
NOTHING = ir.Constant(ir.IntType(8).as_pointer(), None)

# tanh(x) = x P(x^2) / Q(x^2) on [-8.5, 8.5], a minimax fit: off by 1.1e-8 exactly, 3.5e-7 in float32. Beyond,
# tanh is 1 - 8.3e-8 at the least.
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


def call(builder: ir.IRBuilder, name: str, result: Any, *args: Value) -> Value:
    """Call one of LLVM's own functions."""
    kind = ir.FunctionType(result, [arg.type for arg in args])
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), args)


def fma(builder: ir.IRBuilder, a: Value, b: Value, c: Value) -> Value:
    """Return a b + c, rounded once."""
    return vector_call(builder, "fma", [a, b, c])


def clamp(builder: ir.IRBuilder, x: Value, low: float, high: float) -> Value:
    """Return x, or the nearer end where it lies outside [low, high]."""
    x = builder.select(builder.fcmp_ordered("<", x, constant(high)), x, constant(high))
    return builder.select(builder.fcmp_ordered(">", x, constant(low)), x, constant(low))


def polynomial(builder: ir.IRBuilder, x: Value, coefficients: Sequence[float]) -> Value:
    """Return the sum of coefficients[i] * x^i, by Horner's rule."""
    total = constant(coefficients[-1])
    for coefficient in reversed(coefficients[:-1]):
        total = fma(builder, total, x, constant(coefficient))
    return total


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
    """Return an intrinsic of `emit(builder, *addresses)`; compiled code calls it with a tuple of addresses."""

    @intrinsic
    def operate(typingctx: Any, addresses: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            emit(builder, *cgutils.unpack_tuple(builder, arguments[0], len(addresses)))
            return context.get_dummy_value()

        return types.void(types.UniTuple(types.int64, len(addresses))), generate

    made: Callable[[tuple[int, ...]], None] = operate
    return made


@intrinsic
def gate(_: Any, filter_half: Any, gate_half: Any, g: Any) -> tuple[Any, Code]:
    """Store tanh(a) * sigmoid(2 b) for 16 units, all three by address; off by less than 1e-6.

    sigmoid(2 b) = (1 + tanh(b)) / 2, and both quotients share one division.
    """
    signature = types.void(types.int64, types.int64, types.int64)

    def code(_: Any, builder: ir.IRBuilder, __: Any, args: Sequence[Value]) -> Value:
        over, under = [], []
        for address in args[:2]:
            x = clamp(builder, load(builder, pointer(builder, address)), -TANH_END, TANH_END)
            square = builder.fmul(x, x)
            over.append(builder.fmul(x, polynomial(builder, square, TANH_OVER)))
            under.append(polynomial(builder, square, TANH_UNDER))
        top = builder.fmul(builder.fmul(over[0], constant(0.5)), builder.fadd(under[1], over[1]))
        result = builder.fdiv(top, builder.fmul(under[0], under[1]))
        store(builder, result, pointer(builder, args[2]))
        return NOTHING

    return signature, code


@intrinsic
def copy(_: Any, source: Any, target: Any, vectors: Any) -> tuple[Any, Code]:
    """Copy 16 * `vectors` floats from one address to another."""
    signature = types.void(types.int64, types.int64, types.int64)

    def code(_: Any, builder: ir.IRBuilder, __: Any, args: Sequence[Value]) -> Value:
        source_, target_ = (pointer(builder, address) for address in args[:2])

        def body(i: Value, _: list[Value]) -> list[Value]:
            at = [builder.mul(i, INT(WIDTH))]
            store(builder, load(builder, builder.gep(source_, at)), builder.gep(target_, at))
            return []

        loop(builder, args[2], [], body)
        return NOTHING

    return signature, code


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

    Off by less than 1e-6 of the value, plus what the product's rounding makes of it; below exp(-87) it is
    exactly 0.
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
            power = exponential(builder, builder.fmul(builder.fsub(value, top_), scale_))
            store(builder, power, builder.gep(y_, at))
            builder.store(
                builder.call(add, [FLOAT(-0.0), power], fastmath=("reassoc",)), builder.gep(sums_, [i])
            )
            return []

        loop(builder, args[1], [], body)
        return NOTHING

    return signature, code


def exponential(builder: ir.IRBuilder, x: Value) -> Value:
    """Return exp(x) for x <= 0: 2^n * exp(r), where n is whole and r small."""
    vanishes = builder.fcmp_ordered("<", x, constant(EXP_LEAST))
    x = clamp(builder, x, EXP_LEAST, 0.0)
    whole = call(builder, "llvm.rint.v16f32", VECTOR, builder.fmul(x, constant(LOG2_E)))
    rest = fma(builder, whole, constant(-LN2_HIGH), x)
    rest = fma(builder, whole, constant(-LN2_LOW), rest)
    power = polynomial(builder, rest, EXP_SERIES)
    exponent = builder.add(builder.fptosi(whole, WORDS), ir.Constant(WORDS, [127] * WIDTH))
    two = builder.bitcast(builder.shl(exponent, ir.Constant(WORDS, [23] * WIDTH)), VECTOR)
    return builder.select(vanishes, constant(0.0), builder.fmul(power, two))
