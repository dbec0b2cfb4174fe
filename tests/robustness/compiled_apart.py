"""Use compiled loops in this process, and print what they compute as JSON: run by `test_compiled_apart.py`.

    compiled_apart.py CACHE WHAT...

Each WHAT is one set of loops, used in this order. `one` and `two` are stand-ins that the same factories make
of rows that write 1 or 2: they run on every processor, and are to each other as float32 and bfloat16 are;
`one-back` and `two-back` are those that walk back.
`float32` and `bfloat16` are the gated stack; what is printed is its largest departure from plain tensors.
"""

import json
import os
import sys
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

os.environ["NUMBA_CACHE_DIR"] = sys.argv[1]  # before Numba is imported

import numpy as np

from partita.ops.gated_stack import schedule as walk
from partita.ops.llvm.matmul import address_of, copy_rows
from partita.ops.numba_cache import compiled

if TYPE_CHECKING:
    from torch import Tensor

ROWS, CHANNELS = 8, 16
VALUES = {"one": 1.0, "two": 2.0}


def stand_in(value: float) -> tuple[Any, Any]:
    """Make walks forwards and backwards that write one value to all of Z."""

    @compiled(of=(value,))
    def fill(z: int, start: int, stop: int) -> None:
        row = np.full((1, CHANNELS), value, np.float32)
        copy_rows(address_of(row), 0, z + 4 * CHANNELS * start, CHANNELS, stop - start, CHANNELS)
        row[0, 0] = value

    @compiled(of=(value,))
    def forward_rows(
        h: int, after: int, stream: int, z: int, g: int, g_row: int, first: int, w: int, b: int,
        r: int, rb: int, start: int, stop: int, kernel: int, lag: int, c: int, u: int, last: bool,
    ) -> None:  # fmt: skip
        fill(z, start, stop)

    @compiled(of=(value,))
    def backward_gates(
        h: int, dh: int, z: int, dg: int, g_row: int, first: int, r: int, dw: int, db: int, dr: int, drb: int,
        start: int, stop: int, kernel: int, lag: int, c: int, u: int, last: bool,
    ) -> None:  # fmt: skip
        fill(z, start, stop)

    @compiled(of=(value,))
    def backward_hidden(
        dh: int, dz: int, taps: int, start: int, stop: int, valid: int, end: int, kernel: int, lag: int,
        c: int, u: int,
    ) -> None:  # fmt: skip
        return

    return walk.forward_walk(forward_rows), walk.backward_walk(backward_gates, backward_hidden)


def written(loops: tuple[Any, Any], *, back: bool) -> float:
    """Return the mean of what a walk writes to Z."""
    forwards, backwards = loops
    z, barrier = np.zeros((ROWS, CHANNELS), np.float32), np.zeros(2, np.int64)
    h, place = np.zeros((1, 1), np.int64), np.full((1, 1), z.ctypes.data, np.int64)
    nowhere, start, lag = np.zeros((1, 4), np.int64), np.zeros(1, np.int64), np.ones(1, np.int64)
    shape = (start, lag, (ROWS, 2, CHANNELS, CHANNELS, CHANNELS), (0, 1, barrier.ctypes.data))
    if back:
        backwards(h, h[0], place, h, nowhere[:, :2].copy(), nowhere, *shape)
    else:
        forwards(h, h[0], place, h, nowhere, *shape)
    return float(z.mean())


def departure(narrow: bool) -> float:
    """Return how far the gated stack is from plain tensors, its gates and the gradient of its input."""
    import torch

    from partita.ops.gated_stack.autograd import compiled_stack
    from partita.ops.gated_stack.reference import reference_stack

    random = torch.Generator().manual_seed(0)
    shapes = [(2, 40, 32), (3, 64, 64), (3, 64), (2, 32, 32), (2, 32)]
    parts = [0.3 * torch.randn(*shape, generator=random) for shape in shapes]
    results: list[list[Tensor]] = []
    stacks: tuple[Callable[..., Tensor], ...] = (reference_stack, partial(compiled_stack, bfloat16=narrow))
    for stack in stacks:
        leaves = [part.clone().requires_grad_() for part in parts]
        gates = stack(*leaves, (1, 2, 4)).float()
        torch.autograd.backward(gates.square().sum())
        gradient = leaves[0].grad
        assert gradient is not None
        results.append([gates.detach(), gradient / gradient.abs().max()])
    return max(float((a - b).abs().max()) for a, b in zip(*results, strict=True))


def result(name: str) -> float:
    """Return what the loops of a name compute."""
    value, _, way = name.partition("-")
    if value in VALUES:
        return written(stand_in(VALUES[value]), back=way == "back")
    return departure(name == "bfloat16")


print(json.dumps({name: result(name) for name in sys.argv[2:]}))
