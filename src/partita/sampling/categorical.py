"""The rule that turns logits and a uniform into a class, in NumPy: the reference for the compiled ones.

    temperature -> top-k -> top-p -> inverse cumulative distribution, classes in ascending order -> smoothing

`cpu/categorical.py` has the same rule in Numba, and `gpu/categorical.py` in Triton. This file does not know
where logits or uniforms come from.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from partita.sampling.config import SamplingConfig


def probabilities(logits: NDArray[np.floating[Any]], config: SamplingConfig) -> NDArray[np.float64]:
    """Return the probability with which each class is drawn.

    q = softmax(logits / temperature). Top-k keeps the `top_k` largest of q; among equals, lower classes come
    first. Of these, top-p keeps the fewest, largest first, whose sum reaches `top_p` of their total. What is
    kept is scaled to sum to 1.

    Args:
        logits: (..., classes).
        config: temperature, top_k and top_p.

    Returns:
        (..., classes), each row summing to 1; classes that cannot be drawn have a probability of exactly 0.

    >>> probabilities(np.log([0.5, 0.25, 0.25]), SamplingConfig(top_k=2)).round(3).tolist()
    [0.667, 0.333, 0.0]
    """
    scaled = logits.astype(np.float64)
    scaled = (scaled - scaled.max(-1, keepdims=True)) / config.temperature
    weights = np.exp(scaled)
    order = np.argsort(-scaled, axis=-1, kind="stable")
    ranked = np.take_along_axis(weights, order, -1)
    if config.top_k is not None:
        ranked[..., config.top_k :] = 0.0
    if config.top_p is not None:
        total = ranked.sum(-1, keepdims=True)
        before = np.cumsum(ranked, -1) - ranked
        ranked[(before >= config.top_p * total) & (np.arange(ranked.shape[-1]) > 0)] = 0.0
    kept = np.zeros_like(weights)
    np.put_along_axis(kept, order, ranked, -1)
    return np.asarray(kept / kept.sum(-1, keepdims=True))


def choose(probability: NDArray[np.float64], uniform: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the first class whose cumulative probability exceeds u.

    Args:
        probability: (..., classes), rows summing to 1.
        uniform: (...), in (0, 1).

    Returns:
        (...) classes; never one with a probability of 0.

    >>> choose(np.array([[0.2, 0.0, 0.8], [0.2, 0.0, 0.8]]), np.array([0.19, 0.21])).tolist()
    [0, 2]
    """
    cumulative = np.cumsum(probability, -1)
    reached = cumulative > uniform[..., None] * cumulative[..., -1:]
    return np.asarray(np.argmax(reached, -1))


def smooth(
    probability: NDArray[np.float64], chosen: NDArray[np.int64], smoothing: float
) -> NDArray[np.int64]:
    """Replace each drawn class k by the mean of the distribution near it.

        floor(1/2 + sum over i of i w_i p_i / sum over i of w_i p_i),
        w_i = exp(-((i - k) / smoothing)^2 / 2)

    Where the distribution has one narrow peak, this removes most of the noise of the draw: of a Gaussian with
    deviation s the distance from the mean shrinks by s^2 / (s^2 + smoothing^2). Where the distribution is
    broad, or has several peaks, the drawn class hardly moves.

    Args:
        probability: (..., classes), rows summing to 1.
        chosen: (...) drawn classes.
        smoothing: deviation of the weights, in classes; 0 leaves the classes as they are.

    Returns:
        (...) classes.

    >>> p = np.array([0.0, 0.25, 0.5, 0.25, 0.0])
    >>> smooth(np.stack([p, p]), np.array([1, 3]), 4.0).tolist()
    [2, 2]
    """
    if not smoothing:
        return chosen
    moved = mean_step(probability, chosen, smoothing)
    return np.asarray(chosen + np.floor(moved + 0.5).astype(np.int64))


def mean_step(
    probability: NDArray[np.float64], chosen: NDArray[np.int64], smoothing: float
) -> NDArray[np.float64]:
    """Return the distance from each drawn class to the mean near it, (...); the arguments are `smooth`'s.

    >>> mean_step(np.array([0.25, 0.5, 0.25]), np.array(1), 4.0).item()
    0.0
    """
    steps = np.arange(probability.shape[-1]) - chosen[..., None]
    weights = probability * np.exp(-0.5 * (steps / smoothing) ** 2)
    return np.asarray((weights * steps).sum(-1) / weights.sum(-1))
