"""Exponentials and the gated activation unit, on 16 floats at a time inside compiled functions.

Training needs tanh, sigmoid and their product, within 3e-7; the sampler needs only the product, within 1e-6,
and exponentials within 1e-6 of the value. The functions emit code with an `ir.IRBuilder`; `gate`,
`gate_gradient` and `gate_product` are intrinsics that take addresses. This file does not know where the
numbers come from.
"""

import math
from typing import Any

import numpy as np
from llvmlite import ir

from partita.ops.llvm.vector import (
    INT,
    VECTOR,
    WIDTH,
    WORDS,
    Value,
    clamp,
    constant,
    fma,
    load,
    load_vector,
    operation,
    pointer,
    polynomial,
    store,
    store_vector,
    vector_call,
)

# tanh(x) = x P(x^2) / Q(x^2) on [-8.5, 8.5], a minimax fit: within 1.1e-8 exactly, 3.5e-7 in float32. Beyond,
# tanh is at least 1 - 8.3e-8.
TANH_END = 8.5
TANH_NUMERATOR = (9.99999946e-01, 1.34062528e-01, 3.52587396e-03, 2.11224371e-05, 1.41003800e-08)
TANH_DENOMINATOR = (1.0, 4.67395642e-01, 2.59913457e-02, 3.33577834e-04, 8.07409778e-07)

# exp(r) on [-ln 2 / 2, ln 2 / 2], Taylor's series to the sixth power: within 1.3e-7 of the value
EXP_SERIES = (1.0, 1.0, 1 / 2, 1 / 6, 1 / 24, 1 / 120, 1 / 720)
LOG2_E = 1.4426950408889634
LN2_HIGH = 0.693359375
LN2_LOW = -2.12194440054690583e-4
EXP_LEAST = -87.0

# 2^r on [-1/2, 1/2], a polynomial through Chebyshev points
_FIT = np.polynomial.Chebyshev.interpolate(lambda x: 2.0 ** np.asarray(x), 6, domain=[-0.5, 0.5])
POWER_OF_TWO = [float(c) for c in _FIT.convert(kind=np.polynomial.Polynomial).coef]


def exponential(builder: ir.IRBuilder, x: Value) -> Value:
    """Emit exp(x) for x <= 0, within 1e-6 of the value; below exp(-87) it is exactly 0."""
    vanishes = builder.fcmp_ordered("<", x, constant(EXP_LEAST))
    x = clamp(builder, x, EXP_LEAST, 0.0)
    whole = vector_call(builder, "rint", [builder.fmul(x, constant(LOG2_E))])
    rest = fma(builder, whole, constant(-LN2_HIGH), x)
    rest = fma(builder, whole, constant(-LN2_LOW), rest)
    value = _times_power_of_two(builder, polynomial(builder, rest, EXP_SERIES), whole)
    return builder.select(vanishes, constant(0.0), value)


def bounded_exponential(builder: ir.IRBuilder, x: Value, scale: float, limit: float) -> Value:
    """Emit exp(scale * x), with x clamped to [-limit, limit] first; NaN stays NaN."""
    for end, beyond in ((-limit, ">"), (limit, "<")):  # in this order of operands NaN stays NaN
        x = builder.select(builder.fcmp_ordered(beyond, constant(end), x), constant(end), x)
    x = builder.fmul(x, constant(scale / math.log(2.0)))
    whole = vector_call(builder, "rint", [x])
    power = polynomial(builder, builder.fsub(x, whole), POWER_OF_TWO)
    return _times_power_of_two(builder, power, whole)


def _times_power_of_two(builder: ir.IRBuilder, x: Value, whole: Value) -> Value:
    """Emit x * 2^whole, for whole numbers in [-126, 127]."""
    exponent = builder.add(builder.fptosi(whole, WORDS), ir.Constant(WORDS, [127] * WIDTH))
    bits = builder.shl(exponent, ir.Constant(WORDS, [23] * WIDTH))
    return builder.fmul(x, builder.bitcast(bits, VECTOR))


def gate_values(builder: ir.IRBuilder, filters: Value, gates: Value) -> tuple[Value, Value, Value]:
    """Emit tanh of one vector, sigmoid of another, and their product: two exponentials, one division."""
    one = constant(1.0)
    grown = bounded_exponential(builder, filters, 2.0, 9.0)
    shrunk = bounded_exponential(builder, gates, -1.0, 30.0)
    above, below = builder.fadd(grown, one), builder.fadd(shrunk, one)
    shared = builder.fdiv(one, builder.fmul(above, below))
    tanh = builder.fmul(builder.fmul(builder.fsub(grown, one), below), shared)
    sigmoid = builder.fmul(above, shared)
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


def _emit_gate_product(builder: ir.IRBuilder, filters: Value, half_gates: Value, product: Value) -> None:
    """Emit tanh(a) * (1 + tanh(b)) / 2 with one division for both quotients."""
    over, under = [], []
    for address in (filters, half_gates):
        x = clamp(builder, load(builder, pointer(builder, address)), -TANH_END, TANH_END)
        square = builder.fmul(x, x)
        over.append(builder.fmul(x, polynomial(builder, square, TANH_NUMERATOR)))
        under.append(polynomial(builder, square, TANH_DENOMINATOR))
    top = builder.fmul(builder.fmul(over[0], constant(0.5)), builder.fadd(under[1], over[1]))
    result = builder.fdiv(top, builder.fmul(under[0], under[1]))
    store(builder, result, pointer(builder, product))


gate: Any = operation(_emit_gate)
"""Write tanh, sigmoid and their product for 16 units: (filters, gates, tanh, sigmoid, product).

The outputs may lie where the inputs do.
"""

gate_gradient: Any = operation(_emit_gate_gradient)
"""Replace 16 tanh and sigmoid by the gradients of what they were computed from; write tanh * sigmoid.

The addresses: (tanh, sigmoid, gradient of the product, product).
"""

gate_product: Any = operation(_emit_gate_product)
"""Write tanh(a) * sigmoid(2 b) for 16 units, within 1e-6: (a, b, product)."""
