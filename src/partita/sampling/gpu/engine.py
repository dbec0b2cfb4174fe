"""Clips on a CUDA device: 16 of them a program of one persistent kernel, launched once a block of samples.

What is drawn is what the compiled kernel on the CPU draws, within rounding. This file does not know prompts
or blocks, and Triton is imported only when clips are made.
"""

import os
from importlib.util import find_spec
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from partita.errors import PartitaError
from partita.models.wavenet import WaveNet
from partita.sampling.config import SamplingConfig
from partita.sampling.gpu.packing import ROWS, SHARED, on_device, shape_of

LAUNCH = 1024
"""The most samples of a launch, so that Ctrl-C is heard within a fraction of a second."""

SEEN_BYTES = 256 * 1024 * 1024
"""Room on the device for the probabilities that were drawn from: launches are as short as that asks."""

WARPS = 8
CAPABILITY = (8, 0)
"""The oldest devices whose matrix units take TF32."""


def refusal(device: torch.device, precision: str) -> str | None:
    """Return why clips can't be drawn on a device, and what to do, or None when they can.

    A `cpu` is good only where Triton interprets (TRITON_INTERPRET=1 before its first import), for tests.

    >>> refusal(torch.device("cuda"), "int8")
    "`precision` is 'int8': for a GPU choose `float32` or `bfloat16`"
    """
    if precision not in {"float32", "bfloat16"}:
        return f"`precision` is {precision!r}: for a GPU choose `float32` or `bfloat16`"
    if find_spec("triton") is None:
        return "drawing on a GPU needs `triton`, which is not installed: use `--device cpu`"
    if device.type == "cuda":
        if not torch.cuda.is_available():
            return "`device` is 'cuda' but PyTorch sees no CUDA device: use `--device cpu`"
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
    """Return the bytes of shared memory that a program can have."""
    if device.type != "cuda":
        return SHARED
    from triton.runtime import driver

    index = torch.cuda.current_device() if device.index is None else device.index
    return int(driver.active.utils.get_device_properties(index)["max_shared_mem"])


