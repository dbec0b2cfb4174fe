"""A model's weights as the GPU kernel reads them, and the numbers that the kernel is compiled for.

Channels are padded with zeros to whole tiles, so that every network takes the same path. The columns of the
filter and the gate alternate in each dilated matrix: one product computes both, and they are split without
moving data. This file does not know how to draw.
"""

from dataclasses import dataclass
from math import gcd

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from partita.audio.features.layout import HOLD
from partita.models.sizes import WaveNetConfig
from partita.models.wavenet import WaveNet
from partita.sampling.precision import MATRICES
from partita.sampling.weights import Array, folded_weights, line_slots, padded_bias, zero_padded

ROWS = 16
"""Clips per program: the fewest rows that the matrix units multiply."""

TILE_CHANNELS = 64
"""The most channels in a tile of a layer's weights."""

HEAD_TILE = 128
HEAD_DEPTH = 32
HEAD_STAGES = 4
"""Outputs and depth of a tile of the head's weights, and the tiles that are loaded at once."""

SHARED = 99 * 1024
"""Bytes of shared memory per program that every device with TF32 has."""

EXCHANGE = 16 * 1024
"""Bytes of shared memory for tiles between two products; the rest is for weights that are being loaded."""


def padded_channels(count: int, largest: int) -> int:
    """Return the number of channels after padding: a power of two from 16 on, or a multiple of `largest`.

    >>> [padded_channels(count, 64) for count in (3, 20, 64, 65)]
    [16, 32, 64, 128]
    """
    if count > largest:
        return -(-count // largest) * largest
    return max(16, 1 << (count - 1).bit_length())


def ring_slots(kernel_size: int) -> int:
    """Return the slots of a ring per unit of dilation, a power of two.

    A layer needs (kernel_size - 1) * dilation past states and a slot for the newest one. With a power of two,
    no division of 64-bit numbers is needed for each layer and sample.

    >>> [ring_slots(kernel_size) for kernel_size in (2, 3, 4, 5)]
    [2, 4, 4, 8]
    """
    return int(1 << (kernel_size - 1).bit_length())


@dataclass(frozen=True)
class Shape:
    """The numbers that the kernel is compiled for: layers, channels after padding, and how to multiply.

    `r`, `u`, `s`, `e` and `c` are residual channels, units (dilation channels), skip channels, end channels
    and classes.
    """

    layers: int
    per_block: int
    kernel_size: int
    r: int
    u: int
    s: int
    e: int
    c: int
    precision: str
    stages: int
    own: bool
    """Whether each clip has its own row of biases; otherwise all share one."""
    periodic: int
    """Samples about one period earlier that are read."""
    classes: int
    """Classes before padding."""
    slots: int
    """Samples that the line of a clip holds, a power of two."""

    def of_layers(self) -> dict[str, int | str]:
        """Return the compile-time arguments of `take_in`."""
        return {
            "LAYERS": self.layers,
            "PER_BLOCK": self.per_block,
            "SPREAD": ring_slots(self.kernel_size),
            "TAPS": self.kernel_size,
            "R": self.r,
            "U": self.u,
            "BLOCK_R": min(self.r, TILE_CHANNELS),
            "BLOCK_U": min(self.u, TILE_CHANNELS),
            "ROWS": ROWS,
            "STAGES": self.stages,
            "HOLD": HOLD,
            "OWN": self.own,
            "PRECISION": self.precision,
            "PERIODIC": self.periodic,
            "CLASSES": self.classes,
            "SLOTS": self.slots,
        }

    def of_steps(self) -> dict[str, int | str]:
        """Return the compile-time arguments of `draw_steps`, except those of the draw."""
        return self.of_layers() | {
            "S": self.s,
            "E": self.e,
            "C": self.c,
            "BLOCK_G": gcd(self.layers * self.u, HEAD_DEPTH),
            "BLOCK_S": min(self.s, HEAD_TILE),
            "BLOCK_E": min(self.e, HEAD_TILE),
            "BLOCK_C": min(self.c, HEAD_TILE),
            "BLOCK_K": min(self.s, self.e, HEAD_DEPTH),
            "BLOCK_D": gcd(self.c, 2 * HEAD_TILE),
            "HEAD_STAGES": HEAD_STAGES,
        }

    def rings(self) -> int:
        """Return the number of floats in the rings of a program."""
        slots = ring_slots(self.kernel_size) * (self.layers // self.per_block) * ((1 << self.per_block) - 1)
        return slots * ROWS * self.r

    def workspace(self) -> int:
        """Return the number of floats in the workspace of a program."""
        return ROWS * (self.layers * self.u + self.s + self.e + 2 * self.c)


def shape_of(
    config: WaveNetConfig, precision: str, shared: int = SHARED, *, own_biases: bool = False
) -> Shape:
    """Return what the kernel is compiled for.

    `float32` splits each product into three TF32 products. `bfloat16` has bfloat16 matrices, which TF32
    represents exactly, and needs two. Both have the rounding error of float32.

    Args:
        config: the shape of the network.
        precision: "float32" or "bfloat16".
        shared: bytes of shared memory per program.
        own_biases: whether each clip has its own row of biases.

    >>> from partita.models.sizes import SIZES
    >>> shape_of(SIZES["wide"], "float32").stages
    4
    """
    r = padded_channels(config.residual_channels, TILE_CHANNELS)
    u = padded_channels(config.dilation_channels, TILE_CHANNELS)
    width = 4 if precision == "float32" else 2
    layer = width * (config.kernel_size * r * 2 * u + u * r) + 4 * (config.kernel_size - 1) * ROWS * r
    layer += 4 * ROWS * 2 * u if own_biases else 0
    ahead = max(0, min(3, (shared - EXCHANGE) // layer))
    return Shape(
        layers=len(config.dilations),
        per_block=config.layers,
        kernel_size=config.kernel_size,
        r=r,
        u=u,
        s=padded_channels(config.skip_channels, HEAD_TILE),
        e=padded_channels(config.end_channels, HEAD_TILE),
        c=padded_channels(config.classes, HEAD_TILE),
        precision="tf32x3" if precision == "float32" else "tf32x2",
        stages=ahead + 1,
        own=own_biases,
        periodic=config.period_taps,
        classes=config.classes,
        slots=line_slots(config),
    )


def padded_weights(model: WaveNet, precision: str) -> dict[str, Array]:
    """Return the weights, padded to whole tiles, in float64.

    `bias` is what a step starts from without a condition: the biases of all layers, then of the skip product.

    Raises:
        PartitaError: a weight is not finite.

    >>> from partita.models.sizes import SIZES
    >>> padded_weights(WaveNet(SIZES["tiny"]), "float32")["dilated"].shape
    (10, 2, 16, 32)
    """
    w, config = folded_weights(model, precision), model.config
    shape = shape_of(config, precision)
    layers, kernel_size = shape.layers, shape.kernel_size
    pairs = zero_padded(w["dilated"].swapaxes(-1, -2), (layers, kernel_size, shape.r, shape.u, 2))
    gates = zero_padded(w["dilated_bias"].swapaxes(-1, -2), (layers, shape.u, 2))
    taps = w.get("periodic", w["embedding"][None, :1])  # without taps a row that is never read
    return {
        "embedding": zero_padded(w["embedding"], (config.classes, shape.r)),
        "periodic": zero_padded(taps, (*taps.shape[:2], shape.r)),
        "dilated": pairs.reshape(layers, kernel_size, shape.r, 2 * shape.u),
        "bias": np.concatenate([gates.ravel(), zero_padded(w["skip_bias"], (shape.s,))]),
        "residual": zero_padded(w["residual"], (layers, shape.u, shape.r)),
        "skip": zero_padded(w["skip"], (layers, shape.u, shape.s)),
        "end1": zero_padded(w["end1"], (shape.s, shape.e)),
        "end1_bias": zero_padded(w["end1_bias"], (shape.e,)),
        "end2": zero_padded(w["end2"], (shape.e, shape.c)),
        "end2_bias": padded_bias(w["end2_bias"], shape.c),
    }


def bias_columns(config: WaveNetConfig) -> NDArray[np.int64]:
    """Return which of a conditioner's products each bias of the padded weights gets; -1 for none.

    >>> from partita.models.sizes import SIZES
    >>> from dataclasses import replace
    >>> config = replace(SIZES["tiny"], dilation_channels=15, skip_channels=2)
    >>> columns = bias_columns(config)
    >>> columns[:4].tolist(), columns[28:34].tolist(), columns[-16:-12].tolist()
    ([0, 15, 1, 16], [14, 29, -1, -1, 30, 45], [300, 301, -1, -1])
    """
    layers, units = len(config.dilations), config.dilation_channels
    gates = np.full((layers, padded_channels(units, TILE_CHANNELS), 2), -1)
    gates[:, :units] = np.arange(layers * 2 * units).reshape(layers, 2, units).swapaxes(-1, -2)
    skips = np.full(padded_channels(config.skip_channels, HEAD_TILE), -1)
    skips[: config.skip_channels] = layers * 2 * units + np.arange(config.skip_channels)
    return np.concatenate([gates.ravel(), skips])


def on_device(model: WaveNet, precision: str, device: torch.device) -> dict[str, Tensor]:
    """Return the weights, padded to whole tiles, on a device, by the names of the kernel's arguments."""
    matrix = torch.float32 if precision == "float32" else torch.bfloat16
    return {
        name: torch.from_numpy(np.ascontiguousarray(value)).to(
            device, matrix if name in MATRICES else torch.float32
        )
        for name, value in padded_weights(model, precision).items()
    }
