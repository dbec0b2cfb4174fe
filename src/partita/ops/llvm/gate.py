"""The gated activation unit and its gradient on 16 floats at a time, inside compiled loops.

tanh(f) * sigmoid(g) by two exponentials and one division. 2^x is split into a whole part, which becomes the
exponent's bits, and a fraction in [-1/2, 1/2], whose power is a polynomial through Chebyshev points; the
absolute error of tanh and sigmoid stays under 3e-7 (tested). This file does not know where the numbers come
from.
"""

import math
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from partita.ops.llvm.matmul import WIDTH, constant, load_vector, store_vector, vector_call

_WHOLE = ir.VectorType(ir.IntType(32), WIDTH)
_POWER = np.polynomial.Chebyshev.interpolate(lambda x: 2.0 ** np.asarray(x), 6, domain=[-0.5, 0.5])
_COEFFICIENTS = [float(c) for c in _POWER.convert(kind=np.polynomial.Polynomial).coef]


def exponential(builder: Any, x: Any, scale: float, limit: float) -> Any:
    """Emit exp(scale * x) for a vector, with x clamped to [-limit, limit] first; NaN stays NaN."""
    for end, beyond in ((-limit, ">"), (limit, "<")):  # so that what is not a number stays none
        x = builder.select(builder.fcmp_ordered(beyond, constant(end), x), constant(end), x)
    x = builder.fmul(x, constant(scale / math.log(2.0)))
    whole = vector_call(builder, "rint", [x])
    fraction = builder.fsub(x, whole)
    power = constant(_COEFFICIENTS[-1])
    for coefficient in reversed(_COEFFICIENTS[:-1]):
        power = vector_call(builder, "fma", [power, fraction, constant(coefficient)])
    exponent = builder.add(builder.fptosi(whole, _WHOLE), ir.Constant(_WHOLE, [127] * WIDTH))
    bits = builder.shl(exponent, ir.Constant(_WHOLE, [23] * WIDTH))
    return builder.fmul(power, builder.bitcast(bits, power.type))


def gate_values(builder: Any, filters: Any, gates: Any) -> tuple[Any, Any, Any]:
    """Emit tanh of one vector, sigmoid of another, and their product."""
    one = constant(1.0)
    grown = exponential(builder, filters, 2.0, 9.0)
    shrunk = exponential(builder, gates, -1.0, 30.0)
    above, below = builder.fadd(grown, one), builder.fadd(shrunk, one)
    shared = builder.fdiv(one, builder.fmul(above, below))
    tanh = builder.fmul(builder.fmul(builder.fsub(grown, one), below), shared)
    sigmoid = builder.fmul(above, shared)
    return tanh, sigmoid, builder.fmul(tanh, sigmoid)


def gate_slopes(builder: Any, tanh: Any, sigmoid: Any, gradient: Any) -> tuple[Any, Any]:
    """Emit the gradients of filter and gate from tanh, sigmoid and the gradient of their product.

    d filter = d * sigmoid * (1 - tanh^2);  d gate = d * tanh * sigmoid * (1 - sigmoid)
    """
    one, weighted = constant(1.0), builder.fmul(gradient, sigmoid)
    slope = builder.fsub(one, builder.fmul(tanh, tanh))
    rest = builder.fmul(tanh, builder.fsub(one, sigmoid))
    return builder.fmul(weighted, slope), builder.fmul(weighted, rest)


def _emit_gate(builder: Any, filter_address: Any, gate_address: Any, out: Any) -> None:
    zero = ir.IntType(64)(0)
    filters, gates = load_vector(builder, filter_address, zero), load_vector(builder, gate_address, zero)
    values = gate_values(builder, filters, gates)
    for value, address in zip(values, (filter_address, gate_address, out), strict=True):
        store_vector(builder, value, address, zero)


def _emit_gate_gradient(builder: Any, tanh_address: Any, sigmoid_address: Any, gradient: Any) -> None:
    zero = ir.IntType(64)(0)
    places = (tanh_address, sigmoid_address, gradient)
    slopes = gate_slopes(builder, *(load_vector(builder, place, zero) for place in places))
    for slope, address in zip(slopes, places[:2], strict=True):
        store_vector(builder, slope, address, zero)


@intrinsic
def gate(typingctx: Any, filter_address: Any, gate_address: Any, out: Any) -> Any:
    """Replace 16 filter values by their tanh and 16 gate values by their sigmoid, and write the products to
    `out`.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        _emit_gate(builder, *arguments)
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.int64), generate


@intrinsic
def gate_gradient(typingctx: Any, tanh_address: Any, sigmoid_address: Any, gradient: Any) -> Any:
    """Replace 16 tanh and sigmoid values by the gradients of what they were made of, given the product's
    gradient.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        _emit_gate_gradient(builder, *arguments)
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.int64), generate
