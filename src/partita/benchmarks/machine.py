"""What the machine can do: the rate of its matrix product and the bandwidth of re-reading a buffer.

Every speed in this project is quoted as a share of these, measured in the same run on the same threads, so
that numbers from different machines can be laid side by side. This file does not know any network.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import torch

SIDES = (1024, 2048, 4096)
REPEATS = 5


@contextmanager
def thread_limit(threads: int) -> Iterator[None]:
    """Let PyTorch use so many threads inside the block, and as many as before after it.

    >>> before = torch.get_num_threads()
    >>> with thread_limit(1): print(torch.get_num_threads())
    1
    >>> torch.get_num_threads() == before
    True
    """
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def matrix_rate(
    dtype: torch.dtype,
    threads: int,
    device: str | torch.device = "cpu",
    *,
    sides: tuple[int, ...] = SIDES,
    repeats: int = REPEATS,
) -> float:
    """Return the rate of the square matrix product: the best of `repeats` products of each side.

    Args:
        dtype: of both factors and of the product.
        threads: CPU threads; plays no part on another device.
        device: where.
        sides: rows of the square matrices.
        repeats: products of each side, after one to warm up.

    Returns:
        2 * side^3 / seconds of the best product, in operations a second.

    >>> matrix_rate(torch.float32, 1, sides=(64,), repeats=1) > 0
    True
    """
    best = 0.0
    with thread_limit(threads), torch.inference_mode():
        for side in sides:
            left, right = (torch.full((side, side), 0.5, dtype=dtype, device=device) for _ in range(2))
            product = left @ right
            for _ in range(repeats):
                _wait(device)
                begun = time.perf_counter()
                torch.mm(left, right, out=product)
                _wait(device)
                best = max(best, 2.0 * side**3 / (time.perf_counter() - begun))
    return best


def reread_bandwidth(size: int, *, seconds: float = 0.3) -> float:
    """Return the bandwidth with which one thread re-reads a buffer of `size` bytes, by summing it again and
    again.

    The best of several passes: a buffer that fits a cache is read at that cache's speed.

    Args:
        size: bytes.
        seconds: how long to measure.

    Returns:
        Bytes a second.

    >>> reread_bandwidth(1 << 16, seconds=0.001) > 0
    True
    """
    buffer = torch.ones(max(1, size // 4))
    passes = max(1, (1 << 24) // size)
    best = 0.0
    with thread_limit(1), torch.inference_mode():
        end = time.perf_counter() + seconds
        while best == 0.0 or time.perf_counter() < end:
            begun = time.perf_counter()
            for _ in range(passes):
                buffer.sum()
            best = max(best, passes * size / (time.perf_counter() - begun))
    return best


def _wait(device: str | torch.device) -> None:
    """Wait until the device has done all it was given."""
    if torch.device(device).type == "cuda":
        torch.cuda.synchronize(device)
