"""Harmonic-to-noise ratio and pitch by autocorrelation: whether a sound has tones, and which.

Both look at frames of 64 ms, every 16 ms. The pitch track is independent of the neural tracker in
`audio/features`, so that a model that is conditioned on that tracker's pitch can be scored by another. It
finds one pitch in each frame; of a chord it may find a common subharmonic. This file knows no models.

Source: Boersma 1993 (harmonic-to-noise ratio and pitch by normalised autocorrelation).
"""

import math
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft

from partita.evaluation.statistics.scores import RESAMPLES, Score, percentile_interval
from partita.seeds import numpy_stream

FRAME_SECONDS, HOP_SECONDS = 0.064, 0.016
LOWEST_HZ, HIGHEST_HZ = 180.0, 2200.0
"""Range of the pitch: a violin's, from just below its lowest string."""
QUIET_DBFS = -50.0
"""A frame at or below this level has no ratio."""
VOICED_DB = 5.0
"""A frame with a greater ratio is voiced."""
_SHARES = 1e-3, 0.9999  # least and greatest harmonic share of the power: ratios from -30 to 40 dB
_LAGS_PER_SECOND = 32_000  # at least: peaks between coarse lags look lower than they are
_OCTAVE = 0.9  # a peak this high, relative to the highest, is the period if its lag is shorter
_BINS = 1400  # of the histograms that the bootstrap of the median uses: 0.05 dB each
_CHUNK = 1024  # frames that are transformed at once, which bounds the memory


def frames_of(waveform: NDArray[np.floating], sample_rate: int) -> NDArray[np.float64]:
    """Return the frames of a sound: 64 ms, every 16 ms; a sound shorter than one frame is padded with zeros.

    Args:
        waveform: (samples,) float in [-1, 1].
        sample_rate: Hz.

    Returns:
        (frames, samples of a frame), a view.

    >>> frames_of(np.zeros(16000), 16000).shape
    (59, 1024)
    """
    length = max(8, round(FRAME_SECONDS * sample_rate))
    hop = max(2, round(HOP_SECONDS * sample_rate))
    x = np.asarray(waveform, np.float64)
    x = np.pad(x, (0, max(0, length - len(x))))
    return np.lib.stride_tricks.sliding_window_view(x, length)[::hop]


def hnr_db(waveform: NDArray[np.floating], sample_rate: int) -> NDArray[np.float64]:
    """Return the harmonic-to-noise ratio of each frame.

        HNR = 10 log10(p / (1 - p)), p = max over lags of r(lag)

    r is the autocorrelation of the windowed frame, divided by that of the window, 1 at lag 0; its peak is
    interpolated by a parabola. p is the share of the power that repeats with the best period from 1/2200 to
    1/180 s. The ratio lies in -30 to 40 dB.

    Args:
        waveform: (samples,) float in [-1, 1].
        sample_rate: Hz.

    Returns:
        (frames,) dB; NaN for frames at or below -50 dBFS.

    >>> rng, time = np.random.default_rng(0), np.arange(16000) / 16000
    >>> sound = np.sin(2 * np.pi * 440 * time) + rng.normal(0, np.sqrt(0.05), 16000)  # 10 dB
    >>> round(float(np.median(hnr_db(sound, 16000))))
    10
    """
    first, last = _lags(sample_rate * _oversampling(sample_rate), LOWEST_HZ, HIGHEST_HZ)
    rows = []
    for correlation, loud in _autocorrelations(waveform, sample_rate):
        inner = correlation[:, first : min(last, correlation.shape[1] - 1)]
        _, height = _parabola_peak(correlation, first + inner.argmax(axis=1))
        rows.append(np.where(loud, _ratio_db(height), np.nan))
    return np.concatenate(rows)


def pitch_track(
    waveform: NDArray[np.floating],
    sample_rate: int,
    *,
    lowest_hz: float = LOWEST_HZ,
    highest_hz: float = HIGHEST_HZ,
) -> NDArray[np.float64]:
    """Return the pitch of each voiced frame.

    The period is the shortest lag with a peak of the normalised autocorrelation that is at least 0.9 of the
    highest, so that two periods are not taken for one. The peak is interpolated by a parabola.

    Args:
        waveform: (samples,) float in [-1, 1].
        sample_rate: Hz.
        lowest_hz: least pitch.
        highest_hz: greatest pitch.

    Returns:
        (frames,) MIDI note number, 69 for 440 Hz; NaN for frames that are quiet, or not voiced (up to 5 dB).

    >>> time = np.arange(8000) / 8000
    >>> track = pitch_track(np.sin(2 * np.pi * 440 * time), 8000)
    >>> round(float(np.median(track)), 2)
    69.0
    """
    lag_rate = sample_rate * _oversampling(sample_rate)
    first, last = _lags(lag_rate, lowest_hz, highest_hz)
    rows = []
    for correlation, loud in _autocorrelations(waveform, sample_rate):
        lag, height = _shortest_period(correlation, first, min(last, correlation.shape[1] - 1))
        voiced = loud & (_ratio_db(height) > VOICED_DB)
        pitch = 69 + 12 * np.log2(lag_rate / lag / 440.0)
        rows.append(np.where(voiced, pitch, np.nan))
    return np.concatenate(rows)


