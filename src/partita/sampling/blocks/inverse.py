"""The inverse of a masked autoregressive flow: noise to sound, one sample after the other in each flow.

`cpu/flows/inverse.py` has the compiled loop over the samples; this file prepares its arrays. Clips run in
threads of their own. All is computed in float64, so that the density of the sound has the noise again.
"""

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from partita.models.conditioning.conditions import Conditions
from partita.models.flows.maf import MAF
from partita.models.flows.spline_flow import BOUND, LEAST_SLOPE, SplineFlow
from partita.ops.gated_stack.blocks import BlockBias
from partita.sampling.cpu.flows.inverse import FlowArrays, FlowState, invert

WEIGHTS = (
    *("dilated", "dilated_bias", "residual", "residual_bias", "skip", "skip_bias"),
    *("end1", "end1_bias", "end2", "end2_bias"),
)


class FlowInverse:
    """Invert one flow, given the samples of its input before a window.

    Args:
        flow: the flow, in float64.
        past: (clips, receptive field) float64, of the input.
        bias: what the condition adds; row 0 belongs to the second sample of the past.
    """

    def __init__(self, flow: SplineFlow, past: Tensor, bias: BlockBias | None) -> None:
        self._arrays, self._bias = flow_arrays(flow), bias
        queues = _queues(flow, past, bias)
        self._states = [
            FlowState(queue.numpy(), past[clip, -1:].numpy().copy(), np.array([past.shape[1] - 1]))
            for clip, queue in enumerate(queues)
        ]
        self._nothing = np.zeros((1, flow.dilated_bias.numel() + flow.skip_bias.numel()))

    def __call__(self, outputs: Tensor, threads: int) -> Tensor:
        """Return the samples of the input that the flow transforms to the next ones of its output.

        Args:
            outputs: (clips, samples) float64.
            threads: to compute with.
        """
        wanted = outputs.contiguous().numpy()
        found = np.empty_like(wanted)

        def one(clip: int) -> None:
            biases, phase, hold = self._biases_of(clip)
            invert(self._arrays, self._states[clip], biases, phase, hold, wanted[clip], found[clip])

        with ThreadPoolExecutor(min(threads, len(found))) as pool:
            list(pool.map(one, range(len(found))))
        return torch.from_numpy(found)

    def _biases_of(self, clip: int) -> tuple[NDArray[np.float64], int, int]:
        if self._bias is None:
            return self._nothing, 0, 1 << 62
        values = np.ascontiguousarray(self._bias.values[clip].numpy())
        return values, int(self._bias.phase[clip]), self._bias.hold


def flow_arrays(flow: SplineFlow) -> FlowArrays:
    """Return the arrays that the compiled loop reads.

    Args:
        flow: the flow, in float64.
    """
    weights = {name: getattr(flow, name).detach().contiguous().numpy() for name in WEIGHTS}
    middle, half = flow.log_scale_range
    return FlowArrays(
        embedding=flow.embedding.detach().numpy(),
        places=flow.places().numpy(),
        dilations=np.array(flow.network.dilations, np.int64),
        kernel_size=flow.network.kernel_size,
        middle=middle,
        half=half,
        bound=BOUND,
        log_slope=math.log(LEAST_SLOPE),
        **weights,
    )


def _queues(flow: SplineFlow, past: Tensor, bias: BlockBias | None) -> Tensor:
    """Return the layers' queues after all samples of the past but the newest, (clips, states, channels)."""
    hidden, queues, time = flow.embed(past[:, :-1]), [], past.shape[1] - 1
    kernel, wide = flow.network.kernel_size, flow.dilated.shape[2]
    for layer, dilation in enumerate(flow.network.dilations):
        span = (kernel - 1) * dilation
        queues.append(hidden[:, hidden.shape[1] - span :].roll(time, 1))
        if layer == len(flow.network.dilations) - 1:
            break
        length = hidden.shape[1] - span
        taps = [hidden[:, tap * dilation : tap * dilation + length] for tap in range(kernel)]
        sums = torch.cat(taps, 2) @ flow.dilated[layer] + flow.dilated_bias[layer]
        if bias is not None:
            sums = sums + bias.rows(layer * wide, (layer + 1) * wide, first=time - length, length=length)
        filters, gates = sums.chunk(2, 2)
        units = torch.tanh(filters) * torch.sigmoid(gates)
        hidden = taps[-1] + units @ flow.residual[layer] + flow.residual_bias[layer]
    return torch.cat(queues, 1)


def inverted(
    model: MAF, past: Tensor, noise: Tensor, conditions: Conditions | None = None, *, threads: int = 1
) -> Tensor:
    """Return the window of sound that a model transforms to some noise.

    Args:
        model: the model, on the CPU, in float64.
        past: (clips, receptive field), the dequantised sound before the window.
        noise: (clips, samples).
        conditions: the frames; `start` is the time of the first sample of the past.
        threads: to compute with.

    >>> from partita.models.flows.maf import MAFConfig
    >>> from partita.models.sizes import SIZES
    >>> model = MAF(SIZES["tiny"], MAFConfig(), generator=torch.Generator().manual_seed(0)).double()
    >>> past = torch.zeros(1, model.receptive_field, dtype=torch.float64)
    >>> noise = torch.tensor([[1.0, -2.0, 0.5]], dtype=torch.float64)
    >>> sound = inverted(model, past, noise)
    >>> bool((model(torch.cat([past, sound], 1)).noise - noise).abs().max() < 1e-9)
    True
    """
    with torch.no_grad():
        inverses = _inverses(model, past, noise.shape[1], conditions)
    values = noise
    for number in reversed(range(len(inverses))):
        turned = inverses[number](values.flip(1) if number % 2 else values, threads)
        values = turned.flip(1) if number % 2 else turned
    return values


def _inverses(model: MAF, past: Tensor, samples: int, conditions: Conditions | None) -> Sequence[FlowInverse]:
    """Return the inverse of each flow, with the past that it reads."""
    field, time = model.field, model.receptive_field + samples
    biases = model.biases(conditions, torch.full((len(past),), time - 1), samples=time)
    inverses = []
    for number, flow in enumerate(model.spline_flows):
        bias = biases[number]
        if number % 2:
            inverses.append(FlowInverse(flow, past.new_zeros(len(past), field), bias))
        else:
            later = None if bias is None else replace(bias, phase=bias.phase + past.shape[1] - field)
            inverses.append(FlowInverse(flow, past[:, -field:], later))
            past, _ = flow.transform(past[:, field:], flow(past, bias))
    return inverses
