"""How far generated sound lies from real sound in its spectrum: the Frechet distance on log-mel frames.

A Gaussian is fitted to the frames of each side and the two are compared, as is done for images (Heusel et al.
2017) and music (Kilgour et al. 2019), but on plain log-mel bands, so that no other network's taste enters. It
hears timbre, level and balance; it is deaf to order in time, so melody and rhythm are not judged. Its value
depends on how much sound there
is: it means something only beside the distance between two halves of the real sound, at the same amount. This
    file does
not know models or files.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from partita.errors import PartitaError
from partita.evaluation.scores import Score, from_replicates
from partita.seeds import numpy_stream

HALVINGS = 200
FRAMES_PER_BAND = 10  # below it a fitted covariance is mostly noise


@dataclass(frozen=True)
class Gaussian:
    """A normal distribution: mean (bands,), covariance (bands, bands)."""

    mean: NDArray[np.float64]
    covariance: NDArray[np.float64]


def fit(frames: NDArray[np.floating]) -> Gaussian:
    """Return the Gaussian with the mean and the unbiased covariance of frames, (frames, bands).

    >>> fit(np.array([[0.0, 1.0], [2.0, 1.0]])).covariance.tolist()
    [[2.0, 0.0], [0.0, 0.0]]
    """
    return _Moments.of(frames).gaussian()


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
    values, vectors = np.linalg.eigh(a.covariance)
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    inner = root @ b.covariance @ root
    cross = np.sqrt(np.maximum(np.linalg.eigvalsh((inner + inner.T) / 2), 0)).sum()
    means = ((a.mean - b.mean) ** 2).sum()
    return float(max(0.0, means + np.trace(a.covariance) + np.trace(b.covariance) - 2 * cross))


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


def halved_distances(
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
    fake_moments = [_Moments.of(frames) for frames in generated]
    real_moments = [_Moments.of(frames) for frames in real]
    random, half = numpy_stream(seed, "evaluation/halves"), len(real) // 2
    distances = np.empty((HALVINGS, 2))
    for number in range(HALVINGS):
        order = random.permutation(len(real))
        other = _pooled([real_moments[place] for place in order[half : 2 * half]])
        for column, moments in enumerate((fake_moments, real_moments)):
            distances[number, column] = frechet_distance(_pooled([moments[p] for p in order[:half]]), other)
    means = distances.mean(axis=0)
    return Distances(
        from_replicates(means[0], distances[:, 0]),
        from_replicates(means[1], distances[:, 1]),
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
    """What a Gaussian needs of a clip: how many frames, their sum, and the sum of their outer products."""

    count: int
    first: NDArray[np.float64]
    second: NDArray[np.float64]

    @classmethod
    def of(cls, frames: NDArray[np.floating]) -> "_Moments":
        rows = np.asarray(frames, np.float64)
        if rows.ndim != 2 or not np.isfinite(rows).all():
            raise PartitaError(f"the frames have shape {rows.shape}: give finite numbers, (frames, bands)")
        return cls(len(rows), rows.sum(axis=0), rows.T @ rows)

    def gaussian(self) -> Gaussian:
        mean = self.first / self.count
        covariance = (self.second - self.count * np.outer(mean, mean)) / max(1, self.count - 1)
        return Gaussian(mean, covariance)


def _pooled(clips: list[_Moments]) -> Gaussian:
    return _Moments(
        sum(clip.count for clip in clips),
        np.sum([clip.first for clip in clips], axis=0),
        np.sum([clip.second for clip in clips], axis=0),
    ).gaussian()
