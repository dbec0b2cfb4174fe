"""Choose the device, the precision and the number of threads.

PyTorch is imported only by the functions that need it, so that commands without a network start quickly.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from partita.checks import check_choice
from partita.errors import PartitaError

if TYPE_CHECKING:
    import torch

Device = Literal["auto", "cpu", "cuda"]
DEVICES = get_args(Device)
PRECISIONS = ("auto", "float32", "bfloat16")
MOST_THREADS = 1024  # with more, the operating system may fail to start them and end the process


@dataclass(frozen=True)
class ComputeDevice:
    """The device and the precision that a network runs with.

    Args:
        device: the device that holds the tensors.
        bfloat16: whether matrix products run in bfloat16; weights and sums stay float32.
    """

    device: torch.device
    bfloat16: bool

    def autocast(self) -> AbstractContextManager[None]:
        """Return the context manager under which to run a network's forward pass."""
        import torch

        return torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.bfloat16)


def has_bfloat16(device: torch.device) -> bool:
    """Return whether the device has bfloat16 instructions; emulated bfloat16 is slower than float32.

    Args:
        device: a CPU or CUDA device.

    >>> import torch
    >>> isinstance(has_bfloat16(torch.device("cpu")), bool)
    True
    """
    import torch

    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    probes = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")  # missing in builds for other processors
    return any(bool(getattr(torch.cpu, probe, bool)()) for probe in probes)


def compute_device(device: str = "auto", precision: str = "auto") -> ComputeDevice:
    """Return the device and the precision that two words of a config stand for.

    Args:
        device: "cpu", "cuda" or "auto"; "auto" is the GPU if there is one.
        precision: "float32", "bfloat16" or "auto"; "auto" is bfloat16 if the device has instructions for it.

    Raises:
        PartitaError: a word is not one of these, or `device` is "cuda" and PyTorch finds no GPU.

    >>> compute_device("cpu", "float32").bfloat16
    False
    """
    import torch

    check_choice("device", device, DEVICES)
    check_choice("precision", precision, PRECISIONS)
    if device == "cuda" and not torch.cuda.is_available():
        raise PartitaError(
            "`device` is 'cuda', but PyTorch finds no GPU: use `--device cpu`, or install a CUDA build"
        )
    name = ("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device
    chosen = torch.device(name)
    return ComputeDevice(chosen, has_bfloat16(chosen) if precision == "auto" else precision == "bfloat16")


def available_cores() -> int:
    """Return the number of CPU cores that this process may use.

    >>> available_cores() >= 1
    True
    """
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def check_threads(threads: int | None) -> None:
    """Refuse a number of threads that is out of range; None, for the default, is accepted.

    Args:
        threads: the value of a config's `threads`.

    Raises:
        PartitaError: the number is not from 1 to `MOST_THREADS`.

    >>> check_threads(10**6)
    Traceback (most recent call last):
    ...
    partita.errors.PartitaError: `threads` is 1000000: give 1 to 1024, or leave it out
    """
    if threads is not None and not 1 <= threads <= MOST_THREADS:
        raise PartitaError(f"`threads` is {threads}: give 1 to {MOST_THREADS}, or leave it out")


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Run NumPy's linear algebra on the calling thread within a `with` block, or in a decorated function.

    With several threads, decompositions of small matrices wait for each other, and beside a busy program they
    take many times as long.

    >>> import numpy as np
    >>> with one_blas_thread(): print(np.linalg.eigvalsh(np.eye(2)))
    [1. 1.]
    """
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1, user_api="blas"):
        yield


@contextmanager
def thread_limit(threads: int | None) -> Iterator[None]:
    """Set the number of PyTorch threads within a `with` block.

    Args:
        threads: number of threads; None changes nothing.

    >>> import torch
    >>> before = torch.get_num_threads()
    >>> with thread_limit(1): print(torch.get_num_threads())
    1
    >>> torch.get_num_threads() == before
    True
    """
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(threads or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)
