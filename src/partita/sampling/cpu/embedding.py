"""The compiled input of the first layer: the embedding of each clip's newest sample.

This file does not know layers.
"""

from typing import Any

import numpy as np

from partita.ops.llvm.rows import copy_rows
from partita.ops.numba_cache import compiled

NOTHING, ONE = np.float32(0.0), np.float32(1.0)
ZERO = np.int64(0)


@compiled(error_model="numpy")
def add_embedding(network: Any, table: Any, class_: Any, factor: Any, total: Any) -> None:
    """Add the embedding of a class times a factor, from one of the tables of `Network.periodic`."""
    if len(network.lower) == 0:
        for i in range(len(total)):
            total[i] += factor * network.periodic[table, class_, i]
        return
    low, high = network.lower[class_], network.lower[class_] + 1
    second = factor * network.share[class_]
    first = factor - second
    for i in range(len(total)):
        total[i] += first * network.periodic[table, low, i] + second * network.periodic[table, high, i]


@compiled(error_model="numpy")
def embed(network: Any, state: Any, workspace: Any, biases: Any, step: Any, hidden: Any) -> None:
    """Write the embedding of each clip's newest sample, with the samples one period before the next one.

    Args:
        network: Network.
        state: ClipState; the line is updated.
        workspace: Workspace, overwritten.
        biases: Biases, for the periods.
        step: the predicted sample, counted as in `biases`.
        hidden: address of the (clips, channels) that are written.
    """
    channels = 16 * network.residual.panels
    if len(network.periodic) == 0:
        for c in range(len(state.newest)):
            embedded = network.embedding + 4 * state.newest[c] * channels
            copy_rows(embedded, channels, hidden + 4 * c * channels, channels, 1, channels)
        return
    taps, mask, now, row = len(network.periodic) - 1, state.line.shape[1] - 1, state.passed[0], ZERO
    block = (biases.phase + step) // biases.hold
    for c in range(len(state.newest)):
        state.line[c, now & mask] = state.newest[c]
        if biases.periods.shape[1] > 1:
            row = np.int64(c)
        for i in range(channels):
            workspace.embedded[i] = NOTHING
        add_embedding(network, ZERO, state.newest[c], ONE, workspace.embedded)
        if taps > 0:
            first = now + 1 - np.int64(biases.periods[block, row, 0]) - taps // 2
            share = biases.periods[block, row, 1]
            for tap in range(taps):
                there = np.int64(state.line[c, (first + tap) & mask])
                add_embedding(network, np.int64(1 + tap), there, share, workspace.embedded)
        found = np.int64(workspace.embedded.ctypes.data)
        copy_rows(found, channels, hidden + 4 * c * channels, channels, 1, channels)
    state.passed[0] = now + 1
