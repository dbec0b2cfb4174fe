"""The exponential and the gated unit against NumPy in float64, at the errors that their docstrings state."""

from typing import Any

import numpy as np
import pytest
from numba import njit

from partita.ops.llvm.activation import exponential, gate, gate_gradient, gate_product
from partita.ops.llvm.vector import INT, load_vector, operation, store_vector
from partita.sampling.weights import aligned_zeros


def _emit_exponential(builder: Any, x: Any, out: Any) -> None:
    store_vector(builder, exponential(builder, load_vector(builder, x, INT(0))), out, INT(0))


_exponential16 = operation(_emit_exponential)


@njit
def _exponentials(x: int, out: int, vectors: int) -> None:
    for i in range(vectors):
        _exponential16((x + 64 * i, out + 64 * i))


@njit
def _gate(filters: int, gates: int, tanh: int, sigmoid: int, product: int, vectors: int) -> None:
    for i in range(vectors):
        gate((filters + 64 * i, gates + 64 * i, tanh + 64 * i, sigmoid + 64 * i, product + 64 * i))


@njit
def _gate_product(filters: int, gates: int, product: int, vectors: int) -> None:
    for i in range(vectors):
        gate_product((filters + 64 * i, gates + 64 * i, product + 64 * i))


@njit
def _gate_gradient(tanh: int, sigmoid: int, gradient: int, product: int) -> None:
    gate_gradient((tanh, sigmoid, gradient, product))


def address(array: np.ndarray) -> int:
    return int(array.ctypes.data)


def aligned(values: np.ndarray) -> np.ndarray:
    """Return the values as float32 that start at a multiple of 64 bytes, padded to whole vectors."""
    array = aligned_zeros(-(-len(values) // 16) * 16)
    array[: len(values)] = values
    return array


def computed_gates(filters: np.ndarray, gates: np.ndarray) -> list[np.ndarray]:
    """Return what `gate` writes: tanh, sigmoid and their product."""
    outputs = [np.empty_like(filters) for _ in range(3)]
    _gate(address(filters), address(gates), *map(address, outputs), len(filters) // 16)
    return outputs


def exact_gates(filters: np.ndarray, gates: np.ndarray) -> list[np.ndarray]:
    """Return tanh, sigmoid and their product in float64."""
    tanh, sigmoid = np.tanh(filters.astype(np.float64)), 1 / (1 + np.exp(-gates.astype(np.float64)))
    return [tanh, sigmoid, tanh * sigmoid]


def grid(end: float) -> tuple[np.ndarray, np.ndarray]:
    """Return all pairs of numbers in [-end, end], many of them near 0."""
    points = np.concatenate(
        [np.linspace(-end, end, 399), [0.0], *(s * np.geomspace(1e-30, 1, 100) for s in (1, -1))]
    )
    filters, gates = np.meshgrid(points, points)
    return aligned(filters.ravel()), aligned(gates.ravel())


def test_the_exponential_is_within_its_error() -> None:
    x = aligned(np.linspace(-87.0, 87.0, 200_000))
    out = np.empty_like(x)
    _exponentials(address(x), address(out), len(x) // 16)
    exact = np.exp(x.astype(np.float64))
    assert np.abs(out / exact - 1).max() < 1e-7
    assert (np.abs(out - exact) / np.spacing(exact.astype(np.float32))).max() < 1.1


@pytest.mark.parametrize("end", [0.1, 1.0, 8.0, 29.0])
def test_the_gate_is_within_its_error(end: float) -> None:
    filters, gates = grid(end)
    limits = (2e-7, 1e-7, 3e-7)
    ours, exact = computed_gates(filters, gates), exact_gates(filters, gates)
    for computed, value, limit in zip(ours, exact, limits, strict=True):
        error, magnitude = np.abs(computed - value), np.abs(value)
        assert error.max() < limit
        normal = magnitude > 1e-35  # subnormal numbers have fewer digits
        assert (error[normal] / magnitude[normal]).max() < 3.5e-7


def test_the_gate_is_within_its_error_for_large_numbers() -> None:
    ends = [40.0, 1e4, 3e38]
    filters, gates = (
        aligned(axis.ravel()) for axis in np.meshgrid(ends + [-end for end in ends], [*ends, -40.0])
    )
    for ours, exact in zip(computed_gates(filters, gates), exact_gates(filters, gates), strict=True):
        np.testing.assert_allclose(ours, exact, rtol=0, atol=3e-7)


def test_tanh_and_sigmoid_do_not_exceed_1() -> None:
    filters, gates = grid(40.0)
    for ours in computed_gates(filters, gates):
        assert np.abs(ours).max() <= 1.0


def test_gate_product_equals_what_gate_writes() -> None:
    filters, gates = grid(12.0)
    product = np.empty_like(filters)
    _gate_product(address(filters), address(gates), address(product), len(filters) // 16)
    tanh, sigmoid, expected = computed_gates(filters, gates)
    np.testing.assert_array_equal(product, expected)
    np.testing.assert_array_equal(product, tanh * sigmoid)


@pytest.mark.parametrize("in_filters", [True, False])
def test_the_gate_of_nan_is_nan(in_filters: bool) -> None:
    nan, ones = np.full(16, np.nan, np.float32), np.ones(16, np.float32)
    assert np.isnan(computed_gates(*((nan, ones) if in_filters else (ones, nan)))[2]).all()


def test_gate_gradient_is_the_derivative() -> None:
    rng = np.random.default_rng(1)
    filters, gates, upstream = rng.standard_normal((3, 16))
    tanh, sigmoid = np.tanh(filters), 1 / (1 + np.exp(-gates))
    first, second = tanh.astype(np.float32), sigmoid.astype(np.float32)
    down, product = upstream.astype(np.float32), np.empty(16, np.float32)
    _gate_gradient(address(first), address(second), address(down), address(product))
    np.testing.assert_allclose(first, upstream * sigmoid * (1 - tanh**2), atol=1e-6)
    np.testing.assert_allclose(second, upstream * tanh * sigmoid * (1 - sigmoid), atol=1e-6)
    np.testing.assert_allclose(product, tanh * sigmoid, atol=1e-6)
