"""A model's weights as both the CPU and the GPU sampler start from: checked, rounded, biases folded.

This file does not know how an engine lays weights out in memory.
"""

import numpy as np
from numpy.typing import NDArray
from torch import nn

from partita.errors import PartitaError
from partita.models.sizes import WaveNetConfig
from partita.models.wavenet import WaveNet
from partita.ops.llvm.vector import WIDTH
from partita.sampling.precision import rounded_weights

PADDING_LOGIT = -1e30
"""The bias of outputs that only pad the classes: they are never drawn."""

Array = NDArray[np.float64]


def weights_of(model: nn.Module) -> dict[str, Array]:
    """Return all weights in float64, by parameter name; a WaveNet's last layer has the gains of its outputs.

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
                f"the model's `{name}` contains values that are not finite: use an earlier checkpoint"
            )
    if isinstance(model, WaveNet):
        gains = model.gains.cpu().numpy().astype(np.float64)
        weights |= {name: weights[name] * gains for name in ("end2", "end2_bias")}
    return weights


def folded_weights(model: WaveNet, precision: str) -> dict[str, Array]:
    """Return the rounded weights; the residual biases are folded into the dilated biases of later layers.

    A layer's input is the sum of the embedding and of all earlier residual outputs, so the residual biases
    add a constant to it, and through the dilated weights a constant to each later layer's bias. This changes
    the result by rounding only.

    Args:
        model: the model.
        precision: "float32", "bfloat16" or "int8".

    Returns:
        the weights by parameter name, without `residual_bias`. `dilated` is (layers, kernel_size, residual
        channels, 2, units) and `dilated_bias` (layers, 2, units): the filter, then the gate.

    Raises:
        PartitaError: a weight is not finite.

    >>> from partita.models.sizes import SIZES
    >>> folded_weights(WaveNet(SIZES["tiny"]), "float32")["dilated"].shape
    (10, 2, 16, 2, 16)
    """
    w, config = rounded_weights(weights_of(model), precision), model.config
    layers, channels, units = len(config.dilations), config.residual_channels, config.dilation_channels
    shifts = np.concatenate([np.zeros((1, channels)), np.cumsum(w.pop("residual_bias"), 0)])
    dilated = w["dilated"].reshape(layers, config.kernel_size, channels, 2, units)
    bias = w["dilated_bias"].reshape(layers, 2, units) + np.einsum("ltrhu,lr->lhu", dilated, shifts)
    return w | {"dilated": dilated, "dilated_bias": bias}


def aligned_zeros(size: int) -> NDArray[np.float32]:
    """Return zeros that start at a multiple of 64 bytes.

    >>> aligned_zeros(3).ctypes.data % 64
    0
    """
    raw = np.zeros(size + WIDTH, np.float32)
    offset = -raw.ctypes.data % 64 // 4
    return raw[offset : offset + size]


def zero_padded(array: Array, shape: tuple[int, ...]) -> Array:
    """Return the array with zeros appended along every axis, up to a shape.

    >>> zero_padded(np.ones(1), (3,)).tolist()
    [1.0, 0.0, 0.0]
    """
    return np.pad(array, [(0, new - old) for old, new in zip(array.shape, shape, strict=True)])


def padded_bias(bias: Array, classes: int) -> Array:
    """Return the biases of the logits, with `PADDING_LOGIT` for the classes beyond the model's own.

    >>> padded_bias(np.ones(1), 2).tolist()
    [1.0, -1e+30]
    """
    padded = np.full(classes, PADDING_LOGIT)
    padded[: len(bias)] = bias
    return padded


def line_slots(config: WaveNetConfig) -> int:
    """Return how many samples of a clip are kept to be read as one period earlier: a power of two.

    >>> from partita.models.sizes import SIZES
    >>> line_slots(SIZES["small"])
    1
    """
    return 1 << (config.reach + config.period_taps).bit_length() if config.period_taps else 1
