"""Find the silence in a recording, and the segments that remain when it is cut. Reads no files."""

import numpy as np
from numpy.typing import NDArray

FRAME_S = 0.02  # the level is the root mean square over a frame of this length
QUIET_DB = -50.0  # a frame is silent when its level is below this, relative to the recording's peak
LONGEST_S = 1.0  # longer silences inside a recording are cut out
MARGIN_S = 0.1  # silence that is left on each side of a segment, to keep attacks and decays whole


def quiet_frames(sound: NDArray[np.float32], peak: float, frame: int) -> NDArray[np.bool_]:
    """Return for each frame whether it is silent: its root mean square is below `QUIET_DB` of the peak.

    Args:
        sound: (samples,) float32, with zero mean; the last frame may be shorter than the others.
        peak: the greatest absolute value of the whole recording.
        frame: samples per frame.

    Returns:
        (frames,) bool.

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
    """Return the segments to keep, with silence at both ends and long silences in between cut out.

    Args:
        quiet: (frames,) bool, from `quiet_frames`.
        frame: samples per frame.
        samples: length of the whole recording, in samples.
        sample_rate: in Hz.

    Returns:
        (start, stop) of each segment, in samples.

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
