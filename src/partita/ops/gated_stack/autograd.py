"""The compiled gated stack as one differentiable PyTorch operation on a CPU.

Each thread runs its part of the rows through all layers and adds to its own copy of the weights' gradients.
The copies are summed in order, so the result depends on the number of threads but not on their timing.
Layouts are those of `layout.py`. This file does not know classes or logits.
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

from partita.ops.gated_stack import bfloat16, float32
from partita.ops.gated_stack.blocks import BlockBias
from partita.ops.gated_stack.layout import (
    BackwardScratch,
    BackwardTensors,
    ForwardScratch,
    ForwardTensors,
    NumberFormat,
    Sizes,
)
from partita.ops.gated_stack.schedule import ThreadSlot

Addresses = NDArray[np.int64]


def run_threads(work: Callable[[ThreadSlot], None], count: int) -> None:
    """Call `work` in `count` threads at the same time, the calling thread among them, and wait for all.

    Raises:
        BaseException: what the first failing thread raised; the others do not wait for it at the barrier.
    """
    counters = np.zeros(2, np.int64)  # the barrier's count, and whether a thread has failed

    def run(index: int) -> None:
        try:
            work(ThreadSlot(index, count, int(counters.ctypes.data)))
        except BaseException:  # including Ctrl-C while the loops are compiled
            counters[1] = 1
            raise

    with ThreadPoolExecutor(max(1, count - 1)) as others:
        try:
            pending = [others.submit(run, index) for index in range(1, count)]
            run(0)
            for one in pending:
                one.result()
        except BaseException:  # a thread that can't be started, or Ctrl-C here: release those that wait
            counters[1] = 1
            raise


class CompiledStack(torch.autograd.Function):
    """Differentiable operation that computes the gates of all layers, (batch, wanted, layers * units).

    It agrees with `reference_stack` up to rounding.
    In bfloat16, products are those of `reference_stack` under autocast; the signal from layer to layer and
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
        phase: Tensor | None,
        hold: int,
        in_bfloat16: bool,
        save: bool,
    ) -> Tensor:
        """Run the layers in order; with `save`, save what the backward pass reads."""
        loops, dtype = _loops(in_bfloat16)
        weights = [tensor.contiguous() for tensor in (dilated, dilated_bias, residual, residual_bias)]
        bias = weights[1]
        packed = [_pack(weights[0], dtype), _pack(weights[2], dtype), weights[3]]
        sizes, starts = _sizes_of(hidden, dilated, dilations)
        if phase is not None:
            sizes = sizes._replace(hold=hold, block_columns=bias.shape[2])
        count, batch = len(dilations), hidden.shape[0]
        inputs, activations = _buffers(hidden.to(dtype).contiguous(), sizes.units, count, save)
        gates = torch.empty(batch, sizes.time - int(starts[-1]), sizes.gate_columns, dtype=dtype)
        signal = [hidden.clone(memory_format=torch.contiguous_format)] * count if in_bfloat16 else inputs
        tensors = ForwardTensors(
            _addresses(inputs),
            _addresses(signal),
            _addresses(activations),
            _column_addresses(gates, sizes.units, count),
            _per_layer(count, packed[:1], packed[1:]),
            _bias_addresses(bias, sizes, count, batch),
            _phases(phase, batch),
            starts,
            np.array(dilations, np.int64),
        )
        threads = torch.get_num_threads()
        memory, scratch = _forward_scratch(loops.FORMAT, sizes, threads)
        run_threads(lambda slot: loops.forward_layers(tensors, sizes, scratch[slot.number], slot), threads)
        del memory, signal, packed  # their addresses were in use until here
        if save:
            ctx.save_for_backward(*weights, *inputs, *activations)
        ctx.sizes, ctx.starts, ctx.dilations, ctx.phase = sizes, starts, tensors.dilations, tensors.phase
        ctx.in_bfloat16, ctx.spent = in_bfloat16, not save
        return gates

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, d_gates: Tensor) -> tuple[Tensor | None, ...]:
        """Run the layers from last to first: the gradients of a layer's sums, then that of its input."""
        if ctx.spent:
            raise RuntimeError(
                "the backward pass overwrites the saved activations, so it can run once: run the model again"
            )
        ctx.spent = True
        (loops, dtype), threads, sizes = _loops(ctx.in_bfloat16), torch.get_num_threads(), ctx.sizes
        count, weights = len(ctx.dilations), ctx.saved_tensors[:4]
        d_gates = d_gates.to(dtype).contiguous()
        taps = weights[0].view(count, sizes.kernel_size, sizes.channels, 2 * sizes.units)
        transposed = [_pack(taps.mT, dtype), _pack(weights[2].mT, dtype)]
        d_hidden = torch.zeros(d_gates.shape[0], sizes.time, sizes.channels)
        own_clips = sizes.hold and d_gates.shape[0] % threads == 0  # no two threads share a clip's blocks
        counts = (threads, 1 if own_clips else threads, threads, threads)
        copies = [torch.zeros(n, *weight.shape) for n, weight in zip(counts, weights, strict=True)]
        tensors = BackwardTensors(
            _addresses(list(ctx.saved_tensors[4 : 4 + count])),
            _addresses([d_hidden])[0],
            _addresses(list(ctx.saved_tensors[4 + count :])),
            _column_addresses(d_gates, sizes.units, count),
            _per_layer(count, transposed[:1], transposed[1:]),
            np.empty(0, np.int64),
            np.empty(0, np.int64),
            ctx.phase,
            ctx.starts,
            ctx.dilations,
        )
        d_weights, d_bias, *d_inner = copies
        own = [
            tensors._replace(
                gradients=_per_layer(count, [d_weights[i]], [copy[i] for copy in d_inner]),
                d_bias=_bias_addresses(d_bias[i % len(d_bias)], sizes, count, d_gates.shape[0]),
            )
            for i in range(threads)
        ]
        memory, scratch = _backward_scratch(loops.FORMAT, sizes, threads)
        run_threads(
            lambda slot: loops.backward_layers(own[slot.number], sizes, scratch[slot.number], slot), threads
        )
        del memory, transposed  # their addresses were in use until here
        return d_hidden, *(copy.sum(0) for copy in copies), None, None, None, None, None


