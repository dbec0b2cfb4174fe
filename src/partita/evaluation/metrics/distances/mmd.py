"""Maximum mean discrepancy between the frames of generated and real clips, in any feature space.

It compares whole distributions of frames, not only their means and covariances as the Frechet distance does.
It ignores the order in time. This file knows no models, no files and no features.

Source: Gretton et al. 2012 ("A kernel two-sample test"), lemma 6; Gorham and Mackey 2017 (the kernel).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from partita.device import one_blas_thread
from partita.errors import PartitaError

MAX_FRAMES = 64  # of a clip that are compared: neighbouring frames share most of their samples

Clips = Sequence[NDArray[np.floating]]
Floats = NDArray[np.float64]


def thin_frames(clips: Clips) -> list[Floats]:
    """Return at most 64 frames of each clip, evenly spread.

    Args:
        clips: (frames, features) of each clip.

    >>> [len(frames) for frames in thin_frames([np.zeros((200, 3)), np.zeros((5, 3))])]
    [64, 5]
    """
    rows = [np.asarray(frames, np.float64) for frames in clips]
    return [
        frames[np.linspace(0, len(frames) - 1, min(len(frames), MAX_FRAMES)).round().astype(int)]
        for frames in rows
    ]


def median_bandwidth(clips: Clips) -> float:
    """Return the median distance between frames of different clips, the kernel's bandwidth.

    The bandwidth should come from real sound alone, so that it is the same for all models.

    Args:
        clips: (frames, features) of each real clip, at least 2 clips.

    Raises:
        PartitaError: there are fewer than 2 clips.

    >>> median_bandwidth([np.array([[0.0, 0.0]]), np.array([[3.0, 4.0]])])
    5.0
    """
    if len(clips) < 2:
        raise PartitaError(f"there are {len(clips)} real clips: give at least 2")
    rows = thin_frames(clips)
    owner = np.repeat(np.arange(len(rows)), [len(frames) for frames in rows])
    flat = np.concatenate(rows)
    squares = _squared_distances(flat, flat)[owner[:, None] < owner]
    return float(np.sqrt(np.median(squares))) or 1.0


@one_blas_thread()
def kernel_means(a: Clips, b: Clips, *, bandwidth: float) -> Floats:
    """Return the mean kernel between the frames of each clip of `a` and of each clip of `b`.

        k(x, y) = (1 + |x - y|^2 / bandwidth^2)^(-1/2)

    This kernel, the inverse multiquadric, is bounded and tells all distributions apart, as a Gaussian is and
    does. But it still decreases far away, where a Gaussian is 0: clips that are far from real sound still
    have a greater distance if they are farther.

    Args:
        a: (frames, features) of each clip.
        b: likewise, with the same features.
        bandwidth: of the kernel.

    Returns:
        (clips of a, clips of b) means, from 0 to 1.

    >>> kernel_means([np.zeros((1, 2))], [np.array([[0.0, 2.0]])], bandwidth=1.0).round(3).tolist()
    [[0.447]]
    """
    rows, columns = thin_frames(a), thin_frames(b)
    stacked = np.concatenate(columns)
    counts = np.array([len(frames) for frames in columns])
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    result = np.empty((len(rows), len(columns)))
    for number, frames in enumerate(rows):
        kernel = 1 / np.sqrt(1 + _squared_distances(frames, stacked) / bandwidth**2)
        result[number] = np.add.reduceat(kernel.mean(axis=0), starts) / counts
    return result


def squared_discrepancies(
    within_a: Floats, within_b: Floats, between: Floats, a: NDArray[np.int64], b: NDArray[np.int64]
) -> Floats:
    """Return the unbiased squared discrepancy between sets of clips.

        MMD^2 = mean_{i != j} k(a_i, a_j) + mean_{i != j} k(b_i, b_j) - 2 mean_{i, j} k(a_i, b_j)

    The sums run over clips, each with the mean kernel of its frames. Frames of one clip are not independent,
    so pairs inside a clip are left out, as Gretton et al. leave out i = j. The mean is 0 if both sets have
    the same distribution, so a value may be negative.

    Args:
        within_a: (clips of a, clips of a) `kernel_means`.
        within_b: (clips of b, clips of b).
        between: (clips of a, clips of b).
        a: (sets, clips of each set) indices of clips, at least 2, all different in a set.
        b: (sets, clips of each set) likewise.

    Returns:
        (sets,) squared discrepancies.

    >>> far, one = np.array([[0.0, 0.0], [0.0, 0.0]]), np.ones((2, 2))
    >>> sets = np.array([[0, 1]])
    >>> squared_discrepancies(one, one, far, sets, sets).tolist()
    [2.0]
    """
    cross = between[a[:, :, None], b[:, None, :]].mean(axis=(1, 2))
    return np.asarray(_different_pairs(within_a, a) + _different_pairs(within_b, b) - 2 * cross, np.float64)


def _different_pairs(means: Floats, sets: NDArray[np.int64]) -> Floats:
    """Return the mean over all pairs of different clips in each set."""
    chosen = means[sets[:, :, None], sets[:, None, :]]
    count = sets.shape[1]
    same = np.trace(chosen, axis1=1, axis2=2)
    return np.asarray((chosen.sum(axis=(1, 2)) - same) / (count * (count - 1)), np.float64)


def _squared_distances(a: Floats, b: Floats) -> Floats:
    products = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1) - 2 * a @ b.T
    return np.asarray(np.maximum(products, 0), np.float64)
