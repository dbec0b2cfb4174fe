"""The compiled rule that keeps a drawn pitch from being held for too long.

`sampling/frames/holding.py` says the rule. This file does not know networks.
"""

from typing import Any

import numpy as np

from partita.ops.numba_cache import compiled
from partita.sampling.cpu.frame_columns import PITCH


@compiled(error_model="numpy")
def bin_of(pitch: Any, shares: Any) -> Any:
    """Return the bin of a pitch in semitones, of as many as there are shares."""
    return np.int64(np.rint(4.0 * pitch)) % len(shares)


@compiled(error_model="numpy")
def follow_note(units: Any, shares: Any, frame: Any) -> None:
    """Update the shares of all bins by a frame, (columns,) normalised, if it is voiced."""
    if frame[0] < units.hold[1]:
        return
    pitch = np.float64(units.shift[PITCH]) + np.float64(units.scale[PITCH]) * np.float64(frame[PITCH])
    step = units.step[PITCH]  # the grid removes what rounding to float32 added
    for i in range(len(shares)):
        shares[i] *= 1.0 - units.hold[2]
    shares[bin_of(np.rint(pitch / step) * step, shares)] += units.hold[2]


@compiled(error_model="numpy")
def leave_note(units: Any, shares: Any, mixture: Any, count: Any) -> None:
    """Lower the logits of the Gaussians whose note has had an unusual share of the last seconds.

    Args:
        units: Units.
        shares: (48,) float64, of each bin alone.
        mixture: (3, Gaussians) float64 of the pitch: logits, means and log deviations; logits are changed.
        count: Gaussians.
    """
    reach = np.int64(units.hold[4])
    for k in range(count):
        mean = np.float64(units.shift[PITCH]) + np.float64(units.scale[PITCH]) * mixture[1, k]
        place, share = bin_of(mean, shares), 0.0
        for i in range(-reach, reach + 1):
            share += shares[(place + i) % len(shares)]
        if share > units.hold[0]:
            mixture[0, k] -= units.hold[3] * (share - units.hold[0])
