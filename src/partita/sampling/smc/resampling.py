"""The arithmetic of sequential Monte Carlo: the weights of particles, and which particles are copied.

Layout: (clips, particles); the particles of each clip are independent of other clips. Weights are logarithms
in float64, up to a constant per clip. This file does not know sound, models or scorers.
"""

import numpy as np
from numpy.typing import NDArray

Weights = NDArray[np.float64]
Indices = NDArray[np.int64]


def normalized_weights(log_weights: Weights) -> Weights:
    """Return the weights, scaled to sum to 1 for each clip.

    >>> normalized_weights(np.array([[1e4, 1e4, -1e4]])).tolist()
    [[0.5, 0.5, 0.0]]
    """
    weights = np.exp(log_weights - log_weights.max(1, keepdims=True))
    return np.asarray(weights / weights.sum(1, keepdims=True))


def log_mean_weight(log_weights: Weights) -> Weights:
    """Return the logarithm of the mean weight of each clip, (clips,).

    >>> log_mean_weight(np.array([[-1e4, -1e4]])).tolist()
    [-10000.0]
    """
    largest = log_weights.max(1)
    return np.asarray(largest + np.log(np.exp(log_weights - largest[:, None]).mean(1)))


def effective_sample_size(weights: Weights) -> Weights:
    """Return the effective sample size of each clip, 1 / (sum of squared weights), (clips,).

    Args:
        weights: (clips, K), rows summing to 1.

    Source: Kong, Liu & Wong 1994, "Sequential imputations and Bayesian missing data problems".

    >>> effective_sample_size(np.array([[0.5, 0.5, 0.0], [1.0, 0.0, 0.0]])).tolist()
    [2.0, 1.0]
    """
    return np.asarray(1.0 / np.square(weights).sum(1))


def systematic_counts(weights: Weights, uniform: Weights) -> Indices:
    """Return how many copies each particle gets in systematic resampling.

    A particle gets one copy per point (u + i) / K that falls into its part of the cumulative weights. Each
    count is K w, rounded down or up, and K w on average.

    Args:
        weights: (clips, K), rows summing to 1.
        uniform: (clips,) u, in (0, 1).

    Returns:
        (clips, K), rows summing to K; 0 for a particle whose weight is 0.

    Source: Carpenter, Clifford & Fearnhead 1999, "Improved particle filter for nonlinear problems"; Douc &
        Cappe 2005, "Comparison of resampling schemes for particle filtering", compare it with others.

    >>> systematic_counts(np.array([[0.5, 0.3, 0.2]]), np.array([0.7])).tolist()
    [[1, 1, 1]]
    """
    particles = weights.shape[1]
    reached = np.cumsum(weights, 1)
    reached /= reached[:, -1:]
    points = np.minimum(np.ceil(particles * reached - uniform[:, None]), particles)
    points[reached >= 1.0] = particles  # even if rounding gives fewer
    return np.asarray(np.diff(points.astype(np.int64), axis=1, prepend=0))


def copy_plan(counts: Indices) -> tuple[Indices, Indices]:
    """Return which particles are overwritten with which; a particle with a copy to keep is not moved.

    Args:
        counts: (clips, K), rows summing to K.

    Returns:
        targets and sources, (n,) indices each, counted over all clips; no target is a source.

    >>> targets, sources = copy_plan(np.array([[1, 1, 1], [0, 3, 0]]))
    >>> targets.tolist(), sources.tolist()
    ([3, 5], [4, 4])
    """
    flat = counts.ravel()
    targets = np.flatnonzero(flat == 0)
    sources = np.repeat(np.arange(len(flat)), np.maximum(flat - 1, 0))
    return targets, sources


def draw_particles(weights: Weights, uniform: Weights) -> Indices:
    """Draw one particle of each clip by weight, (clips,).

    Args:
        weights: (clips, K), rows summing to 1.
        uniform: (clips,), in (0, 1).


    >>> draw_particles(np.array([[0.5, 0.0, 0.5], [0.5, 0.0, 0.5]]), np.array([0.4, 0.6])).tolist()
    [0, 2]
    """
    reached = np.cumsum(weights, 1)
    return np.asarray(np.argmax(reached > uniform[:, None] * reached[:, -1:], 1))
