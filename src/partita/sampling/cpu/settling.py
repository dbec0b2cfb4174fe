"""The past before an prompt is silence: what it leaves in the layers is found in a few steps, not thousands.

Where the input never changes, no layer's output does, so after one step for each layer every place in that
layer's ring holds the same numbers. They come from the same arithmetic as the long way's: what is drawn
afterwards is the same, bit by bit. This file does not know how a step is done.
"""

import numpy as np
from numpy.typing import NDArray

from partita.ops.llvm.matmul import WIDTH
from partita.sampling.cpu.clip_group import Group
from partita.sampling.cpu.kernel import Rule


def unchanging(known: NDArray[np.int64]) -> int:
    """Return how many samples go by before any clip's is another than its first.

    >>> unchanging(np.array([[5, 5, 5, 2, 5], [7, 7, 7, 7, 7]]))
    3
    """
    if known.shape[1] == 0:
        return 0
    changed = (known != known[:, :1]).any(0)
    return int(changed.argmax()) if changed.any() else known.shape[1]


def settle(group: Group, rule: Rule, known: NDArray[np.int64]) -> NDArray[np.int64]:
    """Take in the known samples that lead up to the first change, if that saves steps.

    Args:
        group: clips that nothing was drawn of yet, or with nothing known any more.
        rule: how to draw; nothing is.
        known: (clips, k) classes, as many as the network can look back on, or none.

    Returns:
        (clips, the rest of k): what is still to be taken in.
    """
    layers, same = len(group.ring), unchanging(known)
    if same <= layers + 1:
        return known
    still, nothing = known[:, :2].copy(), np.empty((len(known), 0), np.int16)
    for layer in range(layers):
        group.advance(rule, still, 0, nothing, watch=False)  # takes in one sample, the other waits
        _fill(group, layer)
    # all groups are at the same slots in the end, though some saw more silence: clips are copied between them
    group.ring["slot"] = (same - 1) % group.ring["slots"]
    return np.ascontiguousarray(known[:, same - 1 :])  # rows with gaps would be compiled for once more


def _fill(group: Group, layer: int) -> None:
    """Copy what a layer's ring was given last to all its places."""
    ring = group.ring[layer]
    row = len(group.clips) * WIDTH * int(group.packed.network.residual.panels)
    slots = int(ring["slots"])
    places = group.room["rings"][int(ring["at"]) : int(ring["at"]) + slots * row].reshape(slots, row)
    places[:] = places[(int(ring["slot"]) - 1) % slots].copy()