class GPUEngine:
    """Clips on a CUDA device, drawn by the persistent kernel.

    Args:
        model: the weights, copied.
        history: (clips, receptive_field) classes before the first sample.
        config: how to draw; `threads` plays no part.
        numbers: (clips,) the clips' numbers, 0 to 2^63 - 1, behind the draws; by default 0, 1, 2, ...
        device: a CUDA device.

    Raises:
        PartitaError: there is no such device, no Triton, or the precision is neither float32 nor bfloat16
            (see `gpu_packing.shape_of` for what is multiplied).

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
    ) -> None:
        self._device = torch.device(device)
        reason = refusal(self._device, config.precision)
        if reason is not None:
            raise PartitaError(reason)
        if self._device == torch.device("cuda"):
            self._device = torch.device("cuda", torch.cuda.current_device())  # whichever is current later
        from partita.sampling.gpu.kernel import draw_steps, take_in

        self._draw_steps: Any = draw_steps
        self.position = 0
        self._time = 0
        self._clips, self._classes = len(history), model.config.classes
        self._programs = -(-self._clips // ROWS)
        self._shape = shape_of(model.config, config.precision, shared_memory(self._device))
        weights = on_device(model, config.precision, self._device)
        self._rings = self._zeros(self._programs, self._shape.rings(), dtype=torch.float32)
        self._newest = self._zeros(self._programs * ROWS, dtype=torch.int32)
        self._layers = [
            self._rings,
            self._zeros(self._programs, self._shape.room(), dtype=torch.float32),
            *(weights[name] for name in ("embedding", "dilated", "bias", "residual")),
        ]
        names = ("skip", "skip_bias", "end1", "end1_bias", "end2", "end2_bias")
        self._head = [weights[name] for name in names]
        numbers = np.arange(self._clips) if numbers is None else numbers
        self._numbers = self._spread(np.asarray(numbers, np.int64))
        self._set_rule(config)
        known = self._spread(history.T.astype(np.int32))
        with torch.cuda.device(self._newest.get_device()):  # Triton launches on the current device
            take_in[(self._programs,)](
                len(known), known, self._newest, self._clock(), *self._layers, self._shape.rings(),
                self._shape.room(), **self._shape.of_layers(), num_warps=WARPS,
            )  # fmt: skip
            if self._device.type == "cuda":
                torch.cuda.synchronize()  # a later draw may be on another stream

    def _zeros(self, *shape: int, dtype: torch.dtype) -> torch.Tensor:
        try:
            return torch.zeros(shape, dtype=dtype, device=self._device)
        except torch.OutOfMemoryError as error:
            raise PartitaError(
                f"{self._clips} clips or particles don't fit the GPU's memory: ask for fewer, or use"
                " `--device cpu`"
            ) from error

    def _spread(self, rows: NDArray[Any]) -> torch.Tensor:
        """Return (..., clips) numbers on the device, with zeros for the clips that fill up a program."""
        spare = self._programs * ROWS - self._clips
        filled = np.pad(np.ascontiguousarray(rows), [(0, 0)] * (rows.ndim - 1) + [(0, spare)])
        return torch.from_numpy(filled).to(self._device)

    def _set_rule(self, config: SamplingConfig) -> None:
        """Keep the draw's settings as the kernel takes them."""
        self._top_k = config.top_k if config.top_k is not None and config.top_k < self._classes else 0
        top_p = config.top_p if config.top_p is not None else 1.0
        self._seed = (config.seed & 0xFFFFFFFF, config.seed >> 32)
        self._rule = torch.tensor([1.0 / config.temperature, top_p], dtype=torch.float64, device=self._device)
        self._flags = {"TOP_K": bool(self._top_k > 0), "TOP_P": bool(top_p < 1.0)}

    def _clock(self) -> torch.Tensor:
        """Return what would otherwise make a kernel of its own for each value: time, seed and top_k."""
        values = [self._time, self.position, *self._seed, self._top_k]
        return torch.tensor(values, dtype=torch.int64, device=self._device)

    def take(self, steps: int, seen: NDArray[np.float32] | None = None) -> NDArray[np.int16]:
        """Draw the next samples, and wait for them.

        Args:
            steps: samples of each clip.
            seen: (clips, steps, classes), filled with the probabilities that were drawn from.

        Returns:
            (clips, steps).
        """
        drawn = np.empty((self._clips, steps), np.int16)
        each = LAUNCH
        if seen is not None:
            each = max(1, min(each, SEEN_BYTES // (4 * self._programs * ROWS * self._shape.c)))
        for start in range(0, steps, each):
            stop = min(start + each, steps)
            self._launch(drawn[:, start:stop], None if seen is None else seen[:, start:stop])
        return drawn

    def _launch(self, drawn: NDArray[np.int16], seen: NDArray[np.float32] | None) -> None:
        """Draw as many samples as `drawn` has room for, in one launch."""
        steps, clips = drawn.shape[1], self._programs * ROWS
        fresh = self._zeros(steps, clips, dtype=torch.int16)
        room = (steps, clips, self._shape.c) if seen is not None else (1,)
        powers = self._zeros(*room, dtype=torch.float32)
        with torch.cuda.device(self._newest.get_device()):
            self._draw_steps[(self._programs,)](
                steps, fresh, powers, self._newest, self._numbers, self._clock(), self._rule, *self._layers,
                *self._head, self._shape.rings(), self._shape.room(), **self._shape.of_steps(),
                **self._flags, WATCH=seen is not None, num_warps=WARPS,
            )  # fmt: skip
        self.position += steps
        self._time += steps
        drawn[:] = fresh[:, : self._clips].T.cpu().numpy()
        if seen is not None:
            shares = powers[:, : self._clips, : self._classes].transpose(0, 1).cpu().numpy()
            seen[:] = shares / shares.sum(-1, keepdims=True)

    def copy(self, targets: NDArray[np.int64], sources: NDArray[np.int64]) -> None:
        """Give clip `targets[i]` the whole past of clip `sources[i]`; no clip is both, targets are distinct.

        The numbers behind the draws stay where they are, so a copy goes on differently from its source.
        """
        if len(targets) == 0:
            return
        to, origin = (torch.as_tensor(clips, device=self._device) for clips in (targets, sources))
        rings = self._rings.view(self._programs, -1, ROWS, self._shape.r)
        rings[to // ROWS, :, to % ROWS] = rings[origin // ROWS, :, origin % ROWS]
        self._newest[to] = self._newest[origin]
