"""How far generated sound lies from real sound in its spectrum: the Frechet distance on log-mel frames.

A Gaussian is fitted to the frames of each side and the two are compared, as is done for images (Heusel et al.
2017) and music (Kilgour et al. 2019), but on plain log-mel bands, so that no other network's taste enters. It
hears timbre, level and balance; it is deaf to order in time, so melody and rhythm are not judged. Its value
depends on how much sound there is: it means something only beside the distance between two halves of the real
sound, at the same amount. This file does not know models or files.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from partita.errors import PartitaError
from partita.evaluation.statistics.scores import Score, percentile_interval
from partita.seeds import numpy_stream

HALVINGS = 200
FRAMES_PER_BAND = 10  # below it a fitted covariance is mostly noise


@dataclass(frozen=True)
class Gaussian:
    """A normal distribution, or several: mean (..., bands), covariance (..., bands, bands)."""

    mean: NDArray[np.float64]
    covariance: NDArray[np.float64]


def fit(frames: NDArray[np.floating]) -> Gaussian:
    """Return the Gaussian with the mean and the unbiased covariance of frames, (frames, bands).

    >>> fit(np.array([[0.0, 1.0], [2.0, 1.0]])).covariance.tolist()
    [[2.0, 0.0], [0.0, 0.0]]
    """
    several = _Moments.of_clips([frames]).gaussians(np.zeros((1, 1), np.int64))
    return Gaussian(several.mean[0], several.covariance[0])


def frechet_distance(a: Gaussian, b: Gaussian) -> float:
    """Return the squared Frechet (2-Wasserstein) distance between two Gaussians.

        d^2 = |m_a - m_b|^2 + tr(C_a) + tr(C_b) - 2 tr((C_a^1/2 C_b C_a^1/2)^1/2)

    Both roots are of symmetric matrices and go through `eigh`, with eigenvalues below 0, which are rounding,
    taken as 0: no complex parts and no failure on singular covariances.

    Source: Dowson and Landau 1982, after Frechet 1957; Heusel et al. 2017, equation 6 (whose "distance" is
    the square, too).

    >>> one, other = (Gaussian(np.array([m]), np.array([[s**2]])) for m, s in ((0.0, 1.0), (3.0, 2.0)))
    >>> frechet_distance(one, other)  # (0 - 3)^2 + (1 - 2)^2
    10.0
    """
    return float(_distances(a, b))


def _distances(a: Gaussian, b: Gaussian) -> NDArray[np.float64]:
    """Return the distance of each of several pairs."""
    values, vectors = np.linalg.eigh(a.covariance)
    root = (vectors * np.sqrt(np.maximum(values, 0))[..., None, :]) @ np.swapaxes(vectors, -1, -2)
    inner = root @ b.covariance @ root
    inner = (inner + np.swapaxes(inner, -1, -2)) / 2
    cross = np.sqrt(np.maximum(np.linalg.eigvalsh(inner), 0)).sum(axis=-1)
    traces = np.trace(a.covariance + b.covariance, axis1=-2, axis2=-1)
    distances = ((a.mean - b.mean) ** 2).sum(axis=-1) + traces - 2 * cross
    return np.asarray(np.maximum(distances, 0), np.float64)


@dataclass(frozen=True)
class Distances:
    """The distance of generated from real sound, the scale to read it by, and what to beware of.

    Args:
        generated: between generated and real sound.
        real_halves: between two halves of the real sound, the same halves and amounts: what a perfect model
            would have.
        warning: why the numbers should not be trusted, or None.
    """

    generated: Score
    real_halves: Score
    warning: str | None


def split_half_distances(
    generated: Sequence[NDArray[np.floating]], real: Sequence[NDArray[np.floating]], *, seed: int
) -> Distances:
    """Compare clips with the real sound at the same places, in many random halvings A, B of the places.

        generated   = mean over halvings of d^2(generated clips of A, real clips of B)
        real_halves = mean over halvings of d^2(real clips of A, real clips of B)

    Both are made in the same way from the same amounts, so the bias that few frames bring is the same in
    both, and a model that generates as the real sound does has generated = real_halves on average. The
    interval is the central 95% of the halvings: drawing half of n clips without replacement has the variance
    that the mean of n clips has, and repeats no clip (which the bootstrap would, and so would inflate this
    distance).

    Args:
        generated: one (frames, bands) for each place.
        real: the same for the real sound there.
        seed: of the halvings.

    Raises:
        PartitaError: fewer than 4 places, or not as many real clips as generated ones.
    """
    if len(generated) != len(real) or len(real) < 4:
        raise PartitaError(
            f"there are {len(generated)} generated, {len(real)} real clips: give as many of each, at least 4"
        )
    fake_moments, real_moments = (_Moments.of_clips(clips) for clips in (generated, real))
    rng, half = numpy_stream(seed, "evaluation/halves"), len(real) // 2
    orders = np.stack([rng.permutation(len(real)) for _ in range(HALVINGS)])
    ours, others = orders[:, :half], orders[:, half : 2 * half]
    other = real_moments.gaussians(others)
    values = [_distances(other, moments.gaussians(ours)) for moments in (fake_moments, real_moments)]
    return Distances(
        percentile_interval(values[0].mean(), values[0]),
        percentile_interval(values[1].mean(), values[1]),
        _warning(real[0].shape[1], half, sum(len(frames) for frames in real) // 2),
    )


def _warning(bands: int, clips: int, frames: int) -> str | None:
    if clips >= 4 and frames >= FRAMES_PER_BAND * bands:
        return None
    return (
        f"each half has {clips} clips with {frames} frames for {bands} bands: with fewer than 4 clips or"
        f" {FRAMES_PER_BAND * bands} frames the distance is mostly noise; draw more or longer clips"
    )


@dataclass(frozen=True)
class _Moments:
    """What Gaussians need of each clip: how many frames, their sum, and the sum of their outer products."""

    count: NDArray[np.float64]
    first: NDArray[np.float64]
    second: NDArray[np.float64]

    @classmethod
    def of_clips(cls, clips: Sequence[NDArray[np.floating]]) -> "_Moments":
        rows = [np.asarray(frames, np.float64) for frames in clips]
        for frames in rows:
            if frames.ndim != 2 or not np.isfinite(frames).all():
                raise PartitaError(f"frames have shape {frames.shape}: give finite numbers, (frames, bands)")
        return cls(
            np.array([len(frames) for frames in rows], np.float64),
            np.stack([frames.sum(axis=0) for frames in rows]),
            np.stack([frames.T @ frames for frames in rows]),
        )

    def gaussians(self, sets: NDArray[np.int64]) -> Gaussian:
        """Return a Gaussian for each row of `sets`, fitted to all frames of the clips that it names."""
        chosen = np.zeros((len(sets), len(self.count)))
        np.put_along_axis(chosen, sets, 1.0, axis=1)
        count = chosen @ self.count
        mean = chosen @ self.first / count[:, None]
        outer = count[:, None, None] * mean[:, :, None] * mean[:, None, :]
        second = np.tensordot(chosen, self.second, 1)
        return Gaussian(mean, (second - outer) / np.maximum(1, count - 1)[:, None, None])