def compiled_stack(
    hidden: Tensor,
    dilated: Tensor,
    dilated_bias: Tensor | BlockBias,
    residual: Tensor,
    residual_bias: Tensor,
    dilations: tuple[int, ...],
    *,
    bfloat16: bool,
) -> Tensor:
    """Return all layers' gates side by side, (batch, wanted, layers * units), by the compiled loops.

    Args:
        hidden: (batch, time, residual), float32 on a CPU; residual is a multiple of 16.
        dilated: (layers, kernel_size * residual, 2 * units); units are a multiple of 16.
        dilated_bias: (layers, 2 * units), or a bias for each block of samples.
        residual: (layers - 1, units, residual)
        residual_bias: (layers - 1, residual)
        dilations: dilation of each layer, in samples.
        bfloat16: compute products, and return the gates, in bfloat16.
    """
    blocks = dilated_bias if isinstance(dilated_bias, BlockBias) else None
    bias = dilated_bias.values if isinstance(dilated_bias, BlockBias) else dilated_bias
    phase, hold = (None, 0) if blocks is None else (blocks.phase, blocks.hold)
    leaves = (hidden, dilated, bias, residual, residual_bias)
    save = torch.is_grad_enabled() and any(leaf.requires_grad for leaf in leaves)
    settings = (dilations, phase, hold, bfloat16, save)
    result: Tensor = CompiledStack.apply(*leaves, *settings)  # type: ignore[no-untyped-call]
    return result


def _loops(in_bfloat16: bool) -> tuple[Any, torch.dtype]:
    """Return the module of the compiled loops, and the type of what products take in."""
    return (bfloat16, torch.bfloat16) if in_bfloat16 else (float32, torch.float32)


def _sizes_of(hidden: Tensor, dilated: Tensor, dilations: tuple[int, ...]) -> tuple[Sizes, Addresses]:
    """Return the sizes, and the first row that each layer computes."""
    _, time, channels = hidden.shape
    kernel_size, units = dilated.shape[1] // channels, dilated.shape[2] // 2
    starts = np.array([(kernel_size - 1) * reach for reach in accumulate(dilations)], np.int64)
    return Sizes(time, kernel_size, channels, units, len(dilations) * units, 0, 0), starts


