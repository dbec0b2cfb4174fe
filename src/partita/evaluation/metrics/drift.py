"""How a clip changes from second to second, and whether it is broken: silent, saturated or stuck on one tone.

A model that continues its own output may fade, grow or get stuck after some seconds, which a score of the
whole clip does not show. Real music changes too: compare each score with its value for real sound. This file
knows no models.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.fft import next_fast_len, rfft

from partita.audio.spectrogram import FLOOR, log_mel, mel_filters
from partita.evaluation.metrics.harmonicity import HOP_SECONDS, frames_of
from partita.evaluation.metrics.signal_stats import CLIPPED
from partita.evaluation.statistics.scores import Score, block_mean

BLOCK_SECONDS = 1.0
SILENT_DBFS, SILENT_SECONDS = -50.0, 3.0  # a real violin pauses for 2 s
SATURATED_SHARE = 0.001
STUCK_SECONDS = 3.0
STUCK_POWER_SHARE = 0.9  # of the power, within a semitone of the strongest peak
STUCK_CHANGE_DB = 2.5  # standard deviation over time of a band's level: that of white noise is 2
SAME_TONE_SECONDS = 7.0
SEMITONE = 2 ** (1 / 12) - 1
MEL_BANDS = 40
CHANGE_STEP = 16  # frames from one look at 3 s to the next
_DB = 10 / np.log(10)  # decibels of one neper of power

Floats = NDArray[np.float64]


def blocks_of(waveform: NDArray[np.floating], sample_rate: int) -> NDArray[np.floating]:
    """Cut a clip into whole seconds, or into thirds if it is shorter than 3 s; a rest is left out.

    Args:
        waveform: (samples,) float.
        sample_rate: Hz.

    Returns:
        (blocks, samples of a block), at least 3 blocks.

    >>> blocks_of(np.zeros(10_500), 1000).shape, blocks_of(np.zeros(600), 1000).shape
    ((10, 1000), (3, 200))
    """
    length = max(1, min(round(BLOCK_SECONDS * sample_rate), len(waveform) // 3))
    count = len(waveform) // length
    return waveform[: count * length].reshape(count, length)


def level_by_second(waveform: NDArray[np.floating], sample_rate: int) -> Floats:
    """Return the root-mean-square level of each second, dBFS, at least -100.

    Args:
        waveform: (samples,) float in [-1, 1]; see `blocks_of` for less than 3 s.
        sample_rate: Hz.

    >>> level_by_second(np.repeat([1.0, 0.1, 0.0], 1000), 1000).round().tolist()
    [0.0, -20.0, -100.0]
    """
    power = (blocks_of(np.asarray(waveform, np.float64), sample_rate) ** 2).mean(axis=1)
    return np.asarray(10 * np.log10(np.maximum(power, FLOOR)), np.float64)


def spectrum_change_by_second(waveform: NDArray[np.floating], sample_rate: int) -> Floats:
    """Return how far the mean log-mel spectrum of each second is from that of the first, in dB.

    The distance is the root mean square over the bands; the first is 0.

    Args:
        waveform: (samples,) float in [-1, 1]; see `blocks_of` for less than 3 s.
        sample_rate: Hz.

    >>> tone = np.sin(2 * np.pi * 440 * np.arange(24000) / 8000)
    >>> bool(spectrum_change_by_second(tone, 8000).max() < 0.1)
    True
    """
    spectra = np.stack(
        [log_mel(block, sample_rate).mean(axis=0) for block in blocks_of(waveform, sample_rate)]
    )
    return np.asarray(np.sqrt(((spectra - spectra[0]) ** 2).mean(axis=1)) * _DB, np.float64)


def drift_scores(
    clips: Sequence[NDArray[np.floating]], sample_rate: int, *, seed: int = 0
) -> dict[str, Score]:
    """Return the mean over clips of each drift and flag, with a 95% bootstrap interval over clips.

    - `level_drift_db`: level of the last second minus that of the second one. The first is left out because
      it follows a prompt or an attack.
    - `spectrum_drift_db`: change of the mean log-mel spectrum from the first second to the last.
    - `silent_share`, `saturated_share`, `stuck_share`: share of the clips with this flag; see `clip_flags`.

    Args:
        clips: each (samples,), float in [-1, 1].
        sample_rate: Hz.
        seed: of the bootstrap.

    Returns:
        The scores by name.

    >>> fading = np.random.default_rng(0).normal(0, 1, (4, 3000)) * np.repeat([0.1, 0.1, 0.01], 1000)
    >>> round(drift_scores(fading, 1000)["level_drift_db"].value)
    -20
    """
    rows = [_clip_scores(clip, sample_rate) for clip in clips]
    ones = np.ones(len(rows))
    return {name: block_mean(np.array([row[name] for row in rows]), ones, seed=seed) for name in rows[0]}


def _clip_scores(clip: NDArray[np.floating], sample_rate: int) -> dict[str, float]:
    levels, flags = level_by_second(clip, sample_rate), clip_flags(clip, sample_rate)
    return {
        "level_drift_db": float(levels[-1] - levels[1]),
        "spectrum_drift_db": float(spectrum_change_by_second(clip, sample_rate)[-1]),
        "silent_share": float(flags.silent),
        "saturated_share": float(flags.saturated),
        "stuck_share": float(flags.stuck),
    }


@dataclass(frozen=True, kw_only=True)
class ClipFlags:
    """What is broken in a clip.

    Args:
        silent: it is below -50 dBFS for 3 s, or for half of a shorter clip.
        saturated: more than 0.1% of its samples are at full scale.
        stuck: one tone holds 90% of the power for 3 s, or nothing changes for 3 s, or the strongest tone
            stays the same for 7 s. A clip shorter than 3 s is stuck if this holds from end to end.
    """

    silent: bool
    saturated: bool
    stuck: bool

    @property
    def names(self) -> tuple[str, ...]:
        """The flags that are set.

        >>> ClipFlags(silent=True, saturated=False, stuck=True).names
        ('silent', 'stuck')
        """
        return tuple(name for name in ("silent", "saturated", "stuck") if getattr(self, name))


def clip_flags(waveform: NDArray[np.floating], sample_rate: int) -> ClipFlags:
    """Return what is broken in a clip.

    Args:
        waveform: (samples,) float in [-1, 1].
        sample_rate: Hz.

    >>> clip_flags(0.5 * np.sin(2 * np.pi * 440 * np.arange(32000) / 8000), 8000).names
    ('stuck',)
    """
    frames = frames_of(waveform, sample_rate)
    quiet = (frames**2).mean(axis=1) < 10 ** (SILENT_DBFS / 10)
    silence = min(SILENT_SECONDS / HOP_SECONDS, len(frames) / 2)
    return ClipFlags(
        silent=longest_run(quiet) >= silence,
        saturated=bool((np.abs(waveform) >= CLIPPED).mean() > SATURATED_SHARE),
        stuck=_is_stuck(frames[~quiet], sample_rate),
    )


def _is_stuck(frames: Floats, sample_rate: int) -> bool:
    """Whether the loud frames of a clip stay on one tone, or do not change."""
    if len(frames) < 2:
        return False
    length = frames.shape[1]
    n_fft = next_fast_len(length, real=True)
    power = np.abs(rfft(frames * np.hanning(length), n_fft)) ** 2
    tone = power.argmax(axis=1)
    away = np.abs(np.arange(power.shape[1]) - tone[:, None])
    near = away <= np.maximum(2, tone * SEMITONE)[:, None]
    pure = (power * near).sum(axis=1) > STUCK_POWER_SHARE * power.sum(axis=1)
    stays = np.abs(np.diff(tone)) <= np.maximum(1, tone[1:] * SEMITONE)
    seconds = min(STUCK_SECONDS / HOP_SECONDS, len(stays))
    if longest_run(stays & pure[1:]) >= seconds or longest_run(stays) >= SAME_TONE_SECONDS / HOP_SECONDS:
        return True
    bands = np.log(np.maximum(power @ mel_filters(sample_rate, MEL_BANDS, n_fft).T, FLOOR)) * _DB
    windows = np.lib.stride_tricks.sliding_window_view(bands, int(seconds), axis=0)[::CHANGE_STEP]
    return bool(windows.std(axis=2).mean(axis=1).min() < STUCK_CHANGE_DB)


def longest_run(flags: NDArray[np.bool_]) -> int:
    """Return the length of the longest stretch of true values.

    >>> longest_run(np.array([True, False, True, True]))
    2
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]])))
    return int((edges[1::2] - edges[::2]).max(initial=0))
