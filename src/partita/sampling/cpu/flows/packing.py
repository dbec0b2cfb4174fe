"""The weights of an inverse autoregressive flow as the compiled pass reads them, and its scratch memory."""

import numpy as np
from numpy.typing import NDArray

from partita.models.flows.gated_flow import LEAST_LOG_SCALE, MOST_LOG_SCALE, GatedFlow
from partita.models.flows.iaf import IAF
from partita.ops.llvm.vector import WIDTH
from partita.sampling.cpu.flows.kernel import TILE, FlowScratch, FlowWeights

Array = NDArray[np.float32]


def padded(size: int) -> int:
    """Return the next multiple of the vectors' width.

    >>> padded(17)
    32
    """
    return -(-size // WIDTH) * WIDTH


def pack_weights(model: IAF) -> FlowWeights:
    """Return the weights of all flows, with zeros for the channels up to the next multiple of 16.

    Args:
        model: on the CPU.
    """
    flows = [flow for flow in model.flows if isinstance(flow, GatedFlow)]
    parts: dict[str, list[Array]] = {name: [] for name in FlowWeights._fields[:8]}
    for flow in flows:
        for name, array in _packed(flow).items():
            parts[name].append(array)
    stacked = {name: np.ascontiguousarray(np.stack(arrays), np.float32) for name, arrays in parts.items()}
    return FlowWeights(
        **stacked,
        dilations=np.array(flows[0].dilations, np.int64),
        ends=np.array([LEAST_LOG_SCALE, MOST_LOG_SCALE], np.float32),
    )


def _packed(flow: GatedFlow) -> dict[str, Array]:
    """Return the weights of one flow."""
    own = {name: value.detach().cpu().numpy() for name, value in flow.named_parameters()}
    layers, channels = len(flow.dilations), flow.channels
    wide, columns = padded(channels), padded(own["end"].shape[1])
    taps = own["dilated"].reshape(layers, 2, channels, 2, channels)
    one_more = np.zeros((1, *own["residual"].shape[1:]), np.float32)
    rows, last = np.concatenate([own["residual"], one_more]), np.zeros((1, channels), np.float32)
    return {
        "input": _grown(own["input"], len(own["input"]), wide),
        "input_bias": _grown(own["input_bias"], wide),
        "dilated": _grown(taps, layers, 2, wide, 2, wide).reshape(layers, 2 * wide, 2 * wide),
        "residual": _grown(rows, layers, wide, wide),
        "residual_bias": _grown(np.concatenate([own["residual_bias"], last]), layers, wide),
        "skip": _grown(own["skip"], layers, wide, wide),
        "end": _grown(own["end"], wide, columns),
        "end_bias": _grown(own["end_bias"], columns),
    }


def pack_products(model: IAF, products: Array) -> Array:
    """Return what frames add to the layers, with the constant biases, in the order of the compiled pass.

    Args:
        model: on the CPU.
        products: (frames, columns) of the conditioner; (1, 0) for a model without one.

    Returns:
        (frames, flows, layers * 2 * channels + channels), channels padded.
    """
    flows = [flow for flow in model.flows if isinstance(flow, GatedFlow)]
    count, layers, channels = len(flows), len(flows[0].dilations), flows[0].channels
    frames, wide, gates = len(products), padded(channels), layers * 2 * channels
    given = products if products.shape[1] else np.zeros((frames, count * (gates + channels)), np.float32)
    own = given[:, : count * gates].reshape(frames, count, layers, 2, channels)
    skips = given[:, count * gates :].reshape(frames, count, channels)
    constant = np.stack([flow.dilated_bias.detach().numpy() for flow in flows])
    own = own + constant.reshape(count, layers, 2, channels)
    skips = skips + np.stack([flow.skip_bias.detach().numpy() for flow in flows])
    both = (
        _grown(own, frames, count, layers, 2, wide).reshape(frames, count, -1),
        _grown(skips, frames, count, wide),
    )
    return np.ascontiguousarray(np.concatenate(both, 2), np.float32)


def make_scratch(weights: FlowWeights, hold: int) -> FlowScratch:
    """Return the scratch memory of one thread.

    Args:
        weights: of the flows.
        hold: samples of a block.
    """
    flows, layers, channels = weights.skip.shape[:3]
    sizes = np.tile((weights.dilations + TILE) * channels, flows).reshape(flows, layers)
    places = np.cumsum(sizes.ravel()).reshape(sizes.shape) - sizes
    columns, sines = layers * 2 * channels + channels, weights.input.shape[1] - 1
    shapes = {
        "hidden": (int(sizes.sum()),),
        "sums": (TILE, 2 * channels),
        "gated": (TILE, channels),
        "skips": (TILE, channels),
        "outputs": (TILE, weights.end.shape[2]),
        "biases": (TILE // hold + 2, columns),
        "sines": (sines, TILE),
        "waves": (4, TILE),
    }
    arrays = {name: np.zeros(shape, np.float32) for name, shape in shapes.items()}
    return FlowScratch(places=places.astype(np.int64), **arrays)


def _grown(array: Array, *shape: int) -> Array:
    """Return the array with zeros appended along every axis, up to a shape."""
    grown = np.zeros(shape, np.float32)
    grown[tuple(slice(size) for size in array.shape)] = array
    return grown
