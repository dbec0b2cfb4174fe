"""The compiled vector functions against NumPy in float64, at the error that their texts state."""

import numpy as np
from numba import njit

from partita.ops.llvm.activation import gate_product
from partita.ops.llvm.softmax import exponentials
from partita.sampling.cpu.packing import aligned_zeros


@njit
def gates(filter_half: int, gate_half: int, out: int, vectors: int) -> None:
    for i in range(vectors):
        gate_product((filter_half + 64 * i, gate_half + 64 * i, out + 64 * i))


@njit
def powers(x: int, vectors: int, top: np.float32, scale: np.float32, out: int, sums: int) -> None:
    exponentials(x, vectors, top, scale, out, sums)


def filled(values: np.ndarray) -> np.ndarray:
    array = aligned_zeros(len(values))
    array[:] = values
    return array


def test_the_gate_is_within_its_error() -> None:
    grid = np.concatenate([np.linspace(-12, 12, 199), [0.0, 1e-30, -1e-30, 1e4, -1e4, 3e38, -3e38]])
    a, b = (axis.ravel() for axis in np.meshgrid(grid, grid))
    a, b = np.pad(a, (0, -len(a) % 16)), np.pad(b, (0, -len(b) % 16))
    x, y, out = filled(a), filled(b), aligned_zeros(len(a))
    gates(x.ctypes.data, y.ctypes.data, out.ctypes.data, len(a) // 16)
    exact = np.tanh(x.astype(np.float64)) * (0.5 + 0.5 * np.tanh(y.astype(np.float64)))
    assert np.abs(out - exact).max() < 1e-6


def test_the_exponential_is_within_its_error() -> None:
    x = filled(np.linspace(-86.9, 0.0, 16 * 500))
    out, sums = aligned_zeros(len(x)), aligned_zeros(512)
    powers(x.ctypes.data, 500, np.float32(0), np.float32(1), out.ctypes.data, sums.ctypes.data)
    exact = np.exp(x.astype(np.float64))
    assert np.abs(out / exact - 1).max() < 1e-6
    np.testing.assert_allclose(sums[:500], out.reshape(500, 16).sum(1), rtol=1e-6)


def test_what_is_too_small_is_exactly_nothing() -> None:
    x = filled(np.array([-87.1, -88.0, -1e3, -1e30] * 4))
    out, sums = aligned_zeros(16), aligned_zeros(16)
    powers(x.ctypes.data, 1, np.float32(0), np.float32(1), out.ctypes.data, sums.ctypes.data)
    assert (out == 0).all()
    assert sums[0] == 0
