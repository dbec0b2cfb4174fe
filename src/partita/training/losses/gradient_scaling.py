"""Scale the gradient of a second loss against that of the first one.

Both functions measure the norms of the two gradients: `gradient_ratio` at the output of the network, for
losses that share a forward pass; `add_gradient` at the weights, for a loss with its own forward pass. This
file knows no losses.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

SMALLEST_NORM = 1e-30
"""Replaces a smaller norm in a denominator."""


def gradient_ratio(loss: Tensor, other: Tensor, logits: Tensor) -> Tensor:
    """Return |d loss / d logits| / |d other / d logits|, without a gradient.

    Times this ratio, the other loss has a gradient as long as the first one's at the network's output.
    Backpropagation from there on is linear and the same for both losses, so one backward pass of the sum is
    enough. Esser et al. 2021 ("Taming Transformers", equation 7) measure at the weights of the last layer
    instead.

    Args:
        loss: scalar, sets the scale; its graph is retained.
        other: scalar, the loss to scale; its graph is retained.
        logits: any shape; both losses depend on them.

    Returns:
        scalar; 0 if the other loss has no gradient.

    >>> logits = torch.tensor([3.0, 4.0], requires_grad=True)
    >>> round(gradient_ratio(logits.square().sum() / 2, logits.sum(), logits).item(), 4)
    3.5355
    """
    norms = []
    for each in (loss, other):
        (gradient,) = torch.autograd.grad(each, logits, retain_graph=True)
        norms.append(torch.linalg.vector_norm(gradient.float()))
    return torch.where(norms[1] > 0, norms[0] / norms[1], 0.0)


def add_gradient(
    parameters: Sequence[torch.nn.Parameter], loss: Tensor, *, weight: float, relative: bool
) -> Tensor:
    """Add the gradient of a loss to the gradients of parameters, in place.

        plain:     g <- g + weight * h
        relative:  g <- g + weight * |g| / |h| * h

    h is the gradient of the loss, and the norms are over all parameters. A weight of 0 leaves g bitwise
    unchanged.

    Args:
        parameters: each has a gradient.
        loss: scalar.
        weight: at least 0.
        relative: whether the weight is a share of the norm of g.

    Returns:
        |h| / |g|, not synchronised.

    >>> weights = torch.nn.Parameter(torch.ones(2))
    >>> weights.grad = torch.tensor([3.0, 4.0])
    >>> add_gradient([weights], 100 * weights[0], weight=0.5, relative=True).item()
    20.0
    >>> weights.grad.tolist()
    [5.5, 4.0]
    """
    present = [parameter.grad for parameter in parameters]
    assert all(gradient is not None for gradient in present)
    added = torch.autograd.grad(loss, parameters, allow_unused=True)
    pairs = [(g, h) for g, h in zip(present, added, strict=True) if g is not None and h is not None]
    base = torch.nn.utils.get_total_norm([g for g, _ in pairs])
    other = torch.nn.utils.get_total_norm([h for _, h in pairs])
    scale = weight * base / other.clamp_min(SMALLEST_NORM) if relative else torch.full_like(base, weight)
    for g, h in pairs:
        g.add_(h * scale)
    return other / base.clamp_min(SMALLEST_NORM)
