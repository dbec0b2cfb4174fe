"""Weights of particles, and which particles become copies of which: the arithmetic of sequential Monte Carlo.

Layout: (clips, particles), each clip's particles by themselves; weights are logarithms in float64, in any
unit up to a constant of each clip. This file does not know sound, models or judges.
"""

import numpy as np
from numpy.typing import NDArray

Weights = NDArray[np.float64]
Places = NDArray[np.int64]


def shares(log_weights: Weights) -> Weights:
    """Return the weights scaled to sum to 1 in each clip.

    >>> shares(np.array([[1e4, 1e4, -1e4]])).tolist()
    [[0.5, 0.5, 0.0]]
    """
    weights = np.exp(log_weights - log_weights.max(1, keepdims=True))
    return np.asarray(weights / weights.sum(1, keepdims=True))


def log_mean(log_weights: Weights) -> Weights:
    """Return the logarithm of each clip's mean weight, (clips,).

    >>> log_mean(np.array([[-1e4, -1e4]])).tolist()
    [-10000.0]
    """
    largest = log_weights.max(1)
    return np.asarray(largest + np.log(np.exp(log_weights - largest[:, None]).mean(1)))


def effective_size(share: Weights) -> Weights:
    """Return 1 / sum of squared shares: how many particles of equal weight are worth as much, (clips,).

    Source: Kong, Liu & Wong 1994, "Sequential imputations and Bayesian missing data problems".

    >>> effective_size(np.array([[0.5, 0.5, 0.0], [1.0, 0.0, 0.0]])).tolist()
    [2.0, 1.0]
    """
    return np.asarray(1.0 / np.square(share).sum(1))


def systematic(share: Weights, uniform: Weights) -> Places:
    """Return how many copies each particle gets: of K equidistant points, those that fall into its share.

    Each count is K w, rounded down or up, and K w on average.

    Args:
        share: (clips, K), rows summing to 1.
        uniform: (clips,), in (0, 1): the points of a clip are (u + i) / K.

    Returns:
        (clips, K), rows summing to K; never a copy of a particle whose share is 0.

    Source: Carpenter, Clifford & Fearnhead 1999, "Improved particle filter for nonlinear problems"; compared
        with others by Douc & Cappe 2005, "Comparison of resampling schemes for particle filtering".

    >>> systematic(np.array([[0.5, 0.3, 0.2]]), np.array([0.7])).tolist()
    [[1, 1, 1]]
    """
    particles = share.shape[1]
    reached = np.cumsum(share, 1)
    reached /= reached[:, -1:]
    points = np.minimum(np.ceil(particles * reached - uniform[:, None]), particles)
    points[reached >= 1.0] = particles  # whatever rounding says
    return np.asarray(np.diff(points.astype(np.int64), axis=1, prepend=0))


def moves(counts: Places) -> tuple[Places, Places]:
    """Return which particles are overwritten, and by which; those with a copy to keep stay where they are.

    Args:
        counts: (clips, K), rows summing to K.

    Returns:
        targets and sources, (n,) each, counted through all clips; no target is a source.

    >>> targets, sources = moves(np.array([[1, 1, 1], [0, 3, 0]]))
    >>> targets.tolist(), sources.tolist()
    ([3, 5], [4, 4])
    """
    flat = counts.ravel()
    targets = np.flatnonzero(flat == 0)
    sources = np.repeat(np.arange(len(flat)), np.maximum(flat - 1, 0))
    return targets, sources


def chosen(share: Weights, uniform: Weights) -> Places:
    """Return one particle of each clip, drawn by weight, (clips,).

    >>> chosen(np.array([[0.5, 0.0, 0.5], [0.5, 0.0, 0.5]]), np.array([0.4, 0.6])).tolist()
    [0, 2]
    """
    reached = np.cumsum(share, 1)
    return np.asarray(np.argmax(reached > uniform[:, None] * reached[:, -1:], 1))
