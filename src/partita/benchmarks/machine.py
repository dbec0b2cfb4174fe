"""Rates of the machine, matrix products and the bandwidth of reading a buffer, and of anything that draws.

The other benchmarks report speeds as shares of these rates, measured in the same run with the same threads.
The shares are comparable between machines. This file knows no networks.
"""

import time
from collections.abc import Callable
from typing import Any

import torch

from partita.device import thread_limit

SIDES = (1024, 2048, 4096)
REPEATS = 5


def matrix_rate(
    dtype: torch.dtype,
    threads: int,
    device: str | torch.device = "cpu",
    *,
    sides: tuple[int, ...] = SIDES,
    repeats: int = REPEATS,
) -> float:
    """Measure the rate of square matrix products: the best of `repeats` products of each size.

    Args:
        dtype: type of the factors and the product.
        threads: CPU threads; ignored on another device.
        device: device that computes the products.
        sides: numbers of rows of the square matrices.
        repeats: products of each size, after one to warm up.

    Returns:
        The largest 2 * side^3 / seconds, in operations per second.

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
    """Measure the bandwidth with which one thread reads the same buffer repeatedly.

    The result is the best of several measurements. A buffer that fits a cache is read at the speed of the
    cache.

    Args:
        size: size of the buffer, in bytes.
        seconds: duration of the measurement.

    Returns:
        Bytes per second.

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
    """Wait until the device has finished all work."""
    if torch.device(device).type == "cuda":
        torch.cuda.synchronize(device)


def measure_rate(advance: Callable[[int], Any], *, clips: int, seconds: float) -> float:
    """Measure the samples per second of all clips together.

    Args:
        advance: draws a number of samples of each clip.
        clips: number of clips.
        seconds: approximate duration of the measurement.

    >>> measure_rate(lambda steps: time.sleep(0.001 * steps), clips=2, seconds=0.01) < 2000
    True
    """
    steps = 1
    while True:
        begun = time.perf_counter()
        advance(steps)
        spent = time.perf_counter() - begun
        if spent >= 0.5 * seconds:
            return clips * steps / spent
        steps = max(steps + 1, min(8 * steps, int(0.8 * seconds * steps / max(spent, 1e-6))))
