"""The frame tier's weights as the compiled sampler reads them: matrices in reading order, whole vectors.

This file does not know how frames are drawn.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from partita.audio.features.mel import FLOOR, SCALE, SHIFT
from partita.audio.features.pitch import VOICED
from partita.models.conditioning.conditioner import LOWEST_PITCH, PITCH_BINS
from partita.models.frame_tier.columns import LEAST_LOG_DEVIATION, MOST_LOG_DEVIATION
from partita.models.frame_tier.model import FrameModel
from partita.ops.llvm.unpack import FLOAT32
from partita.sampling.cpu.frame_arrays import (
    FrameAddresses,
    FrameNetwork,
    FramePass,
    FrameState,
    FrameWorkspace,
    Units,
)
from partita.sampling.cpu.packing import Packer, padded_channels
from partita.sampling.frames.holding import BINS, HOLD_PENALTY, HOLD_RATE, REACH
from partita.sampling.frames.loudness import MOST_GAIN, PULL, QUIET, SLOW_RATE
from partita.sampling.weights import Array, aligned_zeros, weights_of, zero_padded

Float32 = NDArray[np.float32]


@dataclass(frozen=True)
class PackedFrames:
    """A network as the compiled sampler reads it; its addresses are valid while `weights` exists."""

    weights: Float32
    network: FrameNetwork
    units: Units
    channels: int
    """Channels of a recurrent layer, padded."""
    inputs: int
    """Rows of the input matrix, padded."""


def pack_frames(model: FrameModel) -> PackedFrames:
    """Pack the network of the frame tier; its weights are copied.

    Args:
        model: the model.

    Raises:
        PartitaError: a weight is not finite.

    >>> from partita.audio.features.layout import FrameLayout
    >>> from partita.models.frame_tier.config import FrameModelConfig
    >>> config = FrameModelConfig(layout=FrameLayout(hop_length=160, bands=3), recurrent_channels=8)
    >>> pack_frames(FrameModel(config)).channels
    16
    """
    w, packer, features = weights_of(model), Packer(), model.feature_columns
    channels = padded_channels(model.config.recurrent_channels)
    matrices, biases = _matrices(model, w, channels)
    packed: dict[str, Any] = {}
    for together in (("input",), ("gates", "state"), ("context",)):
        packed |= packer.add_matrices(
            {name: matrices[name] for name in together}, 1, dict.fromkeys(together, FLOAT32)
        )
    places = {name: 4 * packer.add(bias) for name, bias in biases.items()}
    weights = packer.buffer()
    base = weights.ctypes.data
    fields: dict[str, Any] = {f"{name}_bias_at": np.int64(base + place) for name, place in places.items()}
    fields |= {
        name: m._replace(address=base + m.address, scales=base + m.scales) for name, m in packed.items()
    }
    network = FrameNetwork(
        layers=np.int64(model.config.recurrent_layers),
        input_bias=_float32(zero_padded(w["input_bias"], (channels,))),
        bins=_float32(zero_padded(w["input"][features : features + PITCH_BINS], (PITCH_BINS, channels))),
        **fields,
        **_column_arrays(model, w),
    )
    return PackedFrames(weights, network, _units(model), channels, matrices["input"].shape[1])


def _matrices(
    model: FrameModel, w: dict[str, Array], channels: int
) -> tuple[dict[str, Array], dict[str, Array]]:
    """Return the padded matrices, (layers, rows, outputs), and the biases of the products."""
    features, count = model.feature_columns, model.config.recurrent_channels
    layers = range(model.config.recurrent_layers)
    dense = np.concatenate([w["input"][:features], w["input"][features + PITCH_BINS :]])
    gates = padded_channels(3 * channels)

    def gate_rows(array: Array) -> Array:
        parts = zero_padded(array.reshape(-1, 3, count), (len(array.reshape(-1, 3, count)), 3, channels))
        return zero_padded(parts.reshape(len(parts), 3 * channels), (len(parts), gates))

    matrices = {
        "input": zero_padded(dense, (padded_channels(len(dense)), channels))[None],
        "context": zero_padded(w["chain.context"], (channels, padded_channels(w["chain.context"].shape[1])))[
            None
        ],
    }
    for name, weight in (("gates", "input"), ("state", "state")):
        each = [gate_rows(w[f"recurrent.{layer}.{weight}"]) for layer in layers]
        matrices[name] = np.stack([zero_padded(rows, (channels, gates)) for rows in each])
    state = [np.concatenate([np.zeros(2 * count), w[f"recurrent.{layer}.state_bias"]]) for layer in layers]
    biases = {
        "gates": np.concatenate([gate_rows(w[f"recurrent.{layer}.input_bias"]) for layer in layers]),
        "state": np.concatenate([gate_rows(bias) for bias in state]),
        "context": zero_padded(w["chain.context_bias"], (matrices["context"].shape[2],)),
    }
    return matrices, biases


def _column_arrays(model: FrameModel, w: dict[str, Array]) -> dict[str, Any]:
    columns, hidden = model.feature_columns, model.config.column_channels
    earlier = w["chain.earlier"].transpose(1, 0, 2).reshape(columns, columns * hidden)
    bins = np.concatenate([np.zeros((PITCH_BINS, 2 * hidden)), w["chain.bins"]], 1)
    names = ("output", "output_bias", "semitones", "semitones_bias")
    arrays = {name: w[f"chain.{name}"] for name in names} | {"earlier": earlier, "column_bins": bins}
    arrays["score"] = w.get("chain.score", np.zeros((hidden, 0)))
    arrays["score_bias"] = w.get("chain.score_bias", np.zeros(0))
    arrays["carry"] = 1.0 + w["chain.carry_change"]
    return {name: _float32(array) for name, array in arrays.items()}


def _units(model: FrameModel) -> Units:
    """Return the units of the columns in the order of the network: periodicity, pitch, bands."""
    step, low, high = (
        model.ordered(row).double().cpu().numpy() for row in (model.steps, model.low, model.high)
    )
    return Units(
        _float32(model.shift.cpu().numpy()),
        _float32(model.scale.cpu().numpy()),
        step,
        low,
        high,
        np.int64(LOWEST_PITCH),
        np.array([LEAST_LOG_DEVIATION, MOST_LOG_DEVIATION]),
        np.array([FLOOR, SHIFT, SCALE, MOST_GAIN]),
        np.array([*model.levels.double().cpu().tolist(), SLOW_RATE, PULL, QUIET]),
        np.array([float(model.hold), VOICED, HOLD_RATE, HOLD_PENALTY, REACH]),
    )


def new_pass(packed: PackedFrames, work: FrameWorkspace) -> FramePass:
    """Return a pass of a clip before any frame.

    Args:
        packed: the network.
        work: memory for intermediate results, which several clips may share.
    """
    layers = int(packed.network.layers)
    states = aligned_zeros(layers * packed.channels).reshape(layers, packed.channels)
    frame = np.zeros(len(packed.units.shift), np.float32)
    state = FrameState(frame, states, np.full(1, np.nan), np.zeros(BINS))
    return FramePass(state, work, _addresses(work, state))


def new_workspace(packed: PackedFrames) -> FrameWorkspace:
    """Return the memory for intermediate results."""
    n, channels = packed.network, packed.channels
    gates, count, outputs = 16 * int(n.gates.panels), n.semitones.shape[1], n.output.shape[2]
    return FrameWorkspace(
        inputs=aligned_zeros(packed.inputs),
        start=aligned_zeros(channels),
        hidden=aligned_zeros(channels),
        gates=aligned_zeros(gates),
        recurrent=aligned_zeros(gates),
        scratch=aligned_zeros(2 * channels),
        columns=aligned_zeros(16 * int(n.context.panels)),
        mixture=np.zeros((3, outputs // 3 + count - 2)),
        found=np.zeros(outputs, np.float32),
        semitones=np.zeros(count, np.float32),
    )


def _addresses(work: FrameWorkspace, state: FrameState) -> FrameAddresses:
    """Return the addresses of the arrays that products read or write."""
    names = ("inputs", "start", "hidden", "gates", "recurrent", "scratch", "columns")
    places = {name: np.int64(getattr(work, name).ctypes.data) for name in names}
    return FrameAddresses(**places, states=np.int64(state.states.ctypes.data))


def _float32(array: NDArray[Any]) -> Float32:
    return np.ascontiguousarray(array, np.float32)
