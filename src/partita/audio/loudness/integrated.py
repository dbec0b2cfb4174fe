"""Integrated loudness of a mono sound (ITU-R BS.1770-4, annex 1).

The sound is filtered by K-weighting: a shelf that raises high frequencies by 4 dB, then a high-pass filter.
The loudness of a block of 400 ms is -0.691 + 10 log10(mean square). Quiet blocks do not count. This file does
not measure the loudness of sound with several channels.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from partita.errors import PartitaError

GATING_SECONDS = 0.4
"""Length of a gating block; a shorter sound has no integrated loudness."""
HOP_SECONDS = 0.1  # blocks overlap by 75%
OFFSET = -0.691  # dB; makes a full-scale sine of 997 Hz -3.01 LUFS
ABSOLUTE_GATE = -70.0  # LUFS
RELATIVE_GATE = -10.0  # LU below the loudness of the blocks above the absolute gate
SHELF_HZ, SHELF_DB, SHELF_Q, SHELF_BAND = (
    1681.974450955533,
    3.999843853973347,
    0.7071752369554196,
    0.4996667741545416,
)
STANDARD_RATE = 48_000  # Hz
HIGH_PASS_HZ, HIGH_PASS_Q = 38.13547087602444, 0.5003270373238773


def k_weighting(sample_rate: int) -> NDArray[np.float64]:
    """Return the filter of K-weighting as second-order sections, (sections, 6), for any sample rate.

    BS.1770 lists coefficients for 48 kHz. The analogue filters behind them (De Man 2018, "Evaluation of
    implementations of the EBU R128 loudness measurement") are transformed to the sample rate by the bilinear
    transform; at 48 kHz this gives the listed numbers. At lower rates the transform moves the shelf a little:
    the response at 1 kHz is 0.05 dB lower at 16 kHz, and 0.2 dB at 8 kHz. The shelf is left out if it lies
    above half the sample rate.

    Args:
        sample_rate: in Hz.

    >>> k_weighting(48000).round(5).tolist()[0]
    [1.53512, -2.6917, 1.19839, 1.0, -1.69066, 0.73248]
    """
    sections = [_high_pass(sample_rate)]
    if 0.49 * sample_rate > SHELF_HZ:
        sections.insert(0, _shelf(math.tan(math.pi * SHELF_HZ / sample_rate)))
    return np.array(sections)


def _shelf(warped: float) -> list[float]:
    gain = 10 ** (SHELF_DB / 20)
    damping, square = warped / SHELF_Q, warped * warped
    band = gain**SHELF_BAND * damping
    first = 1 + damping + square
    numerator = [gain + band + square, 2 * (square - gain), gain - band + square]
    return [value / first for value in (*numerator, first, 2 * (square - 1), 1 - damping + square)]


def _high_pass(sample_rate: int) -> list[float]:
    """Return the high-pass filter with its gain at 48 kHz, where the standard does not normalise it."""
    warped, standard = (math.tan(math.pi * HIGH_PASS_HZ / rate) for rate in (sample_rate, STANDARD_RATE))
    damping, square = warped / HIGH_PASS_Q, warped * warped
    first = 1 + damping + square
    gain = (1 + standard / HIGH_PASS_Q + standard * standard) / first
    return [gain, -2 * gain, gain, 1.0, 2 * (square - 1) / first, (1 - damping + square) / first]


def integrated_loudness(waveform: NDArray[np.floating[Any]], sample_rate: int) -> float:
    """Return the integrated loudness of a sound, in LUFS.

        L = -0.691 + 10 log10(mean of z_j over the blocks j that count)

    z_j is the mean square of block j after K-weighting. A block counts if its loudness is above -70 LUFS, and
    not more than 10 LU below the loudness of all blocks above -70 LUFS.

    Args:
        waveform: (samples,) float; 1 is full scale; at least `GATING_SECONDS` long.
        sample_rate: in Hz.

    Returns:
        The loudness; minus infinity if no block is above -70 LUFS.

    Raises:
        PartitaError: the sound is shorter than one block.

    >>> sine = np.sin(2 * np.pi * 997 * np.arange(48000) / 48000)
    >>> round(integrated_loudness(sine, 48000), 2)
    -3.01
    """
    block, hop = round(GATING_SECONDS * sample_rate), round(HOP_SECONDS * sample_rate)
    if len(waveform) < block:
        raise PartitaError(
            f"the sound has {len(waveform)} samples but its loudness needs {block}: give at least"
            f" {GATING_SECONDS:g} seconds, or use its level"
        )
    weighted = signal.sosfilt(k_weighting(sample_rate), np.asarray(waveform, np.float64))
    sums = np.concatenate([[0.0], np.cumsum(weighted * weighted)])
    starts = np.arange(0, len(weighted) - block + 1, hop)
    squares = np.maximum(sums[starts + block] - sums[starts], 0.0) / block
    loud = squares[squares > _square(ABSOLUTE_GATE)]
    if not loud.size:
        return -math.inf
    kept = loud[loud > _square(_loudness(loud) + RELATIVE_GATE)]
    return _loudness(kept)


def rms_dbfs(waveform: NDArray[np.floating[Any]]) -> float:
    """Return the level of a sound: its root mean square in dB of full scale; minus infinity for silence.

    Args:
        waveform: (samples,) float; 1 is full scale.

    >>> rms_dbfs(np.array([0.1, -0.1])), rms_dbfs(np.zeros(2))
    (-20.0, -inf)
    """
    square = float(np.mean(np.square(waveform, dtype=np.float64))) if len(waveform) else 0.0
    return 10 * math.log10(square) if square > 0 else -math.inf


def _loudness(squares: NDArray[np.float64]) -> float:
    return OFFSET + 10 * math.log10(float(squares.mean()))


def _square(loudness: float) -> float:
    return float(10 ** ((loudness - OFFSET) / 10))
