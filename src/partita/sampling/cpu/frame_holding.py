"""The compiled rule that keeps a drawn pitch from being held for too long.

`sampling/frames/holding.py` says the rule. This file does not know networks.
"""

from typing import Any

import numpy as np

from partita.ops.numba_cache import compiled
from partita.sampling.cpu.frame_columns import PITCH
from partita.sampling.frames.holding import BINS, HOLD_PENALTY, HOLD_RATE, REACH

RATE, PENALTY = np.float64(HOLD_RATE), np.float64(HOLD_PENALTY)
COUNT, FAR = np.int64(BINS), np.int64(REACH)


@compiled(error_model="numpy")
def bin_of(pitch: Any) -> Any:
    """Return the bin of a pitch in semitones."""
    return np.int64(np.rint(4.0 * pitch)) % COUNT


@compiled(error_model="numpy")
def follow_note(units: Any, shares: Any, frame: Any) -> None:
    """Update the shares of all bins by a frame, (columns,) normalised, if it is voiced."""
    if frame[0] < units.hold[1]:
        return
    pitch = np.float64(units.shift[PITCH]) + np.float64(units.scale[PITCH]) * np.float64(frame[PITCH])
    step = units.step[PITCH]  # the grid removes what rounding to float32 added
    for i in range(len(shares)):
        shares[i] *= 1.0 - RATE
    shares[bin_of(np.rint(pitch / step) * step)] += RATE


@compiled(error_model="numpy")
def leave_note(units: Any, shares: Any, mixture: Any, count: Any) -> None:
    """Lower the logits of the Gaussians whose note has had an unusual share of the last seconds.

    Args:
        units: Units.
        shares: (48,) float64, of each bin alone.
        mixture: (3, Gaussians) float64 of the pitch: logits, means and log deviations; logits are changed.
        count: Gaussians.
    """
    for k in range(count):
        mean = np.float64(units.shift[PITCH]) + np.float64(units.scale[PITCH]) * mixture[1, k]
        place, share = bin_of(mean), 0.0
        for i in range(-FAR, FAR + 1):
            share += shares[(place + i) % COUNT]
        if share > units.hold[0]:
            mixture[0, k] -= PENALTY * (share - units.hold[0])
