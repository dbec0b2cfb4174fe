"""How much one loss pulls at the generator's output, against another. It knows neither's meaning."""

import torch
from torch import Tensor


def gradient_ratio(loss: Tensor, other: Tensor, logits: Tensor) -> Tensor:
    """Return |d loss / d logits| / |d other / d logits|, a number without a gradient.

    The other loss times this ratio pulls exactly as hard as the first. Both are measured at the output of
    the network, not at its weights: the way from there on is linear in the gradient and the same for both,
    so that one walk through the network, with the sum, is enough. Esser et al. 2021 ("Taming Transformers",
    equation 7) measure at the last layer's weights, to the same end.

    Args:
        loss: the loss that sets the scale; its graph is kept.
        other: the loss that is to be scaled; its graph is kept.
        logits: what both come from.

    Returns:
        0 where the other has no gradient at all: there is nothing to scale.

    >>> logits = torch.tensor([3.0, 4.0], requires_grad=True)
    >>> round(gradient_ratio(logits.square().sum() / 2, logits.sum(), logits).item(), 4)
    3.5355
    """
    lengths = []
    for one in (loss, other):
        (slope,) = torch.autograd.grad(one, logits, retain_graph=True)
        lengths.append(torch.linalg.vector_norm(slope.float()))
    return torch.where(lengths[1] > 0, lengths[0] / lengths[1], 0.0)
