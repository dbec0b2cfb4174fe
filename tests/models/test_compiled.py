"""The compiled building blocks against NumPy, at every remainder of their blocking."""

import numpy as np
import pytest
from numba import njit

from partita.models.barrier import wait_for_all
from partita.models.gates import gate, gate_gradient
from partita.models.stack_fused import _together
from partita.models.tiles import multiply


def address(array: np.ndarray) -> int:
    return int(array.ctypes.data)


@pytest.mark.parametrize("rows", [1, 7, 8, 9, 17])
@pytest.mark.parametrize("columns", [16, 32, 48])
@pytest.mark.parametrize("depth", [0, 1, 5, 64])
def test_multiply_adds_a_product(rows: int, columns: int, depth: int) -> None:
    rng = np.random.default_rng(0)
    a, b = (rng.standard_normal(shape).astype(np.float32) for shape in ((rows, depth), (depth, columns)))
    start = rng.standard_normal((rows, columns + 3)).astype(np.float32)
    for left, strides in ((a, (max(depth, 1), 1)), (np.ascontiguousarray(a.T), (1, rows))):
        c = start.copy()
        multiply(address(left), *strides, address(b), columns, address(c), columns + 3, rows, columns, depth)
        np.testing.assert_allclose(c[:, :columns], start[:, :columns] + a @ b, atol=2e-5)
        np.testing.assert_array_equal(c[:, columns:], start[:, columns:])


@njit
def _gate(filters: int, gates: int, out: int) -> None:
    gate(filters, gates, out)


@njit
def _gate_gradient(tanh: int, sigmoid: int, gradient: int) -> None:
    gate_gradient(tanh, sigmoid, gradient)


def test_gate_is_tanh_times_sigmoid_within_the_stated_error() -> None:
    grid = np.linspace(-40.0, 40.0, 20_001, dtype=np.float32)[:20_000].reshape(-1, 16)
    worst = 0.0
    for row in grid:
        filters, gates, out = row.copy(), row[::-1].copy(), np.empty(16, np.float32)
        tanh, sigmoid = np.tanh(filters.astype(np.float64)), 1 / (1 + np.exp(-gates.astype(np.float64)))
        _gate(address(filters), address(gates), address(out))
        for ours, exact in ((filters, tanh), (gates, sigmoid), (out, tanh * sigmoid)):
            worst = max(worst, float(np.abs(ours - exact).max()))
    assert worst < 3e-7


def test_gate_gradient_is_the_derivative() -> None:
    rng = np.random.default_rng(1)
    filters, gates, upstream = rng.standard_normal((3, 16))
    tanh, sigmoid = np.tanh(filters), 1 / (1 + np.exp(-gates))
    first, second = tanh.astype(np.float32), sigmoid.astype(np.float32)
    down = upstream.astype(np.float32)
    _gate_gradient(address(first), address(second), address(down))
    np.testing.assert_allclose(first, upstream * sigmoid * (1 - tanh**2), atol=1e-6)
    np.testing.assert_allclose(second, upstream * tanh * sigmoid * (1 - sigmoid), atol=1e-6)


def test_no_thread_waits_for_one_that_failed() -> None:
    def work(thread: int, barrier: int) -> None:
        if thread == 0:
            raise KeyboardInterrupt
        wait_for_all(barrier, 2)

    with pytest.raises(KeyboardInterrupt):
        _together(work, 2)
