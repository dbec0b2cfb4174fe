"""Distances to real sound on a scale that a person can read: as far from real as real with noise at X dB.

Four distances are computed, the Frechet distance and the maximum mean discrepancy in two feature spaces, for
generated clips and for real clips with white noise at 40 to 0 dB below their level. This file draws no clips
and knows no models.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from partita.audio.spectrogram import log_mel
from partita.errors import PartitaError
from partita.evaluation.metrics.distances.frechet import (
    ClipMoments,
    Gaussian,
    frechet_distances,
    random_halves,
)
from partita.evaluation.metrics.distances.mmd import kernel_means, median_bandwidth, squared_discrepancies
from partita.evaluation.metrics.distances.timbre import standardise, timbre_features
from partita.evaluation.statistics.scores import Score, percentile_interval
from partita.seeds import numpy_stream

NOISE_DB = (40.0, 30.0, 25.0, 20.0, 15.0, 10.0, 5.0, 0.0)
"""Levels of the noise, in dB below the sound."""

Clips = Sequence[NDArray[np.floating]]
Floats = NDArray[np.float64]
Sets = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class ScaledDistance:
    """A distance of generated clips to real sound, and what it amounts to in noise.

    Args:
        distance: of the generated clips.
        real: the same distance of other real clips, of the same amount.
        noise_db: dB below the sound at which white noise takes real clips as far; 40 stands for 40 or more, 0
            for 0 or less.
        at_noise: the distances of real clips with noise at `NOISE_DB`.
    """

    distance: Score
    real: Score
    noise_db: Score
    at_noise: tuple[float, ...]

    @property
    def sentence(self) -> str:
        """What the distance amounts to, in words.

        >>> score = Score(14.2, 12.0, 16.0)
        >>> ScaledDistance(distance=score, real=score, noise_db=score, at_noise=()).sentence
        'as far from real as real with noise at 14 dB (12 to 16)'
        """
        return noise_sentence(self.noise_db)


def noise_sentence(noise_db: Score) -> str:
    """Return what a level of noise says about a distance, in words.

    Args:
        noise_db: the noise that the distance amounts to, in dB below the sound.

    >>> noise_sentence(Score(40.0, 31.2, 40.0))
    'as far from real as real with noise at 40 dB or more (31 to 40)'
    """
    value, low, high = (round(number) for number in (noise_db.value, noise_db.low, noise_db.high))
    limit = " or more" if value >= NOISE_DB[0] else " or less" if value <= NOISE_DB[-1] else ""
    return f"as far from real as real with noise at {value} dB{limit} ({low} to {high})"


def add_white_noise(clip: NDArray[np.floating], below_db: float, rng: np.random.Generator) -> Floats:
    """Add Gaussian white noise to a clip.

    Args:
        clip: (samples,) float.
        below_db: level of the noise below the root mean square of the clip, in dB.
        rng: source of the noise.

    >>> noisy = add_white_noise(np.ones(100_000), 20.0, np.random.default_rng(0))
    >>> round(float(noisy.std()), 2)
    0.1
    """
    x = np.asarray(clip, np.float64)
    level = np.sqrt((x**2).mean()) * 10 ** (-below_db / 20)
    return np.asarray(x + level * rng.standard_normal(len(x)), np.float64)


def distances_in_noise(
    generated: Clips, real: Clips, sample_rate: int, *, other_real: Clips | None = None, seed: int
) -> dict[str, ScaledDistance]:
    """Return each distance between generated and real clips, and the noise that it amounts to.

        distance    = mean over halvings of d(some generated clips, a half A of the real clips)
        at_noise[X] = mean over halvings of d(as many other real clips with noise at X dB, A)

    noise_db is the X at which the two are equal, by linear interpolation. Both sides have the same amounts of
    sound, so both have the same small-sample bias. The intervals are the central 95% of the halvings; see
    `split_half_distances`.

    Args:
        generated: (samples,) each, float in [-1, 1].
        real: likewise, at least 4 clips of about the same length.
        sample_rate: Hz.
        other_real: real clips that get the noise, at least 4. If None, generated clip i belongs to real clip
            i (it continues the same prompt, or has the same features), and the real clips that get the noise
            are those of the generated ones, never in A.
        seed: of the noise and the halvings.

    Returns:
        For each of `frechet_log_mel`, `mmd_log_mel`, `frechet_timbre` and `mmd_timbre` the scaled distance.

    Raises:
        PartitaError: there are fewer than 4 clips, or the numbers of paired clips differ.
    """
    paired = other_real is None
    base = real if other_real is None else other_real
    _check_counts(len(generated), len(real), len(base), paired)
    rng = numpy_stream(seed, "evaluation/noise")
    compared = [generated, base, *([add_white_noise(clip, db, rng) for clip in base] for db in NOISE_DB)]
    sets = _halvings(len(generated), len(real), len(base), paired, seed)
    result = {}
    for space, (reference, *rows) in _frames([real, *compared], sample_rate):
        for kind, distances in (("frechet", _frechet), ("mmd", _mmd)):
            result[f"{kind}_{space}"] = _scaled(distances(rows, reference, sets))
    return result


def distances_alone(generated: Clips, real: Clips, sample_rate: int, *, seed: int) -> dict[str, Score]:
    """Return each distance between generated clips and the real ones that they belong to.

    The distances are those of `distances_in_noise`, without the noise that they amount to, in a fraction of
    the time.

    Args:
        generated: (samples,) each, float in [-1, 1].
        real: likewise, as many; generated clip i belongs to real clip i.
        sample_rate: Hz.
        seed: of the halvings.

    Raises:
        PartitaError: there are fewer than 4 clips, or the numbers differ.

    >>> rng = np.random.default_rng(0)
    >>> real, near, far = (scale * rng.standard_normal((4, 9000)) for scale in (0.1, 0.1, 0.01))
    >>> distances = [distances_alone(clips, real, 8000, seed=0)["mmd_log_mel"].value for clips in (near, far)]
    >>> distances[0] < distances[1]
    True
    """
    _check_counts(len(generated), len(real), len(real), paired=True)
    sets = _halvings(len(generated), len(real), len(real), True, seed)
    result = {}
    for space, (reference, drawn) in _frames([real, generated], sample_rate):
        for kind, distances in (("frechet", _frechet), ("mmd", _mmd)):
            values = distances([drawn], reference, sets)[0]
            result[f"{kind}_{space}"] = percentile_interval(float(values.mean()), values)
    return result


def _check_counts(generated: int, real: int, base: int, paired: bool) -> None:
    if min(generated, real, base) < 4 or (paired and generated != real):
        raise PartitaError(
            f"there are {generated} generated, {real} real and {base} other real clips: give at least 4 of"
            " each, and as many generated as real ones if they belong together"
        )


def _frames(lists: Sequence[Clips], sample_rate: int) -> Iterator[tuple[str, list[list[Floats]]]]:
    """Yield the name of each feature space with the frames of all clips there; the real clips are first."""
    yield "log_mel", [[log_mel(clip, sample_rate).astype(np.float64) for clip in clips] for clips in lists]
    timbre = [[timbre_features(clip, sample_rate) for clip in clips] for clips in lists]
    yield "timbre", [standardise(clips, timbre[0]) for clips in timbre]


def _halvings(generated: int, real: int, base: int, paired: bool, seed: int) -> tuple[Sets, Sets, Sets]:
    """Return the clips of each halving, (halvings, clips): generated, with noise, and half A of the real."""
    first, second = random_halves(real, seed=seed)
    if paired:
        return first, first, second
    some = min(generated, base) // 2
    return (
        random_halves(generated, seed=seed + 1)[0][:, :some],
        random_halves(base, seed=seed + 2)[0][:, :some],
        second,
    )


def _frechet(
    compared: Sequence[list[Floats]], reference: list[Floats], sets: tuple[Sets, Sets, Sets]
) -> Floats:
    """Return the distances of each list of clips, the generated ones first: (lists, halvings)."""
    half = ClipMoments.of_clips(reference).gaussians(sets[2])
    fitted = [
        ClipMoments.of_clips(clips).gaussians(sets[min(1, number)]) for number, clips in enumerate(compared)
    ]
    rows = Gaussian(np.stack([one.mean for one in fitted]), np.stack([one.covariance for one in fitted]))
    return frechet_distances(half, rows)


def _mmd(compared: Sequence[list[Floats]], reference: list[Floats], sets: tuple[Sets, Sets, Sets]) -> Floats:
    """Return the squared discrepancies of each list of clips, the generated ones first: (lists, halvings)."""
    bandwidth = median_bandwidth(reference)
    own = kernel_means(reference, reference, bandwidth=bandwidth)
    rows = []
    for number, clips in enumerate(compared):
        within, between = (kernel_means(clips, other, bandwidth=bandwidth) for other in (clips, reference))
        rows.append(squared_discrepancies(within, own, between, sets[min(1, number)], sets[2]))
    return np.stack(rows)


def _scaled(values: Floats) -> ScaledDistance:
    """Return the scaled distance from (generated, real, real with noise at `NOISE_DB`) of each halving."""
    means = values.mean(axis=1)
    each = np.array(
        [equivalent_noise(value, curve) for value, curve in zip(values[0], values[2:].T, strict=True)]
    )
    return ScaledDistance(
        distance=percentile_interval(float(means[0]), values[0]),
        real=percentile_interval(float(means[1]), values[1]),
        noise_db=percentile_interval(equivalent_noise(float(means[0]), means[2:]), each),
        at_noise=tuple(float(mean) for mean in means[2:]),
    )


def equivalent_noise(distance: float, at_noise: NDArray[np.floating]) -> float:
    """Return the level of noise, in dB below the sound, at which real sound has a distance.

    Between two levels the distance is interpolated linearly. A distance that falls with more noise is raised
    to that with less.

    Args:
        distance: the distance.
        at_noise: (8,) distances at `NOISE_DB`.

    Returns:
        40 to 0 dB.

    >>> equivalent_noise(1.5, np.arange(8.0)), equivalent_noise(-1.0, np.arange(8.0))
    (27.5, 40.0)
    """
    return float(np.interp(distance, np.maximum.accumulate(at_noise), NOISE_DB))
