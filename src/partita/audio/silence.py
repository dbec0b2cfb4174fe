"""Where a recording is silent, and which stretches remain when silence is cut. Knows no files."""

import numpy as np
from numpy.typing import NDArray

FRAME_S = 0.02  # a level is the root mean square over this long
QUIET_DB = -50.0  # a frame below this, against the recording's peak, is silent
LONGEST_S = 1.0  # an inner silence longer than this is cut out
MARGIN_S = 0.1  # left of the silence on each side of sound, so that attacks and decays stay whole


def quiet_frames(sound: NDArray[np.float32], peak: float, frame: int) -> NDArray[np.bool_]:
    """Tell for each frame whether it is silent: its root mean square is below `QUIET_DB` of the peak.

    Args:
        sound: (samples,) float32, without offset; a last, shorter frame is judged on what it has.
        peak: the recording's greatest absolute value.
        frame: samples a frame.

    >>> quiet_frames(np.array([0, 0, 1, -1, 0], dtype=np.float32), 1.0, 2).tolist()
    [True, False, True]
    """
    starts = np.arange(0, len(sound), frame)
    energy = np.add.reduceat(sound * sound, starts) if len(starts) else np.empty(0, dtype=np.float32)
    lengths = np.diff(np.append(starts, len(sound)))
    quiet: NDArray[np.bool_] = energy < lengths * np.float32((peak * 10 ** (QUIET_DB / 20)) ** 2)
    return quiet


def sound_segments(
    quiet: NDArray[np.bool_], *, frame: int, samples: int, sample_rate: int
) -> list[tuple[int, int]]:
    """Return the stretches to keep, (start, stop) in samples: ends trimmed, long inner silences cut out.

    Args:
        quiet: one truth value a frame.
        frame: samples a frame.
        samples: in the whole recording.
        sample_rate: Hz.

    >>> quiet = np.array([True] * 99 + [False] * 9 + [True] * 99)
    >>> sound_segments(quiet, frame=2, samples=414, sample_rate=100)
    [(188, 226)]
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[True], quiet, [True]]).astype(np.int8)))
    starts, stops = edges[::2] * frame, np.minimum(edges[1::2] * frame, samples)
    if not len(starts):
        return []
    cut = np.flatnonzero(starts[1:] - stops[:-1] > LONGEST_S * sample_rate)
    starts, stops = np.append(starts[0], starts[cut + 1]), np.append(stops[cut], stops[-1])
    margin = round(MARGIN_S * sample_rate)
    return [
        (max(0, int(a) - margin), min(samples, int(b) + margin)) for a, b in zip(starts, stops, strict=True)
    ]
