"""How much of the last seconds a note takes, and a penalty on notes that are held for too long.

The share of a note is that of the voiced frames of about the last three seconds that have its pitch, in any
octave: each voiced frame multiplies all shares by 299/300, and adds 1/300 to its own pitch's. A network that
has learnt from minutes of sound can stay on one note for good, at any temperature at which it does not play
noise. So where no note is given, the logit of a Gaussian of the pitch is lowered in proportion to how far the
share of its mean is above a share that is usual in the training frames. The compiled kernel does this as it
draws. This file does not know the frame tier.
"""

import numpy as np
from numpy.typing import NDArray

BINS = 48
"""The bins of a pitch, of a quarter of a semitone each, octaves folded."""
REACH = 2
"""A pitch has the same note as another if their bins differ by at most this: 5/8 of a semitone."""
HOLD_RATE = 1.0 / 300.0
"""The share of a voiced frame in the share of its note."""
USUAL_HOLD = 0.95
"""The quantile of the shares of the notes of training frames from which on a share is not usual."""
HOLD_PENALTY = 20.0
"""How much a logit is lowered, in nats at temperature 1, for a share of 1 above the usual one."""


def pitch_bins(pitches: NDArray[np.floating]) -> NDArray[np.int64]:
    """Return the bin of each pitch, a MIDI note number with fractions.

    >>> pitch_bins(np.array([60.0, 60.3, 72.0, 59.9])).tolist()
    [0, 1, 0, 0]
    """
    bins: NDArray[np.int64] = np.rint(4.0 * np.asarray(pitches, np.float64)).astype(np.int64) % BINS
    return bins


def note_shares(bins: NDArray[np.int64], bin_: int) -> NDArray[np.float64]:
    """Return the share of a bin's note after each voiced frame.

    Args:
        bins: (frames,) of the voiced frames, in order.
        bin_: 0 to `BINS` - 1.

    >>> note_shares(np.array([0, 1, 20]), 0).round(4).tolist()
    [0.0033, 0.0067, 0.0066]
    """
    from scipy.signal import lfilter

    distance = np.abs(bins - bin_)
    same = (np.minimum(distance, BINS - distance) <= REACH).astype(np.float64)
    return np.asarray(lfilter([HOLD_RATE], [1.0, HOLD_RATE - 1.0], same), np.float64)


def own_shares(pitches: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the share of each frame's own note, after the frame.

    Args:
        pitches: (frames,) of the voiced frames, in order.

    >>> own_shares(np.array([60.0, 60.2, 72.1, 65.0])).round(4).tolist()
    [0.0033, 0.0067, 0.01, 0.0033]
    """
    bins, own = pitch_bins(pitches), np.empty(len(pitches))
    for bin_ in range(BINS):
        own[bins == bin_] = note_shares(bins, bin_)[bins == bin_]
    return own


def usual_hold(pitches: NDArray[np.floating]) -> float:
    """Return the largest share of a note that is usual, 1 without any frame.

    Args:
        pitches: (frames,) of the voiced frames of a training split, in order.

    >>> usual_hold(np.full(2000, 60.0)), usual_hold(np.arange(2000) // 100 * 2.0) < 0.4
    (0.9983, True)
    """
    if not len(pitches):
        return 1.0
    first = min(round(1.0 / HOLD_RATE), len(pitches) // 2)  # until then all shares are low
    return round(float(np.quantile(own_shares(pitches)[first:], USUAL_HOLD)), 4)


def hold_penalties(
    pitches: NDArray[np.floating], candidates: NDArray[np.floating], usual: float
) -> NDArray[np.float64]:
    """Return by how much the logits of candidates for the next pitch are lowered.

    Args:
        pitches: (frames,) of the voiced frames so far, in order.
        candidates: (gaussians,) pitches.
        usual: see `usual_hold`.

    >>> hold_penalties(np.full(2000, 60.0), np.array([60.5, 72.1, 62.0]), 0.5).round(1).tolist()
    [10.0, 10.0, 0.0]
    """
    if not len(pitches):
        return np.zeros(len(candidates))
    bins = pitch_bins(pitches)
    shares = np.array([note_shares(bins, bin_)[-1] for bin_ in range(BINS)])
    return HOLD_PENALTY * np.maximum(shares[pitch_bins(candidates)] - usual, 0.0)
