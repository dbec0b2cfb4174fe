"""The route `pathwise`: how a drawn sample moves when the distribution does, its quantile being held.

Classes are ordered; with F the cumulative probability, a sample drawn at the quantile u solves F(x) = u, so

    d x_t / d theta = -(d F_t(x_t) / d theta) / p_t(x_t)

in classes (implicit reparameterisation). That is exact for a density; for classes it is its quadrature: F is
taken in the middle of the class, sum over c < x of p(c), plus p(x) / 2, and x moves along the line through
its neighbours. Where classes are narrow against the distribution the estimate has little bias and low
variance; where a class holds most of the probability, a true sample would stand still or jump, and the
formula says neither.

p is kept from below by `clamp`: an improbable sample would move without bound. That shortens the steps of
samples from the tails, another bias, and is not enough for long chains (`relaxed`).

Source: Figurnov et al. 2018, equation 5; design of the clamp: our own.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional


def implicit(
    logits: Float[Tensor, "*n classes"], drawn: Int[Tensor, "*n"], *, clamp: float
) -> Float[Tensor, "*n classes"]:
    """Return the drawn classes, one-hot, moving along the line of their neighbours as their quantile does.

    Args:
        logits: carry the gradient.
        drawn: the classes.
        clamp: the least p to divide by, above 0.

    >>> logits = torch.zeros(1, 3, dtype=torch.float64, requires_grad=True)
    >>> place = implicit(logits, torch.tensor([1]), clamp=0.01) @ torch.arange(3.0, dtype=torch.float64)
    >>> torch.autograd.backward(place[0])
    >>> place.item(), [round(number, 3) for number in logits.grad[0].tolist()]
    (1.0, [-0.5, 0.0, 0.5])
    """
    classes = logits.shape[-1]
    probability = torch.softmax(logits, -1)
    place = drawn.unsqueeze(-1)
    below = torch.arange(classes, device=logits.device) < place
    at = probability.gather(-1, place).squeeze(-1)
    quantile = (probability * below).sum(-1) + at / 2
    moved = (quantile.detach() - quantile) / at.detach().clamp_min(clamp)
    upper, lower = (drawn + 1).clamp_max(classes - 1), (drawn - 1).clamp_min(0)
    direction = functional.one_hot(upper, classes) - functional.one_hot(lower, classes)
    slope = moved / (upper - lower)
    return functional.one_hot(drawn, classes).to(logits.dtype) + slope.unsqueeze(-1) * direction
