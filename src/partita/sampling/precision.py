"""The precision of the sampler's weights: how they are rounded, and stored in fewer bytes.

A single clip reads every weight once per sample, so the cache's bandwidth limits its speed: half the bytes
take nearly half the time. The arithmetic is float32 at every precision. A clip drawn at some precision is the
clip that the rounded model, `rounded(model, precision)`, draws in float32; the bits per sample of that model
measure the loss in quality.

    float32    unchanged
    bfloat16   the upper half of a float32: 8 bits of significand, a relative error of at most 2^-8
    int8       q s, where q is whole, |q| <= 127, and the scale s is the smallest suitable power of two, one
               per output. The last layer, whose outputs are the logits, is bfloat16: rounding it to int8
               would cost more than rounding all other layers.

Scaling by a power of two is exact. So a single clip, whose products use q, and many clips, whose products use
q s, get the same samples to the last bit. This file does not know the shapes of layers, or how to draw.
"""

import copy

import numpy as np
import torch
from numpy.typing import NDArray

from partita.checks import check_choice
from partita.models.wavenet import WaveNet
from partita.ops.llvm.unpack import BFLOAT16, FLOAT32, INT8
from partita.ops.llvm.vector import WIDTH

PRECISIONS = {"float32": FLOAT32, "bfloat16": BFLOAT16, "int8": INT8}
MATRICES = ("dilated", "residual", "skip", "end1", "end2")
LARGEST_INT8 = 127
LEAST_EXPONENT = -100
"""The smallest exponent of a scale, whose inverse must be a float32 too."""

Array = NDArray[np.float64]


def bytes_per_weight(precision: str, matrix: str) -> int:
    """Return the bytes per weight of a matrix.

    Args:
        precision: "float32", "bfloat16" or "int8".
        matrix: the parameter's name, one of `MATRICES`.

    Raises:
        PartitaError: `precision` is not one of these.

    >>> bytes_per_weight("int8", "skip"), bytes_per_weight("int8", "end2")
    (1, 2)
    """
    check_choice("precision", precision, tuple(PRECISIONS))
    size = PRECISIONS[precision]
    return BFLOAT16 if size == INT8 and matrix == "end2" else size


def scales(weights: Array) -> Array:
    """Return the scale of each output's int8 weights, a power of two.

    Args:
        weights: (..., rows, outputs).

    Returns:
        (..., 1, outputs).

    >>> scales(np.array([[0.0, 127.0], [0.0, -128.0]])).tolist()
    [[1.0, 2.0]]
    """
    largest = np.abs(weights).max(-2, keepdims=True)
    exponent = np.ceil(np.log2(np.where(largest > 0, largest, LARGEST_INT8) / LARGEST_INT8))
    return np.asarray(2.0 ** np.maximum(exponent, LEAST_EXPONENT))


def rounded_weights(weights: dict[str, Array], precision: str) -> dict[str, Array]:
    """Return the weights rounded to a precision; biases and the embedding are not rounded.

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
            # one product sums the skip connections of all layers, so they share one scale per output
            whole = value.reshape(-1, value.shape[-1]) if name == "skip" else value
            scale = scales(whole)
            found[name] = (np.rint(whole / scale) * scale).reshape(value.shape)
    return found


def _upper_halves(value: Array) -> Array:
    """Round to bfloat16, the upper half of a float32: to the nearest number, and to even in a tie."""
    bits = value.astype(np.float32).view(np.uint32)
    bits = bits + np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))
    return (bits & np.uint32(0xFFFF0000)).view(np.float32).astype(np.float64)


@torch.no_grad()
def rounded(model: WaveNet, precision: str) -> WaveNet:
    """Return a copy of a model with its weights rounded to a precision.

    Args:
        model: the model; it is not changed.
        precision: "float32", "bfloat16" or "int8".

    Raises:
        PartitaError: `precision` is not one of these.

    >>> from partita.models.sizes import SIZES
    >>> model = WaveNet(SIZES["tiny"])
    >>> half = rounded(model, "bfloat16")
    >>> bool((half.skip - model.skip).abs().max() <= model.skip.abs().max() / 2**8)
    True
    """
    result = copy.deepcopy(model)
    named = dict(result.named_parameters())
    weights = {name: named[name].detach().cpu().double().numpy() for name in MATRICES}
    for name, value in rounded_weights(weights, precision).items():
        named[name].copy_(torch.from_numpy(value))
    return result


def stored_bits(block: Array, weight_bytes: int, scale: Array) -> NDArray[np.float32]:
    """Return the bits of a block of weights as they are stored, in the form of float32 numbers.

    Args:
        block: (rows, panels, 16), already rounded; rows are a multiple of 4.
        weight_bytes: bytes per weight.
        scale: (panels, 16) scales of int8 weights.
    """
    if weight_bytes == FLOAT32:
        return block.astype(np.float32).ravel()
    if weight_bytes == INT8:
        raw = np.rint(block / scale).astype(np.int8).tobytes()
    else:
        halves = block.astype(np.float32).view(np.uint32) >> np.uint32(16)
        if block.shape[1] % 2 == 0:  # two panels share 16 words, the first one in the lower halves
            pairs = halves.reshape(len(block), -1, 2, WIDTH)
            raw = (pairs[:, :, 0] | pairs[:, :, 1] << np.uint32(16)).tobytes()
        else:
            raw = halves.astype(np.uint16).tobytes()
    return np.frombuffer(raw, np.float32)
