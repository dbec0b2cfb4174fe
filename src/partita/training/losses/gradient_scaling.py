"""Add the gradient of a second loss to that of the first, by a plain weight or by a share of its norm.

A free-running loss comes from a forward pass of its own, so the gradients of both by the weights are there
for the taking. This file knows no losses.
"""

from collections.abc import Sequence

import torch
from torch import Tensor


def add_gradient(
    parameters: Sequence[torch.nn.Parameter], loss: Tensor, *, weight: float, relative: bool
) -> Tensor:
    """Add a loss's gradient to the one that is there.

        plain:     g <- g + weight * h
        relative:  g <- g + weight * |g| / |h| * h,   h the loss's gradient, norms over all weights

    A weight of 0 leaves the gradient as it is, to the last bit.

    Args:
        parameters: the weights; each has a gradient.
        loss: what to add.
        weight: at least 0.
        relative: whether the weight is a share of the norm that is there.

    Returns:
        |h| / |g|, not synchronised.

    >>> weights = torch.nn.Parameter(torch.ones(2))
    >>> weights.grad = torch.tensor([3.0, 4.0])
    >>> add_gradient([weights], 100 * weights[0], weight=0.5, relative=True).item()
    20.0
    >>> weights.grad.tolist()
    [5.5, 4.0]
    """
    there = [parameter.grad for parameter in parameters]
    assert all(gradient is not None for gradient in there)
    found = torch.autograd.grad(loss, parameters, allow_unused=True)
    pairs = [(g, h) for g, h in zip(there, found, strict=True) if g is not None and h is not None]
    base = torch.nn.utils.get_total_norm([g for g, _ in pairs])
    other = torch.nn.utils.get_total_norm([h for _, h in pairs])
    scale = weight * base / other.clamp_min(1e-30) if relative else torch.full_like(base, weight)
    for g, h in pairs:
        g.add_(h * scale)
    return other / base.clamp_min(1e-30)
