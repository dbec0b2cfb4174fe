"""The compiled building blocks against NumPy, at every remainder of their blocking."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from numba import njit

from partita.ops.barrier import wait_for_all
from partita.ops.gated_stack.autograd import run_threads
from partita.ops.gated_stack.schedule import ThreadSlot
from partita.ops.llvm.bfloat16 import has_bfloat16_products, pack_row_pairs, to_bfloat16, to_float32
from partita.ops.llvm.matmul import multiply_add, multiply_add_bfloat16


def address(array: np.ndarray) -> int:
    return int(array.ctypes.data)


@pytest.mark.parametrize("rows", [1, 7, 8, 9, 17])
@pytest.mark.parametrize("columns", [16, 32, 48])
@pytest.mark.parametrize("depth", [0, 1, 5, 64])
def test_multiply_add_adds_the_product(rows: int, columns: int, depth: int) -> None:
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
def test_multiply_add_bfloat16_adds_the_product(rows: int, columns: int, depth: int) -> None:
    generator = torch.Generator().manual_seed(0)
    a = torch.randn(rows, 2 * depth, generator=generator).bfloat16()
    b = torch.randn(2 * depth, columns, generator=generator).bfloat16()
    packed = b.view(depth, 2, columns).mT.contiguous()
    start = torch.randn(rows, columns, generator=generator)
    c, expected = start.clone(), start.double() + a.double() @ b.double()
    arguments = (a.data_ptr(), depth, 1, packed.data_ptr(), columns, c.data_ptr(), columns)
    multiply_add_bfloat16(*arguments, rows, columns, depth)
    torch.testing.assert_close(c.double(), expected, rtol=0, atol=2e-5)


@njit
def _round_pack_and_widen(source: int, out: int, pairs: int, zeros: int, rows: int) -> None:
    to_bfloat16(source, 16, out, 16, rows, 16)
    pack_row_pairs(out, 16, zeros, pairs, rows, 16)
    to_float32(out, 16, source, 16, rows, 16)


@pytest.mark.skipif(
    not has_bfloat16_products(), reason="rounding to bfloat16 needs a library call on other processors"
)
@pytest.mark.parametrize("rows", [1, 2, 5])
def test_rounding_to_bfloat16_and_packing_pairs_equal_pytorch(rows: int) -> None:
    source = torch.randn(rows, 16, generator=torch.Generator().manual_seed(0))
    expected = source.bfloat16()
    out, zeros = torch.empty_like(expected), torch.zeros(16, dtype=torch.bfloat16)
    pairs = torch.empty((rows + 1) // 2, 16, 2, dtype=torch.bfloat16)
    _round_pack_and_widen(source.data_ptr(), out.data_ptr(), pairs.data_ptr(), zeros.data_ptr(), rows)
    assert torch.equal(out, expected) and torch.equal(source, expected.float())
    even = torch.cat([expected, zeros[None]])[: 2 * len(pairs)]
    assert torch.equal(pairs, even.view(-1, 2, 16).mT)


def test_a_failing_thread_releases_the_others_from_the_barrier() -> None:
    def work(slot: ThreadSlot) -> None:
        if slot.number == 0:
            raise KeyboardInterrupt
        wait_for_all(slot.barrier, 2)

    with pytest.raises(KeyboardInterrupt):
        run_threads(work, 2)


def test_a_thread_that_cannot_start_releases_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    # regression: threads that had started waited at the barrier for ever
    submit, calls = ThreadPoolExecutor.submit, []

    def fail_the_second_time(pool: ThreadPoolExecutor, *work: object) -> object:
        calls.append(work)
        if len(calls) == 2:
            raise RuntimeError("can't start new thread")
        return submit(pool, *work)  # type: ignore[arg-type]

    monkeypatch.setattr(ThreadPoolExecutor, "submit", fail_the_second_time)
    with pytest.raises(RuntimeError, match="can't start"):
        run_threads(lambda slot: wait_for_all(slot.barrier, 3), 3)
