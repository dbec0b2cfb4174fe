"""The gated stack on a CPU as one differentiable operation over the compiled loops of `stack_cpu`.

Each thread walks its share of the rows through all layers, adding to its own copy of the weights' gradients;
the copies are summed in order, so that the result depends on the number of threads but never on their timing.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import accumulate
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.autograd.function import once_differentiable

from partita.models.stack_cpu import backward_layers, forward_layers

Addresses = NDArray[np.int64]


def _together(work: Callable[[int, int], None], threads: int) -> None:
    """Call `work(thread, barrier)` once in each of so many threads, this one among them, all at the same
    time."""
    counters = np.zeros(2, np.int64)  # the barrier's count, and whether a thread has given up

    def share(thread: int) -> None:
        try:
            work(thread, int(counters.ctypes.data))
        except BaseException:  # Ctrl-C while the loops are compiled comes here too
            counters[1] = 1
            raise

    with ThreadPoolExecutor(max(1, threads - 1)) as others:
        pending = [others.submit(share, thread) for thread in range(1, threads)]
        share(0)
        for one in pending:
            one.result()


def _addresses(tensors: list[Tensor], columns: list[int] | None = None) -> Addresses:
    """Return the address of every tensor's every item along its first axis, a number of floats in."""
    columns = columns or [0] * len(tensors)
    rows = [
        [tensor.data_ptr() + 4 * (item * tensor.stride(0) + column) for item in range(tensor.shape[0])]
        for tensor, column in zip(tensors, columns, strict=True)
    ]
    return np.array(rows, np.int64)


def _per_layer(count: int, outer: list[Tensor], inner: list[Tensor]) -> Addresses:
    """Return addresses (layers, tensors); the last layer, which has no inner ones, is given the first's."""
    rows = [
        [tensor.data_ptr() + 4 * layer * tensor.stride(0) for tensor in outer]
        + [tensor.data_ptr() + 4 * (layer % max(1, count - 1)) * tensor.stride(0) for tensor in inner]
        for layer in range(count)
    ]
    return np.array(rows, np.int64)


class FusedStack(torch.autograd.Function):
    """All layers' gates side by side, (batch, wanted, layers * units): the same numbers as `plain_stack`."""

    @staticmethod
    def forward(
        ctx: Any,
        hidden: Tensor,
        dilated: Tensor,
        dilated_bias: Tensor,
        residual: Tensor,
        residual_bias: Tensor,
        dilations: tuple[int, ...],
    ) -> Tensor:
        """Run the layers in order, keeping every layer's input, tanh and sigmoid for the way back."""
        weights = [tensor.contiguous() for tensor in (dilated, dilated_bias, residual, residual_bias)]
        batch, time, channels = hidden.shape
        kernel, units, count = dilated.shape[1] // channels, dilated.shape[2] // 2, len(dilations)
        starts = np.array([(kernel - 1) * reach for reach in accumulate(dilations)], np.int64)
        inputs = [hidden.contiguous(), *(torch.empty_like(hidden) for _ in dilations[1:])]
        kept = [torch.empty(batch, time, 2 * units) for _ in dilations]
        gates = torch.empty(batch, time - int(starts[-1]), count * units)
        shape = (starts, np.array(dilations, np.int64), (time, kernel, channels, units, count * units))
        h, z = _addresses(inputs), _addresses(kept)
        g = _addresses([gates] * count, [layer * units for layer in range(count)])
        w, threads = _per_layer(count, weights[:2], weights[2:]), torch.get_num_threads()

        def work(thread: int, barrier: int) -> None:
            forward_layers(h, z, g, w, *shape, thread, threads, barrier)

        _together(work, threads)
        ctx.save_for_backward(*weights, *inputs, *kept)
        ctx.shape, ctx.spent = shape, False
        return gates

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, d_gates: Tensor) -> tuple[Tensor | None, ...]:
        """Walk back from the last layer: first the gradients of its sums, then what flows on to its input."""
        if ctx.spent:
            raise RuntimeError(
                "the way back overwrites what was kept, so it can be walked once: run the model again"
            )
        ctx.spent = True
        _, dilations, (time, kernel, channels, units, _) = ctx.shape
        count, threads = len(dilations), torch.get_num_threads()
        weights, inputs = ctx.saved_tensors[:4], ctx.saved_tensors[4 : 4 + count]
        h, z = _addresses(list(inputs)), _addresses(list(ctx.saved_tensors[4 + count :]))
        d_gates = d_gates.contiguous()
        dg = _addresses([d_gates] * count, [layer * units for layer in range(count)])
        taps = weights[0].view(count, kernel, channels, 2 * units).transpose(2, 3).contiguous()
        turned = _per_layer(count, [taps], [residual := weights[2].transpose(1, 2).contiguous()])
        d_hidden = torch.zeros(d_gates.shape[0], time, channels)
        dh = _addresses([d_hidden])[0]
        copies = [torch.zeros(threads, *weight.shape) for weight in weights]
        sums = [
            _per_layer(count, [copy[thread] for copy in copies[:2]], [copy[thread] for copy in copies[2:]])
            for thread in range(threads)
        ]

        def work(thread: int, barrier: int) -> None:
            backward_layers(h, dh, z, dg, turned, sums[thread], *ctx.shape, thread, threads, barrier)

        _together(work, threads)
        del residual  # its address was in use until here
        return d_hidden, *(copy.sum(0) for copy in copies), None


def fused_stack(
    hidden: Tensor,
    dilated: Tensor,
    dilated_bias: Tensor,
    residual: Tensor,
    residual_bias: Tensor,
    dilations: tuple[int, ...],
) -> Tensor:
    """Return all layers' gates side by side, (batch, wanted, layers * units), float32, by the compiled loops.

    Args:
        hidden: (batch, time, residual), float32 on a CPU; residual is a multiple of 16.
        dilated, dilated_bias, residual, residual_bias: as `WaveNet` holds them; units are a multiple of 16.
        dilations: of every layer.
    """
    leaves = (hidden, dilated, dilated_bias, residual, residual_bias)
    result: Tensor = FusedStack.apply(*leaves, dilations)  # type: ignore[no-untyped-call]
    return result
