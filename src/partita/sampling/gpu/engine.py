"""The GPU engine: a persistent kernel, launched once per block of samples, draws 16 clips per program.

It draws the same clips as the CPU engine, up to rounding. Triton is imported only when an engine is created.
This file does not know prompts or blocks.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from partita.errors import PartitaError
from partita.models.wavenet import WaveNet
from partita.sampling.config import SamplingConfig
from partita.sampling.frame_sources import FrameSource
from partita.sampling.gpu.biases import BiasTable
from partita.sampling.gpu.packing import ROWS, SHARED, bias_columns, on_device, shape_of

LAUNCH = 1024
"""The most samples per launch, so that Ctrl-C takes effect within a fraction of a second."""

PROBABILITY_BYTES = 256 * 1024 * 1024
"""The most bytes of probabilities per launch on the device."""

WARPS = 8
CAPABILITY = (8, 0)
"""The lowest compute capability whose matrix units support TF32."""


def refusal(device: torch.device, precision: str) -> str | None:
    """Return why clips cannot be drawn on a device and what to do, or None if they can.

    The device `cpu` works in Triton's interpreter only, for tests: set TRITON_INTERPRET=1 before Triton is
    imported.

    >>> refusal(torch.device("cuda"), "int8")
    "`precision` is 'int8': for a GPU choose `float32` or `bfloat16`"
    """
    if precision not in {"float32", "bfloat16"}:
        return f"`precision` is {precision!r}: for a GPU choose `float32` or `bfloat16`"
    if find_spec("triton") is None:
        return "drawing on a GPU needs `triton`, which is not installed: use `--device cpu`"
    if device.type == "cuda":
        if not torch.cuda.is_available():
            return "`device` is 'cuda' but PyTorch finds no CUDA device: use `--device cpu`"
        capability = torch.cuda.get_device_capability(device)
        if capability < CAPABILITY:
            return (
                f"the CUDA device has compute capability {capability[0]}.{capability[1]}, drawing needs at"
                f" least {CAPABILITY[0]}.{CAPABILITY[1]}: use `--device cpu`"
            )
    elif device.type != "cpu" or os.environ.get("TRITON_INTERPRET") != "1":
        return f"`device` is {str(device)!r}: clips on a GPU need `cuda`"
    return None


def shared_memory(device: torch.device) -> int:
    """Return the bytes of shared memory that are available to a program."""
    if device.type != "cuda":
        return SHARED
    from triton.runtime import driver

    index = torch.cuda.current_device() if device.index is None else device.index
    return int(driver.active.utils.get_device_properties(index)["max_shared_mem"])


@contextmanager
def memory_for(clips: int) -> Iterator[None]:
    """Say what to do if the GPU's memory is full.

    Raises:
        PartitaError: the memory is full.
    """
    try:
        yield
    except torch.OutOfMemoryError as error:
        raise PartitaError(
            f"{clips} clips or particles do not fit into the GPU's memory: use fewer, or `--device cpu`"
        ) from error


class GPUEngine:
    """Clips that are drawn on a CUDA device, by the persistent kernel.

    Args:
        model: the model; its weights are copied.
        history: (clips, receptive_field) classes before the first sample.
        config: how to draw; `threads` has no effect.
        numbers: (clips,) the clip numbers, 0 to 2^63 - 1, by which `uniforms.uniforms` addresses the draws;
            by default 0, 1, 2, ...
        device: a CUDA device.
        conditions: the frames of the clips; needed if the model has a condition, otherwise ignored.

    Raises:
        PartitaError: there is no such device or no Triton, or the precision is neither float32 nor bfloat16
            (see `packing.shape_of`), or the model has a condition, and `conditions` is missing or does not
            fit.

    >>> from partita.models.sizes import SIZES
    >>> model = WaveNet(SIZES["tiny"])
    >>> history = np.full((512, model.receptive_field), 128)
    >>> GPUEngine(model, history, SamplingConfig(precision="int8"))
    Traceback (most recent call last):
    ...
    partita.errors.PartitaError: `precision` is 'int8': for a GPU choose `float32` or `bfloat16`
    """

    def __init__(
        self,
        model: WaveNet,
        history: NDArray[np.int64],
        config: SamplingConfig,
        *,
        numbers: NDArray[np.int64] | None = None,
        device: str | torch.device = "cuda",
        conditions: FrameSource | None = None,
    ) -> None:
        self._device = torch.device(device)
        reason = refusal(self._device, config.precision)
        if reason is not None:
            raise PartitaError(reason)
        if self._device == torch.device("cuda"):
            self._device = torch.device(
                "cuda", torch.cuda.current_device()
            )  # the current device may change later
        from partita.sampling.gpu import kernel

        self._kernels: Any = kernel
        self.position = 0
        self._time = 0
        self._clips, self._classes = len(history), model.config.classes
        self._programs = -(-self._clips // ROWS)
        weights = on_device(model, config.precision, self._device)
        self._biases = BiasTable(
            model,
            conditions,
            clips=self._clips,
            bias=weights["bias"],
            columns=bias_columns(model.config),
        )
        self._shape = shape_of(
            model.config, config.precision, shared_memory(self._device), own_biases=self._biases.own
        )
        self._rings = self._zeros(self._programs, self._shape.rings(), dtype=torch.float32)
        self._newest = self._zeros(self._programs * ROWS, dtype=torch.int32)
        self._lines = self._zeros(self._programs * ROWS, self._shape.slots, dtype=torch.int32)
        workspace = self._zeros(self._programs, self._shape.workspace(), dtype=torch.float32)
        self._layers = [self._padded(self._biases.rows), self._lines, self._rings, workspace]
        self._layers += [weights[name] for name in ("embedding", "periodic", "dilated", "residual")]
        self._head = [weights[name] for name in ("skip", "end1", "end1_bias", "end2", "end2_bias")]
        self._sizes = (len(weights["bias"]), self._shape.rings(), self._shape.workspace())
        numbers = np.arange(self._clips) if numbers is None else numbers
        self._numbers = self._padded(np.asarray(numbers, np.int64))
        self._set_rule(config)
        self._take_in(history)

    def _zeros(self, *shape: int, dtype: torch.dtype) -> torch.Tensor:
        with memory_for(self._clips):
            return torch.zeros(shape, dtype=dtype, device=self._device)

    def _padded(self, rows: NDArray[Any]) -> torch.Tensor:
        """Return (..., clips) numbers on the device, with zeros for the clips that pad the last program."""
        spare = self._programs * ROWS - self._clips
        filled = np.pad(np.ascontiguousarray(rows), [(0, 0)] * (rows.ndim - 1) + [(0, spare)])
        return torch.from_numpy(filled).to(self._device)

    def _set_rule(self, config: SamplingConfig) -> None:
        """Store the settings of the draw in the form that the kernel takes."""
        self._top_k = config.top_k if config.top_k is not None and config.top_k < self._classes else 0
        top_p = config.top_p if config.top_p is not None else 1.0
        self._seed = (config.seed & 0xFFFFFFFF, config.seed >> 32)
        factor = -0.5 / config.smoothing**2 if config.smoothing else 0.0
        rule = [1.0 / config.temperature, top_p, factor]
        self._rule = torch.tensor(rule, dtype=torch.float64, device=self._device)
        self._flags = {
            "TOP_K": bool(self._top_k > 0),
            "TOP_P": bool(top_p < 1.0),
            "SMOOTH": bool(config.smoothing),
        }

    def _clock(self, time: int, phase: int) -> torch.Tensor:
        """Return what the kernel needs to know of time, the seed and top_k.

        It is a tensor: as plain numbers, each value would be compiled anew.
        """
        values = [time, self.position, *self._seed, self._top_k, phase]
        return torch.tensor(values, dtype=torch.int64, device=self._device)

    def _take_in(self, history: NDArray[np.int64]) -> None:
        """Process the samples before the first drawn one."""
        known, length = self._padded(history.T.astype(np.int32)), history.shape[1]
        for start in range(1 - length, 0, min(LAUNCH, self._biases.most)):
            stop = min(start + min(LAUNCH, self._biases.most), 0)
            with memory_for(self._clips):
                biases = self._biases.at(start, stop)
            part = known[length + start - 1 : length + stop]
            with torch.cuda.device(self._newest.get_device()):  # Triton launches on the current device
                self._kernels.take_in[(self._programs,)](
                    len(part), part, self._newest, self._clock(stop, biases.phase), biases.table,
                    biases.periods, *self._layers, biases.block_size, biases.period_size, *self._sizes,
                    **self._shape.of_layers(), num_warps=WARPS,
                )  # fmt: skip
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)  # a later draw may be on another stream

    def take(self, steps: int, probabilities: NDArray[np.float32] | None = None) -> NDArray[np.uint16]:
        """Draw the next samples, and wait for them.

        Args:
            steps: samples per clip.
            probabilities: (clips, steps, classes), filled with the probabilities that were drawn from.

        Returns:
            (clips, steps) classes.
        """
        drawn = np.empty((self._clips, steps), np.int16)
        each = min(LAUNCH, self._biases.most)
        if probabilities is not None:
            each = max(1, min(each, PROBABILITY_BYTES // (4 * self._programs * ROWS * self._shape.c)))
        for start in range(0, steps, each):
            stop = min(start + each, steps)
            self._launch(
                drawn[:, start:stop], None if probabilities is None else probabilities[:, start:stop]
            )
        return drawn.view(np.uint16)

    def _launch(self, drawn: NDArray[np.int16], probabilities: NDArray[np.float32] | None) -> None:
        """Draw as many samples as `drawn` has columns, in one launch."""
        steps, clips = drawn.shape[1], self._programs * ROWS
        fresh = self._zeros(steps, clips, dtype=torch.int16)
        shape = (steps, clips, self._shape.c) if probabilities is not None else (1,)
        masses = self._zeros(*shape, dtype=torch.float32)
        with memory_for(self._clips):
            biases = self._biases.at(self.position, self.position + steps)
        clock = self._clock(self._time, biases.phase)
        with torch.cuda.device(self._newest.get_device()):
            self._kernels.draw_steps[(self._programs,)](
                steps, fresh, masses, self._newest, self._numbers, clock, self._rule, biases.table,
                biases.periods, *self._layers, *self._head, biases.block_size, biases.period_size,
                *self._sizes, **self._shape.of_steps(),
                **self._flags, WATCH=probabilities is not None, num_warps=WARPS,
            )  # fmt: skip
        self.position += steps
        self._time += steps
        drawn[:] = fresh[:, : self._clips].T.cpu().numpy()
        if probabilities is not None:
            unnormalized = masses[:, : self._clips, : self._classes].transpose(0, 1).cpu().numpy()
            probabilities[:] = unnormalized / unnormalized.sum(-1, keepdims=True)

    def copy(self, targets: NDArray[np.int64], sources: NDArray[np.int64]) -> None:
        """Replace the past of some clips with that of others; each clip keeps its own number and its frames.

        Args:
            targets: (n,) rows of the clips to overwrite, each at most once.
            sources: (n,) rows of the clips to copy; none of them is a target.
        """
        if len(targets) == 0:
            return
        to, origin = (torch.as_tensor(clips, device=self._device) for clips in (targets, sources))
        rings = self._rings.view(self._programs, -1, ROWS, self._shape.r)
        rings[to // ROWS, :, to % ROWS] = rings[origin // ROWS, :, origin % ROWS]
        self._newest[to], self._lines[to] = self._newest[origin], self._lines[origin]
