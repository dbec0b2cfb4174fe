"""A model's weights laid out for the compiled sampler: in the order of reading, padded to whole vectors.

Channels that are no multiple of 16 are filled up with zeros, so every network takes the same path. Two
foldings leave less to do for each sample and change nothing but rounding: the residual biases go into the
biases of later layers, and the gate's half of each dilated product is halved (sigmoid(2 b) =
(1 + tanh b) / 2). This file does not know how to draw.
"""

from dataclasses import dataclass
from typing import Any

import llvmlite.binding as llvm
import numpy as np
from numpy.typing import NDArray

from partita.errors import PartitaError
from partita.models.wavenet import WaveNet
from partita.ops.llvm.matmul import WIDTH
from partita.ops.llvm.unpack import FLOAT32, INT8
from partita.sampling.cpu.kernel import Matrix, Network
from partita.sampling.precision import MATRICES, bytes_per_weight, packed, rounded_weights, scales

NEVER = -1e30
"""The logit of classes that only fill up a vector."""

Array = NDArray[np.float64]


def aligned(size: int) -> NDArray[np.float32]:
    """Return zeros whose first lies at a multiple of 64 bytes.

    >>> aligned(3).ctypes.data % 64
    0
    """
    raw = np.zeros(size + WIDTH, np.float32)
    offset = -raw.ctypes.data % 64 // 4
    return raw[offset : offset + size]


def wide_registers() -> bool:
    """Whether this machine has 32 registers of 16 floats."""
    return bool(llvm.get_host_cpu_features().get("avx512f", False))


