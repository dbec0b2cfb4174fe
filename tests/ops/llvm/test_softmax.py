"""The exponentials of a softmax against NumPy in float64."""

import numpy as np
import pytest
from numba import njit

from partita.ops.llvm.softmax import exponentials
from partita.sampling.weights import aligned_zeros


@njit
def _exponentials(x: int, vectors: int, top: np.float32, scale: np.float32, out: int, sums: int) -> None:
    exponentials(x, vectors, top, scale, out, sums)


def computed(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the values as float32, their exponentials, and the sum of each 16 exponentials."""
    vectors = len(values) // 16
    x, out, sums = aligned_zeros(len(values)), aligned_zeros(len(values)), aligned_zeros(vectors)
    x[:] = values
    _exponentials(x.ctypes.data, vectors, np.float32(0), np.float32(1), out.ctypes.data, sums.ctypes.data)
    return x, out, sums


def test_exponentials_and_sums_are_within_their_error() -> None:
    x, out, sums = computed(np.linspace(-86.9, 0.0, 16 * 500))
    exact = np.exp(x.astype(np.float64))
    assert np.abs(out / exact - 1).max() < 1e-7
    np.testing.assert_allclose(sums, out.reshape(500, 16).sum(1), rtol=1e-6)


def test_the_exponential_of_the_largest_is_exactly_1() -> None:
    _, out, _ = computed(np.zeros(16))
    assert (out == 1).all()


@pytest.mark.parametrize("x", [-87.1, -88.0, -1e3, -1e30, -np.inf])
def test_exponentials_below_the_least_are_exactly_0(x: float) -> None:
    _, out, sums = computed(np.full(16, x))
    assert (out == 0).all() and sums[0] == 0


def test_nan_has_the_mass_of_the_largest() -> None:
    """A class always has a mass, so that the choice of one ends."""
    _, out, _ = computed(np.full(16, np.nan))
    assert (out == 1).all()
