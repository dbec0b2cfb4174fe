"""Signal statistics that reveal broken clips: level, silence, clipping and spectral flatness.

None of them measures quality: compare each with its value for real sound. This file knows no models.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from partita.evaluation.statistics.scores import Score, block_mean

FRAME_SECONDS = 0.064
SILENT_DBFS = -60.0
CLIPPED = 0.999
_MIN_POWER = 1e-10


def signal_statistics(
    clips: Sequence[NDArray[np.floating]] | NDArray[np.floating], sample_rate: int, *, seed: int = 0
) -> dict[str, Score]:
    """Return the mean of each statistic over clips, with a 95% bootstrap interval over clips.

    - `level_dbfs`: 20 log10 of the root mean square, in dB relative to full scale, at least -100.
    - `silence_share`: share of the 64 ms frames with a level below -60 dBFS.
    - `clipped_share`: share of the samples at full scale (|x| >= 0.999).
    - `spectral_flatness`: geometric over arithmetic mean of the power spectrum of a frame, averaged over the
      frames that are not silent: 0.56 for white noise, near 0 for tones (Gray and Markel 1974); 0 for a clip
      that is all silence.

    Args:
        clips: (clips, samples), float in [-1, 1].
        sample_rate: Hz.
        seed: of the bootstrap.

    Returns:
        The score of each statistic, by name.

    >>> noise = np.random.default_rng(0).normal(0, 0.1, (4, 16000))
    >>> found = signal_statistics(noise, 16000)
    >>> round(found["spectral_flatness"].value, 1), round(found["level_dbfs"].value)
    (0.6, -20)
    """
    rows = [_clip_statistics(np.asarray(clip, np.float64), sample_rate) for clip in clips]
    ones = np.ones(len(rows))
    return {name: block_mean(np.array([row[name] for row in rows]), ones, seed=seed) for name in rows[0]}


def _clip_statistics(clip: NDArray[np.float64], sample_rate: int) -> dict[str, float]:
    length = min(len(clip), max(16, round(FRAME_SECONDS * sample_rate)))
    frames = clip[: len(clip) // length * length].reshape(-1, length)
    silent = _dbfs((frames**2).mean(axis=1)) < SILENT_DBFS
    return {
        "level_dbfs": float(_dbfs((clip**2).mean())),
        "silence_share": float(silent.mean()),
        "clipped_share": float((np.abs(clip) >= CLIPPED).mean()),
        "spectral_flatness": _flatness(frames[~silent]),
    }


def _dbfs(power: NDArray[np.float64] | float) -> NDArray[np.float64]:
    return 10 * np.log10(np.maximum(power, _MIN_POWER))


def _flatness(frames: NDArray[np.float64]) -> float:
    if not len(frames):
        return 0.0
    spectra = np.abs(np.fft.rfft(frames * np.hanning(frames.shape[1]), axis=1)[:, 1:]) ** 2
    spectra = np.maximum(spectra, _MIN_POWER)
    return float((np.exp(np.log(spectra).mean(axis=1)) / spectra.mean(axis=1)).mean())