def panels_for(outputs: int) -> int:
    """Return how many panels of 16 hold so many outputs: 1, 2 or a multiple of 4, which the blocks divide.

    >>> [panels_for(outputs) for outputs in (1, 17, 48, 64, 65)]
    [1, 2, 4, 4, 8]
    """
    panels = -(-outputs // WIDTH)
    return panels if panels <= 2 else -(-panels // 4) * 4


def chains_for(panels: int) -> int:
    """Return how many sums side by side keep the arithmetic busy; it depends on nothing but the outputs."""
    return max(1, 8 // panels)


def block_for(panels: int, columns: int) -> int:
    """Return how many panels a block of registers has, for one column or several."""
    if columns > 1:
        return min(panels, 4 if wide_registers() else 2)
    return min(panels, max(1, (16 if wide_registers() else 4) // chains_for(panels)))


def columns_for(clips: int) -> int:
    """Return the most columns that share a block of registers, in a group of so many clips."""
    if clips == 1:
        return 1
    return 6 if wide_registers() else 3


def padded(array: Array, shape: tuple[int, ...]) -> Array:
    """Return the array with zeros behind it along every axis."""
    return np.pad(array, [(0, new - old) for old, new in zip(array.shape, shape, strict=True)])


def round_up(count: int) -> int:
    """Return the channels that so many take in whole panels."""
    return WIDTH * panels_for(count)


class Packer:
    """Collects arrays into one aligned buffer and remembers where they start."""

    def __init__(self) -> None:
        self.parts: list[NDArray[np.float32]] = []
        self.size = 0

    def add(self, array: NDArray[Any]) -> int:
        """Append an array, whose size is a multiple of 16, and return its place."""
        place = self.size
        # a float64 array is made of numbers, a float32 one may be made of other things' bits
        self.parts.append(array.astype(np.float32, copy=False).ravel())
        self.size += array.size
        return place

    def matrices(self, layers: dict[str, Array], columns: int, stored: dict[str, int]) -> dict[str, Matrix]:
        """Append matrices of all layers: one layer's side by side, as they are read, then the next's.

        Args:
            layers: by name (layers, rows, outputs), already rounded to what is stored.
            columns: the most columns that share a block of registers.
            stored: by name the bytes of each weight.

        Returns:
            By name; places are bytes from the buffer's start.
        """
        steps = {name: scales(array).reshape(len(array), -1, WIDTH) for name, array in layers.items()}
        found = {}
        for name, array in layers.items():
            _, rows, outputs = array.shape
            panels, step = outputs // WIDTH, steps[name]
            where = self.add(np.stack([step, 1.0 / step], 2)) if stored[name] == INT8 else 0
            block, chains = block_for(panels, columns), chains_for(panels)
            numbers = (0, stored[name], 0, rows, panels, chains, block, 4 * where)
            found[name] = Matrix(*(np.int64(number) for number in numbers))
        start, places = self.size, {}
        for layer in range(max(map(len, layers.values()))):
            for name, m in found.items():
                places[name, layer] = 4 * self.size
                cut = layers[name][layer].reshape(m.rows, m.panels, WIDTH)
                for first in range(0, m.panels, m.block):
                    here = slice(first, first + m.block)
                    self.add(packed(cut[:, here], stored[name], steps[name][layer, here]))
            if layer == 0:
                size = np.int64(4 * (self.size - start))
        return {name: m._replace(at=places[name, 0], size=size) for name, m in found.items()}

    def buffer(self) -> NDArray[np.float32]:
        """Return everything, one after the other."""
        whole = aligned(self.size)
        np.concatenate(self.parts, out=whole)
        return whole


def weights_of(model: WaveNet) -> dict[str, Array]:
    """Return all weights in float64, after a look whether they are numbers.

    Raises:
        PartitaError: a weight is not finite.
    """
    # NumPy widens: PyTorch's first conversion in a process takes ten times as long
    weights = {
        name: value.detach().cpu().numpy().astype(np.float64) for name, value in model.named_parameters()
    }
    for name, value in weights.items():
        if not np.isfinite(value).all():
            raise PartitaError(
                f"the model's `{name}` has values that are no numbers: take an earlier checkpoint"
            )
    return weights


def folded(model: WaveNet, precision: str) -> dict[str, Array]:
    """Return the rounded weights in whole panels, biases folded.

    `dilated` is (layers, taps * rows, outputs).
    """
    w, config = rounded_weights(weights_of(model), precision), model.config
    layers, taps, units = len(config.dilations), config.kernel_size, config.dilation_channels
    residual, gated = round_up(config.residual_channels), round_up(units)
    skip, end, classes = (round_up(n) for n in (config.skip_channels, config.end_channels, config.classes))
    shifts = np.concatenate([np.zeros((1, config.residual_channels)), np.cumsum(w["residual_bias"], 0)])
    dilated = w["dilated"].reshape(layers, taps, config.residual_channels, 2, units)
    bias = w["dilated_bias"].reshape(layers, 2, units) + np.einsum("ltrhu,lr->lhu", dilated, shifts)
    halves = np.array([1.0, 0.5])[:, None]
    wide = padded(dilated * halves, (layers, taps, residual, 2, gated))
    end2_bias = np.full(classes, NEVER)
    end2_bias[: config.classes] = w["end2_bias"]
    return {
        "embedding": padded(w["embedding"], (config.classes, residual)),
        "dilated": wide.reshape(layers, taps * residual, 2 * gated),
        "dilated_bias": padded(bias * halves, (layers, 2, gated)),
        "residual": padded(w["residual"], (layers, gated, residual)),  # the last one is never read
        "skip": padded(w["skip"], (layers, gated, skip)).reshape(1, layers * gated, skip),
        "skip_bias": padded(w["skip_bias"], (skip,)),
        "end1": padded(w["end1"], (skip, end))[None],
        "end1_bias": padded(w["end1_bias"], (end,)),
        "end2": padded(w["end2"], (end, classes))[None],
        "end2_bias": end2_bias,
    }


@dataclass(frozen=True)
class Packed:
    """A network laid out for the compiled sampler; its addresses are good as long as `weights` lives."""

    weights: NDArray[np.float32]
    network: Network
    dilations: tuple[int, ...]
    classes: int


def pack(model: WaveNet, clips: int, precision: str = "float32") -> Packed:
    """Return the network laid out for groups of so many clips.

    Several clips share each load of a weight, and are bound by arithmetic: for them the rounded weights lie
    as float32.

    >>> from partita.models.sizes import SIZES
    >>> pack(WaveNet(SIZES["tiny"]), 1).weights.dtype
    dtype('float32')
    """
    w, packer, columns = folded(model, precision), Packer(), columns_for(clips)
    stored = {name: bytes_per_weight(precision, name) if columns == 1 else FLOAT32 for name in MATRICES}
    places: dict[str, Any] = {}
    for together in (("dilated", "residual"), ("skip",), ("end1",), ("end2",)):
        places |= packer.matrices({name: w[name] for name in together}, columns, stored)
    places |= {name: 4 * packer.add(array) for name, array in w.items() if name not in MATRICES}
    weights = packer.buffer()
    base = weights.ctypes.data
    found: dict[str, Any] = {
        name: place._replace(at=base + place.at, steps=base + place.steps)
        if isinstance(place, Matrix)
        else np.int64(base + place)
        for name, place in places.items()
    }
    counts = {"taps": model.config.kernel_size, "layers": len(model.config.dilations), "columns": columns}
    found |= {name: np.int64(count) for name, count in counts.items()}
    network = Network(**found)
    return Packed(weights, network, model.config.dilations, model.config.classes)
