"""The route `pathwise`: the derivative of a drawn sample by the distribution, at a constant quantile.

The classes are ordered. With the cumulative probability F, the sample drawn at the quantile u solves F(x) =
u, so

    d x_t / d theta = -(d F_t(x_t) / d theta) / p_t(x_t)

in units of classes (implicit reparameterisation). This is exact for a density and an approximation for
classes: F is taken in the middle of the class, sum over c < x of p(c), plus p(x) / 2, and x moves along the
line through its two neighbours. Where the distribution is wide compared to a class, the estimate has little
bias and low variance. Where one class has most of the probability, the true sample is constant or jumps, and
the estimate is poor.

`clamp` is a lower bound of p, because a sample of low probability would move without bound. It shortens the
moves of samples in the tails, which adds bias, and it does not keep long chains stable (see `relaxation.py`).

Source: Figurnov et al. 2018, equation 5. The clamp is an addition.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional


def implicit_reparameterisation(
    logits: Float[Tensor, "*n classes"], drawn: Int[Tensor, "*n"], *, clamp: float
) -> Float[Tensor, "*n classes"]:
    """Return the drawn classes as one-hot vectors with the derivative at a constant quantile.

        value: one_hot(x);   derivative: d x / d theta * (one_hot(x + 1) - one_hot(x - 1)) / 2,
        d x / d theta = -(d F(x) / d theta) / max(p(x), clamp)

    At the first and the last class the only neighbour and the class itself take the place of the two
    neighbours.

    Args:
        logits: carry the gradient.
        drawn: the classes x.
        clamp: the least p to divide by, above 0.

    >>> logits = torch.zeros(1, 3, dtype=torch.float64, requires_grad=True)
    >>> classes = torch.arange(3.0, dtype=torch.float64)
    >>> position = implicit_reparameterisation(logits, torch.tensor([1]), clamp=0.01) @ classes
    >>> torch.autograd.backward(position[0])
    >>> position.item(), [round(number, 3) for number in logits.grad[0].tolist()]
    (1.0, [-0.5, 0.0, 0.5])
    """
    classes = logits.shape[-1]
    probability = torch.softmax(logits, -1)
    index = drawn.unsqueeze(-1)
    below = torch.arange(classes, device=logits.device) < index
    p_drawn = probability.gather(-1, index).squeeze(-1)
    quantile = (probability * below).sum(-1) + p_drawn / 2
    move = (quantile.detach() - quantile) / p_drawn.detach().clamp_min(clamp)
    upper, lower = (drawn + 1).clamp_max(classes - 1), (drawn - 1).clamp_min(0)
    direction = functional.one_hot(upper, classes) - functional.one_hot(lower, classes)
    slope = move / (upper - lower)
    return functional.one_hot(drawn, classes).to(logits.dtype) + slope.unsqueeze(-1) * direction
