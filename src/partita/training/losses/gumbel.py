"""The route `gumbel`: straight-through Gumbel-softmax along clips that were drawn already.

A class drawn from logits l is the argmax of l + g, g being independent Gumbel noise. The relaxation puts a
softmax in the argmax's place, for the derivative alone:

    y_t = softmax((l_t + g_t) / tau),   value: the one-hot vector of x_t,   derivative: that of y_t

The clips come from the sampler, which knows no Gumbels, so the noise is drawn afterwards, from its
distribution given that the argmax is x_t. Class and noise together then are distributed as if the noise had
come first, and so is the estimate.

What is differentiated: y_t by l_t at a given noise, and, with further passes, l_t by the past
(`relaxed`). What is not: the noise's dependence on l_t (it is what stays fixed). The estimate is biased:
the value is the corner of the simplex, the derivative that of an inner point; a lower tau has less bias and
more variance.

Source: Jang et al. 2017; Maddison et al. 2014 and 2017; noise given the argmax: Paulus et al. 2021, equation
5.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional


def conditional_gumbels(
    logits: Float[Tensor, "*n classes"],
    drawn: Int[Tensor, "*n"],
    *,
    exponentials: Float[Tensor, "*n classes"],
) -> Float[Tensor, "*n classes"]:
    """Return logits plus Gumbel noise, drawn given that the drawn class has the largest sum.

        largest: -log E_x,   others: -log(E_c / p_c + E_x),   p = softmax(logits), E independent exponentials

    Args:
        logits: that the classes were drawn from.
        drawn: the classes.
        exponentials: standard exponential numbers.

    Returns:
        log p + g: normalised logits plus noise, constant.

    >>> ones = torch.ones(1, 3)
    >>> sums = conditional_gumbels(torch.zeros(1, 3), torch.tensor([2]), exponentials=ones)
    >>> [round(number, 3) for number in sums[0].tolist()]
    [-1.386, -1.386, -0.0]
    """
    log_p = torch.log_softmax(logits.detach(), -1)
    place = drawn.unsqueeze(-1)
    top = exponentials.gather(-1, place)
    others = torch.logaddexp(exponentials.log() - log_p, top.log())
    return -torch.scatter(others, -1, place, top.log())


def straight_through(
    logits: Float[Tensor, "*n classes"],
    drawn: Int[Tensor, "*n"],
    *,
    sums: Float[Tensor, "*n classes"],
    temperature: float,
) -> Float[Tensor, "*n classes"]:
    """Return the drawn classes, one-hot, with the derivative of the tempered softmax.

    Args:
        logits: carry the gradient.
        drawn: the classes.
        sums: what `conditional_gumbels` returned for these logits.
        temperature: tau, above 0.

    >>> logits = torch.zeros(1, 2, requires_grad=True)
    >>> vectors = straight_through(logits, torch.tensor([1]), sums=torch.zeros(1, 2), temperature=0.5)
    >>> torch.autograd.backward(vectors[0, 1])
    >>> vectors.tolist(), logits.grad.tolist()
    ([[0.0, 1.0]], [[-0.5, 0.5]])
    """
    log_p = torch.log_softmax(logits, -1)
    soft = torch.softmax((log_p - log_p.detach() + sums) / temperature, -1)
    return functional.one_hot(drawn, logits.shape[-1]).to(soft.dtype) + (soft - soft.detach())