def _buffers(first: Tensor, units: int, count: int, save: bool) -> tuple[list[Tensor], list[Tensor]]:
    """Return every layer's input and activations.

    Without a backward pass layers share memory: two inputs are enough, since no thread is more than a layer
    ahead.
    """
    others = [torch.empty_like(first) for _ in range(count - 1 if save else min(2, count - 1))]
    inputs = [first, *(others[layer % len(others)] for layer in range(count - 1))]
    shape = (*first.shape[:2], 2 * units)
    activations = [torch.empty(shape, dtype=first.dtype) for _ in range(count if save else 1)]
    return inputs, activations * (1 if save else count)


def _pack(matrices: Tensor, dtype: torch.dtype) -> Tensor:
    """Return (..., rows, columns) matrices as products read them: in bfloat16, two rows interleaved."""
    if dtype == torch.float32:
        return matrices.contiguous()
    *others, rows, columns = matrices.shape
    return matrices.reshape(*others, rows // 2, 2, columns).mT.to(dtype).contiguous()


def _addresses(tensors: list[Tensor]) -> Addresses:
    """Return the address of every tensor's every item along its first axis."""
    return np.array([[_item(tensor, item) for item in range(len(tensor))] for tensor in tensors], np.int64)


def _column_addresses(gates: Tensor, units: int, count: int) -> Addresses:
    """Return addresses (layers, batch) of each layer's columns."""
    return _addresses([gates[:, :, layer * units :] for layer in range(count)])


def _bias_addresses(bias: Tensor, sizes: Sizes, count: int, batch: int) -> Addresses:
    """Return addresses (layers, batch) of each layer's bias.

    `bias` is (layers, columns), or (batch, blocks, columns) with the layers side by side.
    """
    step = 8 * sizes.units  # bytes of a layer's columns
    clips = bias.stride(0) * 4 if sizes.hold else 0
    layers = np.arange(count, dtype=np.int64)[:, None] * step
    return bias.data_ptr() + layers + np.arange(batch, dtype=np.int64) * clips


def _phases(phase: Tensor | None, batch: int) -> Addresses:
    return np.zeros(batch, np.int64) if phase is None else phase.numpy().astype(np.int64)


def _per_layer(count: int, all_layers: list[Tensor], inner_layers: list[Tensor]) -> Addresses:
    """Return addresses (layers, tensors); the last layer, which has no inner ones, gets the first's."""
    rows = [
        [_item(tensor, layer) for tensor in all_layers]
        + [_item(tensor, layer % max(1, count - 1)) for tensor in inner_layers]
        for layer in range(count)
    ]
    return np.array(rows, np.int64)


def _item(tensor: Tensor, item: int) -> int:
    return tensor.data_ptr() + tensor.element_size() * item * tensor.stride(0)


def _forward_scratch(number: NumberFormat, sizes: Sizes, threads: int) -> tuple[Tensor, list[ForwardScratch]]:
    """Return memory and, for each thread, where its scratch arrays lie in it."""
    words = [number.block * 2 * sizes.units, number.block * sizes.units]
    memory = torch.empty(threads, sum(words))
    return memory, [ForwardScratch(*_parts(row, words)) for row in memory]


def _backward_scratch(
    number: NumberFormat, sizes: Sizes, threads: int
) -> tuple[Tensor, list[BackwardScratch]]:
    """Return memory and, for each thread, where its scratch arrays lie in it."""
    block, units, channels = number.block, sizes.units, sizes.channels
    packed = 0 if number.per_word == 1 else block // number.per_word
    words = [
        block * units, block // number.per_word * units, packed * 2 * units, packed * channels,
        packed * channels, max(2 * units, channels), 16,
    ]  # fmt: skip
    memory = torch.empty(threads, sum(words))
    memory[:, sum(words[:5]) :] = 0.0
    memory.view(torch.int32)[:, -16:] = number.one
    return memory, [BackwardScratch(*_parts(row, words)) for row in memory]


def _parts(memory: Tensor, words: list[int]) -> list[int]:
    """Return the addresses of consecutive parts of so many 32-bit words each."""
    ends = list(accumulate(words))
    return [memory.data_ptr() + 4 * (end - size) for end, size in zip(ends, words, strict=True)]
