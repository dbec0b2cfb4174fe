"""A model's weights as the compiled CPU sampler reads them: in reading order, padded to whole vectors.

Channels are padded with zeros to a multiple of 16, so that every network takes the same path. This
file does not know how to draw.
"""

from dataclasses import dataclass
from typing import Any

import llvmlite.binding as llvm
import numpy as np
import torch
from numpy.typing import NDArray

from partita.models.heads.base import Head
from partita.models.sizes import WaveNetConfig
from partita.models.wavenet import WaveNet
from partita.ops.llvm.unpack import FLOAT32, INT8
from partita.ops.llvm.vector import WIDTH
from partita.sampling.cpu.kernel import Network
from partita.sampling.cpu.matmul import Matrix
from partita.sampling.precision import MATRICES, bytes_per_weight, scales, stored_bits
from partita.sampling.weights import (
    Array,
    aligned_zeros,
    folded_weights,
    line_slots,
    padded_bias,
    zero_padded,
)


def wide_registers() -> bool:
    """Return whether this machine has 32 registers of 16 floats (AVX-512)."""
    return bool(llvm.get_host_cpu_features().get("avx512f", False))


def panels_for(outputs: int) -> int:
    """Return how many panels of 16 hold the outputs: 1, 2 or a multiple of 4, which blocks divide evenly.

    >>> [panels_for(outputs) for outputs in (1, 17, 48, 64, 65)]
    [1, 2, 4, 4, 8]
    """
    panels = -(-outputs // WIDTH)
    return panels if panels <= 2 else -(-panels // 4) * 4


def chains_for(panels: int) -> int:
    """Return how many partial sums per output keep the arithmetic units busy.

    The number depends on the outputs alone, so the order of summation is the same for any number of clips.
    """
    return max(1, 8 // panels)


def block_for(panels: int, columns: int) -> int:
    """Return how many panels form a block of registers, for one column or several."""
    if columns > 1:
        return min(panels, 4 if wide_registers() else 2)
    return min(panels, max(1, (16 if wide_registers() else 4) // chains_for(panels)))


def columns_for(clips: int) -> int:
    """Return the most columns that share a block of registers, in a group of this many clips."""
    if clips == 1:
        return 1
    return 6 if wide_registers() else 3


def padded_channels(count: int) -> int:
    """Return the number of channels in whole panels."""
    return WIDTH * panels_for(count)


class Packer:
    """Collects arrays in one aligned buffer and returns where each one starts."""

    def __init__(self) -> None:
        self.parts: list[NDArray[np.float32]] = []
        self.size = 0

    def add(self, array: NDArray[Any]) -> int:
        """Append an array, whose size is a multiple of 16, and return where it starts, in floats."""
        place = self.size
        # a float64 array contains numbers, a float32 one may contain the bits of other types
        self.parts.append(array.astype(np.float32, copy=False).ravel())
        self.size += array.size
        return place

    def add_matrices(
        self, layers: dict[str, Array], columns: int, weight_bytes: dict[str, int]
    ) -> dict[str, Matrix]:
        """Append the matrices of all layers in reading order: all matrices of one layer, then the next layer.

        Args:
            layers: by name (layers, rows, outputs), already rounded to the stored precision.
            columns: the most columns that share a block of registers.
            weight_bytes: by name, the bytes per weight.

        Returns:
            the matrices by name; addresses are bytes from the start of the buffer.
        """
        steps = {name: scales(array).reshape(len(array), -1, WIDTH) for name, array in layers.items()}
        found = {}
        for name, array in layers.items():
            _, rows, outputs = array.shape
            panels, step, stored = outputs // WIDTH, steps[name], weight_bytes[name]
            scales_at = 4 * self.add(np.stack([step, 1.0 / step], 2)) if stored == INT8 else 0
            block, chains = block_for(panels, columns), chains_for(panels)
            numbers = (0, stored, 0, rows, panels, chains, block, scales_at)
            found[name] = Matrix(*(np.int64(number) for number in numbers))
        start, places = self.size, {}
        for layer in range(max(map(len, layers.values()))):
            for name, m in found.items():
                places[name, layer] = 4 * self.size
                panels = layers[name][layer].reshape(m.rows, m.panels, WIDTH)
                for first in range(0, m.panels, m.block):
                    here = slice(first, first + m.block)
                    self.add(stored_bits(panels[:, here], weight_bytes[name], steps[name][layer, here]))
            if layer == 0:
                size = np.int64(4 * (self.size - start))
        return {name: m._replace(address=places[name, 0], layer_bytes=size) for name, m in found.items()}

    def buffer(self) -> NDArray[np.float32]:
        """Return all arrays, one after the other."""
        whole = aligned_zeros(self.size)
        np.concatenate(self.parts, out=whole)
        return whole


def padded_weights(model: WaveNet, precision: str) -> dict[str, Array]:
    """Return the folded weights in whole panels.

    Args:
        model: the model.
        precision: "float32", "bfloat16" or "int8".

    Returns:
        the weights by name; `dilated` is (layers, kernel_size * rows, outputs).
    """
    w, config = folded_weights(model, precision), model.config
    layers, kernel_size = len(config.dilations), config.kernel_size
    residual, units, skip, end, outputs = (
        padded_channels(count)
        for count in (
            config.residual_channels, config.dilation_channels, config.skip_channels, config.end_channels,
            config.outputs,
        )
    )  # fmt: skip
    dilated = zero_padded(w["dilated"], (layers, kernel_size, residual, 2, units))
    gates, skips = zero_padded(w["dilated_bias"], (layers, 2, units)), zero_padded(w["skip_bias"], (skip,))
    periodic = periodic_tables(w, mixed=model.fine is not None)
    return {
        "embedding": zero_padded(w["embedding"], (config.embeddings, residual)),
        "periodic": zero_padded(periodic, (len(periodic), config.embeddings, residual)),
        "bias": np.concatenate([gates.ravel(), skips]),
        "dilated": dilated.reshape(layers, kernel_size * residual, 2 * units),
        "residual": zero_padded(w["residual"], (layers, units, residual)),  # the last one is never read
        "skip": zero_padded(w["skip"], (layers, units, skip)).reshape(1, layers * units, skip),
        "end1": zero_padded(w["end1"], (skip, end))[None],
        "end1_bias": zero_padded(w["end1_bias"], (end,)),
        "end2": zero_padded(w["end2"], (end, outputs))[None],
        "end2_bias": padded_bias(w["end2_bias"], outputs),
    }


def periodic_tables(weights: dict[str, Array], *, mixed: bool) -> Array:
    """Return the embedding, then those of the samples one period earlier; no rows if it is only copied."""
    if "periodic" not in weights:
        return weights["embedding"][None][: int(mixed)]
    return np.concatenate([weights["embedding"][None], weights["periodic"]])


@dataclass(frozen=True)
class PackedNetwork:
    """A network as the compiled sampler reads it; its addresses are valid while `weights` exists."""

    weights: NDArray[np.float32]
    network: Network
    dilations: tuple[int, ...]
    head: Head
    bias: NDArray[np.float64]
    """What `network.bias` points to: (layers * outputs + skip channels,), in whole panels."""
    slots: int
    """Samples of the past that are read as one period earlier, rounded up to a power of two."""


def bias_columns(config: WaveNetConfig) -> NDArray[np.int64]:
    """Return which of a conditioner's products each bias of a packed network gets; -1 for none.

    >>> from partita.models.sizes import SIZES
    >>> from dataclasses import replace
    >>> config = replace(SIZES["tiny"], dilation_channels=15, skip_channels=2)
    >>> columns = bias_columns(config)
    >>> columns[14:18].tolist(), columns[-16:-12].tolist(), len(columns) == len(pack(WaveNet(config), 1).bias)
    ([14, -1, 15, 16], [300, 301, -1, -1], True)
    """
    layers, units = len(config.dilations), config.dilation_channels
    gates = np.full((layers, 2, padded_channels(units)), -1)
    gates[:, :, :units] = np.arange(layers * 2 * units).reshape(layers, 2, units)
    skips = np.full(padded_channels(config.skip_channels), -1)
    skips[: config.skip_channels] = layers * 2 * units + np.arange(config.skip_channels)
    return np.concatenate([gates.ravel(), skips])


def pack(model: WaveNet, clips: int, precision: str = "float32") -> PackedNetwork:
    """Pack a network for groups of a number of clips.

    Several clips share each load of a weight, and arithmetic limits their speed, not memory. For them the
    rounded weights are stored as float32.

    Args:
        model: the model; its weights are copied.
        clips: clips per group.
        precision: "float32", "bfloat16" or "int8".

    >>> from partita.models.sizes import SIZES
    >>> pack(WaveNet(SIZES["tiny"]), 1).weights.dtype
    dtype('float32')
    """
    w, packer, columns = padded_weights(model, precision), Packer(), columns_for(clips)
    stored = {name: bytes_per_weight(precision, name) if columns == 1 else FLOAT32 for name in MATRICES}
    matrices: dict[str, Matrix] = {}
    for together in (("dilated", "residual"), ("skip",), ("end1",), ("end2",)):
        matrices |= packer.add_matrices({name: w[name] for name in together}, columns, stored)
    arrays = (*MATRICES, "periodic")
    places = {name: 4 * packer.add(array) for name, array in w.items() if name not in arrays}
    weights = packer.buffer()
    base = weights.ctypes.data
    fields: dict[str, Any] = {name: np.int64(base + place) for name, place in places.items()}
    fields |= {
        name: m._replace(address=base + m.address, scales=base + m.scales) for name, m in matrices.items()
    }
    config = model.config
    counts = {"kernel_size": config.kernel_size, "layers": len(config.dilations), "tile_columns": columns}
    fields |= {name: np.int64(count) for name, count in counts.items()}
    fields["periodic"] = np.ascontiguousarray(w["periodic"], np.float32)
    fields |= places_of(model)
    return PackedNetwork(
        weights, Network(**fields), config.dilations, model.head, w["bias"], line_slots(config)
    )


def places_of(model: WaveNet) -> dict[str, Any]:
    """Return which embeddings are around each class, and the upper one's share; empty if all have one."""
    if model.fine is None:
        return {"lower": np.zeros(0, np.int64), "share": np.zeros(0, np.float32)}
    lower, share = model.fine.between(torch.arange(model.config.classes), model.config.embeddings)
    return {"lower": lower.numpy(), "share": share.numpy()}
