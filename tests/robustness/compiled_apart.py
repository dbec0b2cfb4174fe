"""Use compiled loops in this process, and print what they compute as JSON: run by `test_compiled_apart.py`.

    compiled_apart.py CACHE WHAT...

Each WHAT is one set of loops, used in this order. `one` and `two` are stand-ins that the same factories make
from operations that write 1 or 2: they run on every processor, and are to each other as float32 and bfloat16
are; `one-back` and `two-back` are the loops of the backward pass. `float32` and `bfloat16` are the gated
stack; what is printed is its largest departure from plain tensors.
"""

import dataclasses
import json
import os
import sys
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

os.environ["NUMBA_CACHE_DIR"] = sys.argv[1]  # before Numba is imported

import numpy as np

from partita.ops.gated_stack import float32
from partita.ops.gated_stack.backward import make_backward_layers
from partita.ops.gated_stack.forward import make_forward_layers
from partita.ops.gated_stack.layout import (
    BackwardScratch,
    BackwardTensors,
    ForwardScratch,
    ForwardTensors,
    Sizes,
)
from partita.ops.gated_stack.schedule import ThreadSlot
from partita.ops.llvm.rows import copy_rows
from partita.ops.numba_cache import compiled

if TYPE_CHECKING:
    from torch import Tensor

ROWS, CHANNELS = 8, 16
VALUES = {"one": 1.0, "two": 2.0}


@compiled()
def address_of(array: np.ndarray) -> int:
    """Return the address of an array as int64, since Numba makes unsigned plus signed a float."""
    return np.int64(array.ctypes.data)  # type: ignore[return-value]


def stand_in(name: str, value: float) -> tuple[Any, Any]:
    """Make loops over the layers that write one value to all activations."""

    @compiled(of=(name,))
    def fill(address: int, rows: int) -> None:
        row = np.full((1, CHANNELS), value, np.float32)
        copy_rows(address_of(row), 0, address, CHANNELS, rows, CHANNELS)
        row[0, 0] = value

    @compiled(of=(name,))
    def gate(addresses: tuple[int, ...]) -> None:
        fill(addresses[2], 2)

    @compiled(of=(name,))
    def gate_gradients(activations: int, scratch: BackwardScratch, rows: int, units: int) -> int:
        fill(activations, 2 * rows)
        return activations

    number = dataclasses.replace(float32.FORMAT, name=name, gate=gate, gate_gradients=gate_gradients)
    return make_forward_layers(number), make_backward_layers(number)


def written(loops: tuple[Any, Any], *, back: bool) -> float:
    """Return the mean of the activations that a loop writes."""
    forward, backward = loops
    activations, barrier = np.zeros((ROWS, 2 * CHANNELS), np.float32), np.zeros(2, np.int64)
    memory = np.zeros(1 << 14, np.float32)  # everything else: inputs, weights, gradients and scratch
    nowhere = int(memory.ctypes.data)
    one, three = np.full((1, 1), nowhere, np.int64), np.full((1, 3), nowhere, np.int64)
    place = np.full((1, 1), activations.ctypes.data, np.int64)
    sizes = Sizes(ROWS, 1, CHANNELS, CHANNELS, CHANNELS, 0, 0)
    slot, start, lag = ThreadSlot(0, 1, int(barrier.ctypes.data)), np.zeros(1, np.int64), np.ones(1, np.int64)
    if back:
        scratch = BackwardScratch(*[nowhere] * len(BackwardScratch._fields))
        backward_tensors = BackwardTensors(
            one, one[0], place, one, three[:, :2].copy(), three, one, start, start, lag
        )
        backward(backward_tensors, sizes, scratch, slot)
    else:
        forward_tensors = ForwardTensors(one, one, place, one, three, one, start, start, lag)
        forward(forward_tensors, sizes, ForwardScratch(nowhere, nowhere), slot)
    return float(activations.mean())


def departure(in_bfloat16: bool) -> float:
    """Return how far the gated stack is from plain tensors, its gates and the gradient of its input."""
    import torch

    from partita.ops.gated_stack.autograd import compiled_stack
    from partita.ops.gated_stack.reference import reference_stack

    random = torch.Generator().manual_seed(0)
    shapes = [(2, 40, 32), (3, 64, 64), (3, 64), (2, 32, 32), (2, 32)]
    parts = [0.3 * torch.randn(*shape, generator=random) for shape in shapes]
    results: list[list[Tensor]] = []
    stacks: tuple[Callable[..., Tensor], ...] = (
        reference_stack,
        partial(compiled_stack, bfloat16=in_bfloat16),
    )
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
        return written(stand_in(value, VALUES[value]), back=way == "back")
    return departure(name == "bfloat16")


print(json.dumps({name: result(name) for name in sys.argv[2:]}))
