"""Frechet distance between the frames of generated and real sound, in any feature space.

A Gaussian is fitted to the frames of each side, and the Gaussians are compared, as for images (Heusel et al.
2017) and music (Kilgour et al. 2019). Frames may be log-mel bands, which measure timbre, level and spectral
balance, or other features, as in `timbre.py`; no network is trained for them. The distance ignores the order
in time, so it does not measure melody or rhythm. Its value depends on the amount of sound: compare it only
with the distance between two halves of the real sound of the same amount. This file knows no models.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from partita.device import one_blas_thread
from partita.errors import PartitaError
from partita.evaluation.statistics.scores import Score, percentile_interval
from partita.seeds import numpy_stream

HALVINGS = 200
FRAMES_PER_BAND = 10  # with fewer, the fitted covariance is mostly noise


@dataclass(frozen=True)
class Gaussian:
    """One or more normal distributions.

    Args:
        mean: (..., bands).
        covariance: (..., bands, bands).
    """

    mean: NDArray[np.float64]
    covariance: NDArray[np.float64]


@one_blas_thread()
def frechet_distances(a: Gaussian, b: Gaussian) -> NDArray[np.float64]:
    """Return the squared Frechet (2-Wasserstein) distances between pairs of Gaussians.

        d^2 = |m_a - m_b|^2 + tr(C_a) + tr(C_b) - 2 tr((C_a^1/2 C_b C_a^1/2)^1/2)

    Both square roots are of symmetric matrices and use `eigh`. Eigenvalues below 0 are rounding errors and
    count as 0, so singular covariances are allowed.

    Source: Dowson and Landau 1982, after Frechet 1957; Heusel et al. 2017, equation 6, which also calls the
    square a distance.

    Args:
        a: one or more Gaussians.
        b: the same number of Gaussians.

    Returns:
        (...) squared distances.

    >>> a, b = (Gaussian(np.array([m]), np.array([[s**2]])) for m, s in ((0.0, 1.0), (3.0, 2.0)))
    >>> float(frechet_distances(a, b))  # (0 - 3)^2 + (1 - 2)^2
    10.0
    """
    values, vectors = np.linalg.eigh(a.covariance)
    root = (vectors * np.sqrt(np.maximum(values, 0))[..., None, :]) @ np.swapaxes(vectors, -1, -2)
    inner = root @ b.covariance @ root
    inner = (inner + np.swapaxes(inner, -1, -2)) / 2
    cross = np.sqrt(np.maximum(np.linalg.eigvalsh(inner), 0)).sum(axis=-1)
    traces = np.trace(a.covariance + b.covariance, axis1=-2, axis2=-1)
    distances = ((a.mean - b.mean) ** 2).sum(axis=-1) + traces - 2 * cross
    return np.asarray(np.maximum(distances, 0), np.float64)


@dataclass(frozen=True)
class FrechetDistances:
    """Frechet distance of generated sound, and its reference value for real sound.

    Args:
        generated: distance between generated and real sound.
        real_halves: distance between two halves of the real sound of the same amount; a perfect model
            reaches this value on average.
        warning: why the distances are unreliable, or None.
    """

    generated: Score
    real_halves: Score
    warning: str | None


def split_half_distances(
    generated: Sequence[NDArray[np.floating]], real: Sequence[NDArray[np.floating]], *, seed: int
) -> FrechetDistances:
    """Return the distance between generated and real clips, averaged over random halvings of the prompts.

        generated   = mean over halvings (A, B) of d^2(generated clips of A, real clips of B)
        real_halves = mean over halvings (A, B) of d^2(real clips of A, real clips of B)

    Both use the same halves and the same amounts of sound, so both have the same small-sample bias. A perfect
    model has generated = real_halves on average. The interval is the central 95% of the halvings: half of n
    clips, drawn without replacement, has the variance of a mean of n clips. The bootstrap would repeat clips
    and increase the distance.

    Args:
        generated: frames of each generated clip, (frames, bands).
        real: frames of each real clip; clip i has the same prompt as generated clip i.
        seed: of the halvings.

    Raises:
        PartitaError: there are fewer than 4 clips, or the numbers of clips differ.
    """
    if len(generated) != len(real) or len(real) < 4:
        raise PartitaError(
            f"there are {len(generated)} generated, {len(real)} real clips: give the same number of each,"
            " at least 4"
        )
    fake_moments, real_moments = (ClipMoments.of_clips(clips) for clips in (generated, real))
    first, second = random_halves(len(real), seed=seed)
    reference = real_moments.gaussians(second)
    values = [
        frechet_distances(reference, moments.gaussians(first)) for moments in (fake_moments, real_moments)
    ]
    return FrechetDistances(
        percentile_interval(values[0].mean(), values[0]),
        percentile_interval(values[1].mean(), values[1]),
        halves_warning(real),
    )


def random_halves(count: int, *, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return random halvings of clips: no clip is in both halves; one is left out if their number is odd.

    Args:
        count: number of clips.
        seed: of the halvings.

    Returns:
        Two arrays (halvings, count // 2) of indices of clips.

    >>> first, second = random_halves(5, seed=0)
    >>> first.shape == second.shape == (200, 2)
    True
    """
    rng, half = numpy_stream(seed, "evaluation/halves"), count // 2
    orders = np.stack([rng.permutation(count) for _ in range(HALVINGS)])
    return orders[:, :half], orders[:, half : 2 * half]


