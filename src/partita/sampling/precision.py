"""How precisely the sampler stores weights: they are rounded, and packed into fewer bytes.

A single clip reads every weight once for each sample, so what bounds it is how fast they come from the cache:
half the bytes are nearly half the time. The arithmetic stays float32, and the stored weights are plain
numbers, so what is drawn at a precision is what the rounded model, `rounded(model, precision)`, would draw in
float32: nothing else changes, and its cost is measured as that model's bits per sample.

    float32    as they are
    bfloat16   the upper half of a float32: 8 bits of significand, off by 2^-8 of the value at most
    int8       q s, q whole and s a power of two for each output, the smallest with |q| <= 127; but for the
               last layer, whose outputs are logits, and which would cost more than all others: bfloat16

A power of two scales without rounding, so one clip, whose products take q, and many, whose products take q s,
give the same samples bit for bit. This file does not know layers' shapes, or how to draw.
"""

import copy

import numpy as np
import torch
from numpy.typing import NDArray

from partita.errors import PartitaError
from partita.models.wavenet import WaveNet
from partita.ops.llvm.unpack import BFLOAT16, FLOAT32, INT8
from partita.ops.llvm.vector import WIDTH

PRECISIONS = {"float32": FLOAT32, "bfloat16": BFLOAT16, "int8": INT8}
MATRICES = ("dilated", "residual", "skip", "end1", "end2")
MOST = 127
LEAST_EXPONENT = -100
"""Of a step, whose inverse must be a float32 too."""

Array = NDArray[np.float64]


def bytes_per_weight(precision: str, matrix: str) -> int:
    """Return how many bytes each weight of a matrix takes.

    Raises:
        PartitaError: no precision has that name.

    >>> bytes_per_weight("int8", "skip"), bytes_per_weight("int8", "end2")
    (1, 2)
    """
    if precision not in PRECISIONS:
        raise PartitaError(f"`precision` is {precision!r}: choose one of {', '.join(PRECISIONS)}")
    size = PRECISIONS[precision]
    return BFLOAT16 if size == INT8 and matrix == "end2" else size


def scales(weights: Array) -> Array:
    """Return the step of each output's int8 weights, a power of two.

    Args:
        weights: (..., rows, outputs).

    Returns:
        (..., 1, outputs).

    >>> scales(np.array([[0.0, 127.0], [0.0, -128.0]])).tolist()
    [[1.0, 2.0]]
    """
    largest = np.abs(weights).max(-2, keepdims=True)
    exponent = np.ceil(np.log2(np.where(largest > 0, largest, MOST) / MOST))
    return np.asarray(2.0 ** np.maximum(exponent, LEAST_EXPONENT))


def rounded_weights(weights: dict[str, Array], precision: str) -> dict[str, Array]:
    """Return all weights as they are stored; biases and the embedding stay as they are.

    Args:
        weights: by name; matrices are (..., rows, outputs).
        precision: "float32", "bfloat16" or "int8".
    """
    found = dict(weights)
    for name in MATRICES:
        size, value = bytes_per_weight(precision, name), weights[name]
        if size == BFLOAT16:
            found[name] = _upper_halves(value)
        elif size == INT8 and value.size:
            # one product sums the skips of all layers: they share their outputs' steps
            whole = value.reshape(-1, value.shape[-1]) if name == "skip" else value
            steps = scales(whole)
            found[name] = (np.rint(whole / steps) * steps).reshape(value.shape)
    return found


def _upper_halves(value: Array) -> Array:
    """Round to bfloat16: of a float32, to the nearest number without its lower half; of two, the even one."""
    bits = value.astype(np.float32).view(np.uint32)
    bits = bits + np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))
    return (bits & np.uint32(0xFFFF0000)).view(np.float32).astype(np.float64)


@torch.no_grad()
def rounded(model: WaveNet, precision: str) -> WaveNet:
    """Return a copy of a model with its weights as they are stored.

    Raises:
        PartitaError: no precision has that name.

    >>> from partita.models.sizes import SIZES
    >>> model = WaveNet(SIZES["tiny"])
    >>> half = rounded(model, "bfloat16")
    >>> bool((half.skip - model.skip).abs().max() <= model.skip.abs().max() / 2**8)
    True
    """
    twin = copy.deepcopy(model)
    named = dict(twin.named_parameters())
    weights = {name: named[name].detach().cpu().double().numpy() for name in MATRICES}
    for name, value in rounded_weights(weights, precision).items():
        named[name].copy_(torch.from_numpy(value))
    return twin


def stored_bits(block: Array, stored: int, steps: Array) -> NDArray[np.float32]:
    """Return a block of weights as it lies in memory, as the floats with those bits.

    Args:
        block: (rows, panels, 16), already rounded; rows are a multiple of 4.
        stored: bytes of each weight.
        steps: (panels, 16) steps of int8 weights.
    """
    if stored == FLOAT32:
        return block.astype(np.float32).ravel()
    if stored == INT8:
        raw = np.rint(block / steps).astype(np.int8).tobytes()
    else:
        halves = block.astype(np.float32).view(np.uint32) >> np.uint32(16)
        if block.shape[1] % 2 == 0:  # two panels share 16 words: the first in the lower halves
            pairs = halves.reshape(len(block), -1, 2, WIDTH)
            raw = (pairs[:, :, 0] | pairs[:, :, 1] << np.uint32(16)).tobytes()
        else:
            raw = halves.astype(np.uint16).tobytes()
    return np.frombuffer(raw, np.float32)
