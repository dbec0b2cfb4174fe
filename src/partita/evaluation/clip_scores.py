"""All scores of clips, compared with real sound: distances, harmonicity, drift and signal statistics.

The clips may continue prompts or follow given features. This file draws no clips and knows no models.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from partita.audio.spectrogram import log_mel
from partita.device import one_blas_thread
from partita.evaluation.clips import RealClips
from partita.evaluation.metrics.distances.frechet import halves_warning
from partita.evaluation.metrics.distances.noise_scale import distances_in_noise
from partita.evaluation.metrics.drift import drift_scores
from partita.evaluation.metrics.harmonicity import harmonicity
from partita.evaluation.metrics.seam import seam
from partita.evaluation.metrics.signal_stats import signal_statistics
from partita.evaluation.metrics.variety import coverage
from partita.evaluation.statistics.scores import Score

SHORTEST_SECONDS = 0.1  # of a prompt and of a continuation for the seam
PATCH_SECONDS, LEAST_PATCHES = 0.6, 16  # for the coverage
NOISE_PREFIX = "noise_db_"  # of a distance's name, for the noise that the distance amounts to
GIVEN_PREFIX = "given_features_"  # of a score's name, for clips that were given the real features


@one_blas_thread()
def clip_scores(
    clips: NDArray[np.floating], real: RealClips, *, seed: int, continues: bool = True
) -> dict[str, Any]:
    """Score clips in comparison with the real continuations of the same prompts.

    Args:
        clips: (clips, samples), float in [-1, 1], one for each prompt.
        real: the prompts and their real continuations.
        seed: of the intervals and of the noise.
        continues: whether the clips continue the prompts; otherwise there is no seam.

    Returns:
        A dict for JSON. `frechet_log_mel`, `mmd_log_mel`, `frechet_timbre` and `mmd_timbre` are distances to
        real sound; with the prefix `noise_db_` they are the noise, in dB below it, that takes real sound as
        far. `seam_db` is the change at the end of the prompts, and `coverage` how much of the variety of
        real sound the clips have; both are missing where the sound is too short. The other scores are those
        of `harmonicity`, `drift_scores` and `signal_statistics`. "real" is
        the same score of the real clips, for a distance that of other real clips; for `frechet_log_mel` this
        is `frechet_real_halves`. "warnings" is a list of messages.
    """
    rate, waveforms, drawn = real.sample_rate, list(real.waveforms), list(clips)
    scores: dict[str, Any] = {}
    distances = distances_in_noise(drawn, waveforms, rate, seed=seed)
    for name, found in distances.items():
        scores[name] = {**found.distance.as_json(), "real": found.real.as_json()}
    scores["frechet_real_halves"] = scores["frechet_log_mel"].pop("real")
    for name, found in distances.items():
        scores[NOISE_PREFIX + name] = found.noise_db.as_json()
    reference = _statistics(waveforms, rate, seed)
    for name, score in _statistics(drawn, rate, seed).items():
        scores[name] = {**score.as_json(), "real": reference[name].as_json()}
    scores |= _seam(clips, real, seed) if continues else {}
    scores |= _coverage(drawn, waveforms, rate, seed)
    warning = halves_warning([log_mel(clip, rate) for clip in waveforms])
    scores["warnings"] = [warning] if warning else []
    return scores


def _seam(clips: NDArray[np.floating], real: RealClips, seed: int) -> dict[str, Any]:
    """Return the seam of the clips beside that of the real continuations; nothing for short prompts."""
    rate, prompts, waveforms = real.sample_rate, real.prompt_waveforms, real.waveforms
    if min(prompts.shape[1], waveforms.shape[1]) < SHORTEST_SECONDS * rate:
        return {}
    found, usual = (seam(prompts, one, waveforms, rate, seed=seed) for one in (clips, waveforms))
    return {"seam_db": {**found.as_json(), "real": usual.as_json()}}


def _coverage(
    drawn: list[NDArray[np.floating]], waveforms: list[NDArray[np.floating]], rate: int, seed: int
) -> dict[str, Any]:
    """Return how much of a half of the real clips the clips of the other half's prompts cover.

    The real score is that of the real clips of the other half, so both have the same amounts of sound.
    """
    half = len(waveforms) // 2
    if half < 2 or half * (len(waveforms[0]) // (PATCH_SECONDS * rate)) < LEAST_PATCHES:
        return {}
    found, usual = (coverage(one[half:], waveforms[:half], rate, seed=seed) for one in (drawn, waveforms))
    return {"coverage": {**found.as_json(), "real": usual.as_json()}}


@one_blas_thread()
def given_features_scores(clips: NDArray[np.floating], real: RealClips, *, seed: int) -> dict[str, Any]:
    """Score clips that were given the features of their real counterparts: the sample tier alone.

    Args:
        clips: (clips, samples), float in [-1, 1].
        real: the prompts and their real continuations, which have the same features.
        seed: of the intervals and of the noise.

    Returns:
        A dict for JSON: the distances, the noise that they amount to, and the scores of `harmonicity`, as
        those of `clip_scores`, each with the prefix `given_features_`.
    """
    rate, waveforms, drawn = real.sample_rate, list(real.waveforms), list(clips)
    scores: dict[str, Any] = {}
    for name, found in distances_in_noise(drawn, waveforms, rate, seed=seed).items():
        scores[name] = {**found.distance.as_json(), "real": found.real.as_json()}
        scores[NOISE_PREFIX + name] = found.noise_db.as_json()
    reference = harmonicity(waveforms, rate, seed=seed)
    for name, score in harmonicity(drawn, rate, seed=seed).items():
        scores[name] = {**score.as_json(), "real": reference[name].as_json()}
    return {GIVEN_PREFIX + name: score for name, score in scores.items()}


def _statistics(clips: list[NDArray[np.floating]], sample_rate: int, seed: int) -> dict[str, Score]:
    """Return the scores that need no real sound."""
    return {
        **harmonicity(clips, sample_rate, seed=seed),
        **drift_scores(clips, sample_rate, seed=seed),
        **signal_statistics(clips, sample_rate, seed=seed),
    }
