"""The gated stack on a CPU as one differentiable operation over the compiled loops of `stack_cpu` (float32)
and `stack_bfloat16`.

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

from partita.ops.gated_stack import bfloat16 as stack_bfloat16
from partita.ops.gated_stack import float32 as stack_cpu

Addresses = NDArray[np.int64]


def _together(work: Callable[[int, int], None], threads: int) -> None:
    """Call `work(thread, barrier)` once in each of so many threads, this one among them, all at the same
    time.
    """
    counters = np.zeros(2, np.int64)  # the barrier's count, and whether a thread has given up

    def share(thread: int) -> None:
        try:
            work(thread, int(counters.ctypes.data))
        except BaseException:  # Ctrl-C while the loops are compiled comes here too
            counters[1] = 1
            raise

    with ThreadPoolExecutor(max(1, threads - 1)) as others:
        try:
            pending = [others.submit(share, thread) for thread in range(1, threads)]
            share(0)
            for one in pending:
                one.result()
        except BaseException:  # a thread that can't be started, or Ctrl-C here: let go of those that wait
            counters[1] = 1
            raise


def _addresses(tensors: list[Tensor], columns: list[int] | None = None) -> Addresses:
    """Return the address of every tensor's every item along its first axis, a number of columns in."""
    columns = columns or [0] * len(tensors)
    rows = [
        [t.data_ptr() + t.element_size() * (item * t.stride(0) + column) for item in range(t.shape[0])]
        for t, column in zip(tensors, columns, strict=True)
    ]
    return np.array(rows, np.int64)


def _per_layer(count: int, outer: list[Tensor], inner: list[Tensor]) -> Addresses:
    """Return addresses (layers, tensors); the last layer, which has no inner ones, is given the first's."""
    rows = [
        [_item(tensor, layer) for tensor in outer]
        + [_item(tensor, layer % max(1, count - 1)) for tensor in inner]
        for layer in range(count)
    ]
    return np.array(rows, np.int64)


def _item(tensor: Tensor, item: int) -> int:
    return tensor.data_ptr() + tensor.element_size() * item * tensor.stride(0)


def _pack(matrices: Tensor, narrow: bool) -> Tensor:
    """Return (..., rows, columns) matrices as the products read them: with `narrow`, bfloat16, two rows at a
    time.
    """
    if not narrow:
        return matrices.contiguous()
    *others, rows, columns = matrices.shape
    return matrices.reshape(*others, rows // 2, 2, columns).mT.to(torch.bfloat16).contiguous()


class CompiledStack(torch.autograd.Function):
    """All layers' gates side by side, (batch, wanted, layers * units): the same numbers as `reference_stack`.

    With `narrow`, products are those of `reference_stack` under autocast; the signal from layer to layer and
    all sums stay float32.
    """

    @staticmethod
    def forward(
        ctx: Any,
        hidden: Tensor,
        dilated: Tensor,
        dilated_bias: Tensor,
        residual: Tensor,
        residual_bias: Tensor,
        dilations: tuple[int, ...],
        narrow: bool,
        keep: bool,
    ) -> Tensor:
        """Run the layers in order; `keep` every layer's input, tanh and sigmoid, if there is a way back."""
        loops, kind = _loops(narrow)
        weights = [tensor.contiguous() for tensor in (dilated, dilated_bias, residual, residual_bias)]
        packed = [_pack(weights[0], narrow), weights[1], _pack(weights[2], narrow), weights[3]]
        batch, time, channels = hidden.shape
        kernel, units, count = dilated.shape[1] // channels, dilated.shape[2] // 2, len(dilations)
        starts = np.array([(kernel - 1) * reach for reach in accumulate(dilations)], np.int64)
        first = hidden.to(kind).contiguous()
        # without a way back two layers' inputs are enough, since no thread is more than a layer ahead
        rooms = [torch.empty_like(first) for _ in range(count - 1 if keep else min(2, count - 1))]
        inputs = [first, *(rooms[layer % len(rooms)] for layer in range(count - 1))]
        kept = [torch.empty(batch, time, 2 * units, dtype=kind) for _ in range(count if keep else 1)]
        kept *= 1 if keep else count
        gates = torch.empty(batch, time - int(starts[-1]), count * units, dtype=kind)
        stream = hidden.clone(memory_format=torch.contiguous_format) if narrow else first
        shape = (starts, np.array(dilations, np.int64), (time, kernel, channels, units, count * units))
        h, z, signal = _addresses(inputs), _addresses(kept), _addresses([stream])[0]
        g = _addresses([gates] * count, [layer * units for layer in range(count)])
        w, threads = _per_layer(count, packed[:2], packed[2:]), torch.get_num_threads()

        def work(thread: int, barrier: int) -> None:
            loops.forward_layers(h, signal, z, g, w, *shape, (thread, threads, barrier))

        _together(work, threads)
        if keep:
            ctx.save_for_backward(*weights, *inputs, *kept)
        ctx.shape, ctx.narrow, ctx.spent = shape, narrow, not keep
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
        (loops, kind), threads = _loops(ctx.narrow), torch.get_num_threads()
        _, dilations, (time, kernel, channels, units, _) = ctx.shape
        count, weights = len(dilations), ctx.saved_tensors[:4]
        h = _addresses(list(ctx.saved_tensors[4 : 4 + count]))
        z = _addresses(list(ctx.saved_tensors[4 + count :]))
        d_gates = d_gates.to(kind).contiguous()
        dg = _addresses([d_gates] * count, [layer * units for layer in range(count)])
        taps = _pack(weights[0].view(count, kernel, channels, 2 * units).mT, ctx.narrow)
        turned = _per_layer(count, [taps], [residual := _pack(weights[2].mT, ctx.narrow)])
        d_hidden = torch.zeros(d_gates.shape[0], time, channels)
        dh = _addresses([d_hidden])[0]
        copies = [torch.zeros(threads, *weight.shape) for weight in weights]
        sums = [
            _per_layer(count, [copy[thread] for copy in copies[:2]], [copy[thread] for copy in copies[2:]])
            for thread in range(threads)
        ]

        def work(thread: int, barrier: int) -> None:
            place = (thread, threads, barrier)
            loops.backward_layers(h, dh, z, dg, turned, sums[thread], *ctx.shape, place)

        _together(work, threads)
        del residual  # its address was in use until here
        return d_hidden, *(copy.sum(0) for copy in copies), None, None, None


def _loops(narrow: bool) -> tuple[Any, torch.dtype]:
    """Return the module of the compiled loops, and the type of what products take in."""
    return (stack_bfloat16, torch.bfloat16) if narrow else (stack_cpu, torch.float32)


def compiled_stack(
    hidden: Tensor,
    dilated: Tensor,
    dilated_bias: Tensor,
    residual: Tensor,
    residual_bias: Tensor,
    dilations: tuple[int, ...],
    *,
    bfloat16: bool,
) -> Tensor:
    """Return all layers' gates side by side, (batch, wanted, layers * units), by the compiled loops.

    Args:
        hidden: (batch, time, residual), float32 on a CPU; residual is a multiple of 16.
        dilated, dilated_bias, residual, residual_bias: as `WaveNet` holds them; units are a multiple of 16.
        dilations: of every layer.
        bfloat16: compute products, and return the gates, in bfloat16.
    """
    leaves = (hidden, dilated, dilated_bias, residual, residual_bias)
    keep = torch.is_grad_enabled() and any(leaf.requires_grad for leaf in leaves)
    result: Tensor = CompiledStack.apply(*leaves, dilations, bfloat16, keep)  # type: ignore[no-untyped-call]
    return result