def halves_warning(real: Sequence[NDArray[np.floating]]) -> str | None:
    """Return why the Frechet distance of half of the clips is unreliable, or None.

    Args:
        real: frames of each clip, (frames, bands).

    >>> halves_warning([np.zeros((2000, 3))] * 8) is None
    True
    """
    bands, clips, frames = real[0].shape[1], len(real) // 2, sum(len(one) for one in real) // 2
    if clips >= 4 and frames >= FRAMES_PER_BAND * bands:
        return None
    return (
        f"each half has {clips} clips with {frames} frames for {bands} bands: with fewer than 4 clips or"
        f" {FRAMES_PER_BAND * bands} frames the Frechet distance is mostly noise; draw more or longer clips"
    )


@dataclass(frozen=True)
class ClipMoments:
    """Sufficient statistics of each clip, from which a Gaussian is fitted to any set of clips.

    Args:
        count: (clips,) number of frames.
        first: (clips, bands) sum of the frames.
        second: (clips, bands, bands) sum of the outer products of the frames.
    """

    count: NDArray[np.float64]
    first: NDArray[np.float64]
    second: NDArray[np.float64]

    @classmethod
    def of_clips(cls, clips: Sequence[NDArray[np.floating]]) -> "ClipMoments":
        """Compute the statistics of clips, each (frames, bands)."""
        rows = [np.asarray(frames, np.float64) for frames in clips]
        for frames in rows:
            if frames.ndim != 2:
                raise PartitaError(f"frames have shape {frames.shape}: give the shape (frames, bands)")
            if not np.isfinite(frames).all():
                raise PartitaError("frames contain NaN or infinity: give finite numbers")
        return cls(
            np.array([len(frames) for frames in rows], np.float64),
            np.stack([frames.sum(axis=0) for frames in rows]),
            np.stack([frames.T @ frames for frames in rows]),
        )

    def gaussians(self, sets: NDArray[np.int64]) -> Gaussian:
        """Fit a Gaussian, with unbiased covariance, to the clips in each row of `sets`.

        Args:
            sets: (sets, clips of each set) indices of clips.
        """
        chosen = np.zeros((len(sets), len(self.count)))
        np.put_along_axis(chosen, sets, 1.0, axis=1)
        count = chosen @ self.count
        mean = chosen @ self.first / count[:, None]
        outer = count[:, None, None] * mean[:, :, None] * mean[:, None, :]
        second = np.tensordot(chosen, self.second, 1)
        return Gaussian(mean, (second - outer) / np.maximum(1, count - 1)[:, None, None])