def harmonicity(
    clips: Sequence[NDArray[np.floating]], sample_rate: int, *, seed: int = 0
) -> dict[str, Score]:
    """Return the median harmonic-to-noise ratio and the share of voiced frames, each with a 95% interval.

    - `median_hnr_db`: median over all frames louder than -50 dBFS; -30 if there is none.
    - `voiced_share`: share of these frames above 5 dB; 0 if there is none.

    The interval is a bootstrap over clips.

    Args:
        clips: each (samples,), float in [-1, 1].
        sample_rate: Hz.
        seed: of the bootstrap.

    Returns:
        The scores by name.

    >>> tones = np.sin(2 * np.pi * 440 * np.arange(8000) / 8000) * np.ones((4, 1))
    >>> harmonicity(tones, 8000)["voiced_share"]
    Score(value=1.0, low=1.0, high=1.0)
    """
    rows = [ratios[~np.isnan(ratios)] for ratios in (hnr_db(clip, sample_rate) for clip in clips)]
    least, greatest = _ratio_db(np.array(_SHARES))
    edges = np.linspace(least, greatest, _BINS + 1)
    counts = np.stack([np.histogram(row, edges)[0] for row in rows]).astype(np.float64)
    voiced = np.array([(row > VOICED_DB).sum() for row in rows])
    rng = numpy_stream(seed, "evaluation/bootstrap")
    weights = rng.multinomial(len(rows), np.full(len(rows), 1 / len(rows)), size=RESAMPLES)
    values, all_counts = np.concatenate(rows), weights @ counts
    sums = np.cumsum(all_counts, axis=1)
    medians = edges[(sums >= sums[:, -1:] / 2).argmax(axis=1)]  # those of no frame are -30
    shares = weights @ voiced / np.maximum(1, sums[:, -1])
    median = float(np.median(values)) if len(values) else float(edges[0])
    return {
        "median_hnr_db": percentile_interval(median, medians),
        "voiced_share": percentile_interval(float(voiced.sum() / max(1, len(values))), shares),
    }


def _ratio_db(share: NDArray[np.float64]) -> NDArray[np.float64]:
    share = np.clip(share, *_SHARES)
    return np.asarray(10 * np.log10(share / (1 - share)), np.float64)


def _lags(rate: float, lowest_hz: float, highest_hz: float) -> tuple[int, int]:
    """Return the first lag of the search, and the one after the last, in samples."""
    first = max(2, int(rate / highest_hz))
    return first, max(first + 1, int(rate / lowest_hz))


def _autocorrelations(
    waveform: NDArray[np.floating], sample_rate: int
) -> Iterator[tuple[NDArray[np.float64], NDArray[np.bool_]]]:
    """Yield the normalised autocorrelations of some frames, and which of the frames are not quiet.

    Lags are in samples of `_oversampling` times the sample rate, up to half a frame.
    """
    frames, finer = frames_of(waveform, sample_rate), _oversampling(sample_rate)
    length = frames.shape[1]
    window, lags = np.hanning(length).astype(np.float32), length * finer // 2
    reference = _autocorrelation(window[None], finer, lags)[0]
    for start in range(0, len(frames), _CHUNK):
        some = frames[start : start + _CHUNK]
        some = some - some.mean(axis=1, keepdims=True)
        power = (some**2).mean(axis=1)
        found = _autocorrelation((some * window).astype(np.float32), finer, lags)
        yield found / (found[:, :1] + 1e-30) / (reference / reference[0]), power > 10 ** (QUIET_DBFS / 10)


def _autocorrelation(frames: NDArray[np.float32], finer: int, lags: int) -> NDArray[np.float64]:
    """Return the autocorrelation up to half a frame, at `finer` lags a sample."""
    size = next_fast_len(frames.shape[1] * 3 // 2 + 1, real=True)
    size += size % 2
    spectrum = rfft(frames, size)
    power = spectrum.real**2 + spectrum.imag**2
    return np.asarray(irfft(power, size * finer)[:, :lags], np.float64)


def _oversampling(sample_rate: int) -> int:
    """Return the number of lags in a sample."""
    return max(1, math.ceil(_LAGS_PER_SECOND / sample_rate))


def _shortest_period(
    correlation: NDArray[np.float64], first: int, last: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the lag of each frame's period, and the height of its peak; 0 without a peak."""
    inner = correlation[:, first:last]
    peaks = (inner >= correlation[:, first - 1 : last - 1]) & (inner > correlation[:, first + 1 : last + 1])
    heights = np.where(peaks, inner, -1.0)
    high = peaks & (heights >= _OCTAVE * heights.max(axis=1, keepdims=True)) & (heights > 0)
    lag, height = _parabola_peak(correlation, first + high.argmax(axis=1))
    return lag, np.where(high.any(axis=1), height, 0.0)


def _parabola_peak(
    correlation: NDArray[np.float64], lags: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the lag and the height of the top of a parabola through three lags, around one in each frame."""
    rows = np.arange(len(correlation))
    before, middle, after = (correlation[rows, lags + step] for step in (-1, 0, 1))
    bend = np.minimum(before - 2 * middle + after, -1e-12)
    offset = np.clip((before - after) / (2 * bend), -0.5, 0.5)
    return lags + offset, middle - (before - after) * offset / 4
