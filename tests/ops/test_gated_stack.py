"""The compiled building blocks against NumPy, at every remainder of their blocking."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from numba import njit

from partita.ops.barrier import wait_for_all
from partita.ops.gated_stack.autograd import run_threads
from partita.ops.gated_stack.schedule import ThreadSlot
from partita.ops.llvm.activation import gate, gate_gradient
from partita.ops.llvm.bfloat16 import has_bfloat16_products, pack_row_pairs, to_bfloat16, to_float32
from partita.ops.llvm.matmul import multiply_add, multiply_add_bfloat16


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
        multiply_add(
            address(left), *strides, address(b), columns, address(c), columns + 3, rows, columns, depth
        )
        np.testing.assert_allclose(c[:, :columns], start[:, :columns] + a @ b, atol=2e-5)
        np.testing.assert_array_equal(c[:, columns:], start[:, columns:])


@pytest.mark.skipif(not has_bfloat16_products(), reason="the processor has no products of bfloat16 pairs")
@pytest.mark.parametrize("rows", [1, 8, 17])
@pytest.mark.parametrize("columns", [16, 48])
@pytest.mark.parametrize("depth", [0, 1, 32])
def test_multiply_pairs_adds_a_product_of_bfloat16(rows: int, columns: int, depth: int) -> None:
    random = torch.Generator().manual_seed(0)
    a = torch.randn(rows, 2 * depth, generator=random).bfloat16()
    b = torch.randn(2 * depth, columns, generator=random).bfloat16()
    packed = b.view(depth, 2, columns).mT.contiguous()
    start = torch.randn(rows, columns, generator=random)
    c, wanted = start.clone(), start.double() + a.double() @ b.double()
    places = (a.data_ptr(), depth, 1, packed.data_ptr(), columns, c.data_ptr(), columns)
    multiply_add_bfloat16(*places, rows, columns, depth)
    torch.testing.assert_close(c.double(), wanted, rtol=0, atol=2e-5)


@njit
def _through_halves(source: int, out: int, pairs: int, nothing: int, rows: int) -> None:
    to_bfloat16(source, 16, out, 16, rows, 16)
    pack_row_pairs(out, 16, nothing, pairs, rows, 16)
    to_float32(out, 16, source, 16, rows, 16)


@pytest.mark.skipif(not has_bfloat16_products(), reason="elsewhere rounding to bfloat16 needs a library call")
@pytest.mark.parametrize("rows", [1, 2, 5])
def test_rows_become_bfloat16_and_pairs_as_pytorch_rounds_them(rows: int) -> None:
    source = torch.randn(rows, 16, generator=torch.Generator().manual_seed(0))
    wanted = source.bfloat16()
    out, nothing = torch.empty_like(wanted), torch.zeros(16, dtype=torch.bfloat16)
    pairs = torch.empty((rows + 1) // 2, 16, 2, dtype=torch.bfloat16)
    _through_halves(source.data_ptr(), out.data_ptr(), pairs.data_ptr(), nothing.data_ptr(), rows)
    assert torch.equal(out, wanted) and torch.equal(source, wanted.float())
    even = torch.cat([wanted, nothing[None]])[: 2 * len(pairs)]
    assert torch.equal(pairs, even.view(-1, 2, 16).mT)


@njit
def _gate(filters: int, gates: int, out: int) -> None:
    gate((filters, gates, filters, gates, out))


@njit
def _gate_gradient(tanh: int, sigmoid: int, gradient: int, product: int) -> None:
    gate_gradient((tanh, sigmoid, gradient, product))


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
    down, product = upstream.astype(np.float32), np.empty(16, np.float32)
    _gate_gradient(address(first), address(second), address(down), address(product))
    np.testing.assert_allclose(first, upstream * sigmoid * (1 - tanh**2), atol=1e-6)
    np.testing.assert_allclose(second, upstream * tanh * sigmoid * (1 - sigmoid), atol=1e-6)
    np.testing.assert_allclose(product, tanh * sigmoid, atol=1e-6)


def test_no_thread_waits_for_one_that_failed() -> None:
    def work(slot: ThreadSlot) -> None:
        if slot.number == 0:
            raise KeyboardInterrupt
        wait_for_all(slot.barrier, 2)

    with pytest.raises(KeyboardInterrupt):
        run_threads(work, 2)


def test_no_thread_waits_for_one_that_was_never_started(monkeypatch: pytest.MonkeyPatch) -> None:
    # regression: threads that had started waited for ever, and the program with them
    submit, calls = ThreadPoolExecutor.submit, []

    def fail_the_second_time(pool: ThreadPoolExecutor, *work: object) -> object:
        calls.append(work)
        if len(calls) == 2:
            raise RuntimeError("can't start new thread")
        return submit(pool, *work)  # type: ignore[arg-type]

    monkeypatch.setattr(ThreadPoolExecutor, "submit", fail_the_second_time)
    with pytest.raises(RuntimeError, match="can't start"):
        run_threads(lambda slot: wait_for_all(slot.barrier, 3), 3)
