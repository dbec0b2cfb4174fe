"""The gated stack on a CPU as one differentiable operation over the compiled loops of `stack_cpu`.

Work is cut into runs of rows, one list of runs a thread; every thread adds to its own copy of the weights'
gradients and the copies are summed in order, so that the result depends on the number of threads but never on
their timing.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from partita.models.stack_cpu import backward_gates, backward_hidden, forward_rows

Run = tuple[int, int, int]


def runs_of_rows(batch: int, start: int, stop: int, threads: int) -> list[list[Run]]:
    """Share rows start..stop of every clip out among threads, as (clip, first row, last row + 1).

    >>> runs_of_rows(2, 0, 10, 2)
    [[(0, 0, 10)], [(1, 0, 10)]]
    >>> runs_of_rows(1, 0, 10, 2)
    [[(0, 0, 5)], [(0, 5, 10)]]
    """
    parts = 1 if batch % threads == 0 else threads
    edges = [start + (stop - start) * part // parts for part in range(parts + 1)]
    runs = [(clip, edges[part], edges[part + 1]) for clip in range(batch) for part in range(parts)]
    each = -(-len(runs) // threads)
    return [runs[i * each : (i + 1) * each] for i in range(threads)]


class _Crew:
    """Threads, this one among them, that each take one share of the runs and wait for each other."""

    def __init__(self) -> None:
        self.threads = torch.get_num_threads()
        self._others = ThreadPoolExecutor(max(1, self.threads - 1))  # starts none before there is work

    def share(self, work: Callable[[int, Run], None], batch: int, start: int, stop: int) -> None:
        """Call `work(thread, run)` for every run and return when all are done."""

        def take(thread: int) -> None:
            for run in shares[thread]:
                work(thread, run)

        shares = runs_of_rows(batch, start, stop, self.threads)
        pending = [self._others.submit(take, thread) for thread in range(1, self.threads)]
        take(0)
        for one in pending:
            one.result()

    def __enter__(self) -> "_Crew":
        return self

    def __exit__(self, *_: object) -> None:
        self._others.shutdown()


def _addresses(tensor: Tensor, column: int = 0) -> list[int]:
    """Return the address of each item along the first axis, a number of floats in."""
    return [tensor.data_ptr() + 4 * (i * tensor.stride(0) + column) for i in range(tensor.shape[0])]


@dataclass(frozen=True)
class _Shape:
    """The sizes that every run needs."""

    batch: int
    time: int
    channels: int
    units: int
    kernel: int
    gates: int
    starts: tuple[int, ...]
    """First row of each layer's output that has its whole past."""

    @classmethod
    def of(cls, hidden: Tensor, dilated: Tensor, dilations: tuple[int, ...]) -> "_Shape":
        """Read the sizes off the tensors."""
        batch, time, channels = hidden.shape
        kernel, units = dilated.shape[1] // channels, dilated.shape[2] // 2
        starts = tuple((kernel - 1) * reach for reach in accumulate(dilations))
        return cls(batch, time, channels, units, kernel, len(dilations) * units, starts)

    @property
    def reach(self) -> int:
        """Rows that the whole stack consumes: the first row of its output."""
        return self.starts[-1]


def _forward_run(
    h: list[int],
    h_next: list[int],
    z: list[int],
    g: list[int],
    shape: _Shape,
    weights: tuple[int, int, int, int],
    dilation: int,
    last: bool,
    _: int,
    run: Run,
) -> None:
    clip, low, high = run
    forward_rows(
        h[clip],
        h_next[clip],
        z[clip],
        g[clip],
        shape.gates,
        shape.reach,
        *weights,
        low,
        high,
        shape.kernel,
        dilation,
        shape.channels,
        shape.units,
        last,
    )


def _gates_run(
    h: list[int],
    dh: list[int],
    z: list[int],
    dg: list[int],
    shape: _Shape,
    residual_turned: int,
    sums: list[list[int]],
    dilation: int,
    last: bool,
    thread: int,
    run: Run,
) -> None:
    clip, low, high = run
    backward_gates(
        h[clip],
        dh[clip],
        z[clip],
        dg[clip],
        shape.gates,
        shape.reach,
        residual_turned,
        *sums[thread],
        low,
        high,
        shape.kernel,
        dilation,
        shape.channels,
        shape.units,
        last,
    )


def _hidden_run(
    dh: list[int],
    dz: list[int],
    weights_turned: int,
    shape: _Shape,
    valid: int,
    dilation: int,
    _: int,
    run: Run,
) -> None:
    clip, low, high = run
    backward_hidden(
        dh[clip],
        dz[clip],
        weights_turned,
        low,
        high,
        valid,
        shape.time,
        shape.kernel,
        dilation,
        shape.channels,
        shape.units,
    )


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
        shape = _Shape.of(hidden, dilated, dilations)
        inputs = [hidden.contiguous(), *(torch.empty_like(hidden) for _ in dilations[1:])]
        kept = [torch.empty(shape.batch, shape.time, 2 * shape.units) for _ in dilations]
        gates = torch.empty(shape.batch, shape.time - shape.reach, shape.gates)
        w, b, r, rb = (_addresses(weight) for weight in weights)
        with _Crew() as crew:
            for layer, start in enumerate(shape.starts):
                last = layer == len(dilations) - 1
                inner = 0 if last else layer
                h, h_next = _addresses(inputs[layer]), _addresses(inputs[layer if last else layer + 1])
                z, g = _addresses(kept[layer]), _addresses(gates, layer * shape.units)
                call = partial(
                    _forward_run,
                    h,
                    h_next,
                    z,
                    g,
                    shape,
                    (w[layer], b[layer], r[inner], rb[inner]),
                    dilations[layer],
                    last,
                )
                crew.share(call, shape.batch, start, shape.time)
        ctx.save_for_backward(*weights, *inputs, *kept)
        ctx.shape, ctx.dilations, ctx.spent = shape, dilations, False
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
        shape, dilations, count = ctx.shape, ctx.dilations, len(ctx.dilations)
        weights, inputs, kept = (
            ctx.saved_tensors[:4],
            ctx.saved_tensors[4 : 4 + count],
            ctx.saved_tensors[4 + count :],
        )
        d_gates = d_gates.contiguous()
        taps = (
            weights[0].view(count, shape.kernel, shape.channels, 2 * shape.units).transpose(2, 3).contiguous()
        )
        residual = weights[2].transpose(1, 2).contiguous()
        d_hidden = torch.zeros(shape.batch, shape.time, shape.channels)
        dh, turned, r = _addresses(d_hidden), _addresses(taps), _addresses(residual)
        with _Crew() as crew:
            copies = [torch.zeros(crew.threads, *weight.shape) for weight in weights]
            for layer in reversed(range(count)):
                last = layer == count - 1
                inner = 0 if last else layer
                h, dz, start = _addresses(inputs[layer]), _addresses(kept[layer]), shape.starts[layer]
                dg = _addresses(d_gates, layer * shape.units)
                sums = [
                    [copy[thread, inner if i > 1 else layer].data_ptr() for i, copy in enumerate(copies)]
                    for thread in range(crew.threads)
                ]
                call = partial(_gates_run, h, dh, dz, dg, shape, r[inner], sums, dilations[layer], last)
                crew.share(call, shape.batch, start, shape.time)
                begin = shape.starts[layer - 1] if layer else 0
                call = partial(_hidden_run, dh, dz, turned[layer], shape, start, dilations[layer])
                crew.share(call, shape.batch, begin, shape.time)
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
