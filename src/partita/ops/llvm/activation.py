"""The exponential and the gated unit, tanh * sigmoid, on 16 floats at a time inside compiled functions.

Training and the sampler use the same exponential and the same gated unit. The error of the exponential is
below 1e-7 of its value. The errors of tanh, sigmoid and their product are below 3e-7, and below 3.5e-7 of the
value for gates above -30. The functions emit code with an `ir.IRBuilder`; `gate`, `gate_gradient` and
`gate_product` are intrinsics that take addresses. This file does not know where the numbers come from.
"""

from typing import Any

from llvmlite import ir

from partita.ops.llvm.vector import (
    INT,
    VECTOR,
    WIDTH,
    WORDS,
    Value,
    clamp_or_nan,
    constant,
    fma,
    load_vector,
    operation,
    store_vector,
)

# exp(r) = 1 + r + r^2 P(r) for |r| <= ln(2) / 2: P is a minimax fit for the relative error, which is 3.8e-9
EXP_FIT = (0.49999994, 0.16666521, 0.041668389, 0.0083687166, 0.0013814599)
LOG2_E = 1.4426950408889634
LN2_HIGH = 0.693359375  # 10 bits, so whole multiples of it are exact
LN2_LOW = -2.12194440054690583e-4

# Adding this number to x rounds x to a whole number n. The lowest bits of the sum are those of n + 127,
# which is the exponent of the float 2^n.
ROUNDING_SHIFT = 1.5 * 2.0**23 + 127.0

TANH_END = 9.0  # tanh(9) is 1 - 3e-8, which rounds to 1
SIGMOID_END = 30.0


def _exponential_parts(builder: ir.IRBuilder, x: Value, scale: float) -> tuple[Value, Value]:
    """Emit p, a power of two, and q with exp(scale * x) = p + p q and |q| < 0.42; NaN gives NaN.

    `scale` is plus or minus a power of two, and scale * x lies in [-87, 87].
    """
    shifted = fma(builder, x, constant(scale * LOG2_E), constant(ROUNDING_SHIFT))
    minus_n = builder.fsub(constant(ROUNDING_SHIFT), shifted)
    r = fma(builder, minus_n, constant(LN2_HIGH), builder.fmul(x, constant(scale)))
    r = fma(builder, minus_n, constant(LN2_LOW), r)
    square = builder.fmul(r, r)  # Estrin's scheme: its chain of operations is shorter than Horner's
    low = fma(builder, r, constant(EXP_FIT[1]), constant(EXP_FIT[0]))
    high = fma(builder, r, constant(EXP_FIT[3]), constant(EXP_FIT[2]))
    high = fma(builder, square, constant(EXP_FIT[4]), high)
    q = fma(builder, fma(builder, high, square, low), square, r)
    bits = builder.shl(builder.bitcast(shifted, WORDS), ir.Constant(WORDS, [23] * WIDTH))
    return builder.bitcast(bits, VECTOR), q


def exponential(builder: ir.IRBuilder, x: Value, scale: float = 1.0) -> Value:
    """Emit exp(scale * x), within 1e-7 of the value; NaN gives NaN.

    `scale` is plus or minus a power of two, and scale * x lies in [-87, 87].
    """
    p, q = _exponential_parts(builder, x, scale)
    return fma(builder, p, q, p)


def gate_values(builder: ir.IRBuilder, filters: Value, gates: Value) -> tuple[Value, Value, Value]:
    """Emit tanh of one vector, sigmoid of another, and their product.

    tanh(a) = (exp(2 a) - 1) / (exp(2 a) + 1);  sigmoid(b) = 1 / (exp(-b) + 1)

    NaN gives NaN.
    """
    one = constant(1.0)
    a = clamp_or_nan(builder, filters, -TANH_END, TANH_END)
    b = clamp_or_nan(builder, gates, -SIGMOID_END, SIGMOID_END)
    p, q = _exponential_parts(builder, a, 2.0)
    numerator = fma(builder, p, q, builder.fsub(p, one))  # near 0 it is q: no digits cancel
    tanh_denominator = builder.fadd(numerator, constant(2.0))
    sigmoid_denominator = builder.fadd(exponential(builder, b, -1.0), one)
    tanh = builder.fdiv(numerator, tanh_denominator)
    sigmoid = builder.fdiv(one, sigmoid_denominator)
    return tanh, sigmoid, builder.fmul(tanh, sigmoid)


def gate_slopes(builder: ir.IRBuilder, tanh: Value, sigmoid: Value, gradient: Value) -> tuple[Value, Value]:
    """Emit the gradients of filter and gate from tanh, sigmoid and the gradient of their product.

    d filter = d * sigmoid * (1 - tanh^2);  d gate = d * tanh * sigmoid * (1 - sigmoid)
    """
    one, weighted = constant(1.0), builder.fmul(gradient, sigmoid)
    slope = builder.fsub(one, builder.fmul(tanh, tanh))
    rest = builder.fmul(tanh, builder.fsub(one, sigmoid))
    return builder.fmul(weighted, slope), builder.fmul(weighted, rest)


def _emit_gate(
    builder: ir.IRBuilder, filters: Value, gates: Value, tanh: Value, sigmoid: Value, product: Value
) -> None:
    values = gate_values(builder, load_vector(builder, filters, INT(0)), load_vector(builder, gates, INT(0)))
    for value, address in zip(values, (tanh, sigmoid, product), strict=True):
        store_vector(builder, value, address, INT(0))


def _emit_gate_gradient(
    builder: ir.IRBuilder, tanh_address: Value, sigmoid_address: Value, gradient: Value, product: Value
) -> None:
    tanh, sigmoid, upstream = (
        load_vector(builder, address, INT(0)) for address in (tanh_address, sigmoid_address, gradient)
    )
    values = (*gate_slopes(builder, tanh, sigmoid, upstream), builder.fmul(tanh, sigmoid))
    for value, address in zip(values, (tanh_address, sigmoid_address, product), strict=True):
        store_vector(builder, value, address, INT(0))


def _emit_gate_product(builder: ir.IRBuilder, filters: Value, gates: Value, product: Value) -> None:
    values = gate_values(builder, load_vector(builder, filters, INT(0)), load_vector(builder, gates, INT(0)))
    store_vector(builder, values[2], product, INT(0))


gate: Any = operation(_emit_gate)
"""Write tanh, sigmoid and their product for 16 units: (filters, gates, tanh, sigmoid, product).

The outputs may lie where the inputs do.
"""

gate_gradient: Any = operation(_emit_gate_gradient)
"""Replace 16 tanh and sigmoid by the gradients of what they were computed from; write tanh * sigmoid.

The addresses: (tanh, sigmoid, gradient of the product, product).
"""

gate_product: Any = operation(_emit_gate_product)
"""Write tanh * sigmoid for 16 units, the same numbers as `gate`: (filters, gates, product)."""
