"""The route `gumbel`: straight-through Gumbel-softmax on clips that are already drawn.

A class drawn from logits l is the argmax of l + g, where g is independent Gumbel noise. The relaxation
replaces the argmax by a softmax in the derivative only:

    y_t = softmax((l_t + g_t) / tau),   value: the one-hot vector of x_t,   derivative: that of y_t

The sampler that drew the clips uses no Gumbel noise. The noise is therefore drawn afterwards, from its
distribution given that the argmax is x_t. Class and noise then have the same joint distribution as if the
noise were drawn first.

The gradient includes d y_t / d l_t at constant noise and, with further passes, d l_t / d past (see
`relaxation.py`). It does not include the change of the conditional noise with l_t. The estimate is biased,
because the value is a corner of the simplex and the derivative that of an inner point. A lower tau has less
bias and more variance.

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
    """Return log p plus Gumbel noise, drawn given that the drawn class has the largest sum.

        drawn class x: -log E_x,   other classes c: -log(E_c / p_c + E_x)

    p = softmax(logits), and E are independent standard exponential variables.

    Args:
        logits: the distribution that the classes were drawn from.
        drawn: the classes.
        exponentials: E.

    Returns:
        log p + g, without a gradient.

    >>> ones = torch.ones(1, 3)
    >>> sums = conditional_gumbels(torch.zeros(1, 3), torch.tensor([2]), exponentials=ones)
    >>> [round(number, 3) for number in sums[0].tolist()]
    [-1.386, -1.386, -0.0]
    """
    log_p = torch.log_softmax(logits.detach(), -1)
    index = drawn.unsqueeze(-1)
    largest = exponentials.gather(-1, index)
    others = torch.logaddexp(exponentials.log() - log_p, largest.log())
    return -torch.scatter(others, -1, index, largest.log())


def straight_through(
    logits: Float[Tensor, "*n classes"],
    drawn: Int[Tensor, "*n"],
    *,
    sums: Float[Tensor, "*n classes"],
    temperature: float,
) -> Float[Tensor, "*n classes"]:
    """Return the drawn classes as one-hot vectors with the derivative of softmax((log p + g) / tau).

    Args:
        logits: carry the gradient.
        drawn: the classes.
        sums: log p + g, as `conditional_gumbels` returns it for these logits.
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


class GumbelRelaxation:
    """A `Relaxation` by straight-through Gumbel-softmax, with the same noise in every call.

    The first call draws the noise.

    Args:
        rng: the random stream of the noise, on the CPU.
        temperature: tau, above 0.

    >>> relax = GumbelRelaxation(torch.Generator().manual_seed(0), temperature=1.0)
    >>> relax(torch.zeros(1, 1, 3), torch.tensor([[2]])).tolist()
    [[[0.0, 0.0, 1.0]]]
    """

    def __init__(self, rng: torch.Generator, temperature: float) -> None:
        self.rng, self.temperature = rng, temperature
        self._sums: Tensor | None = None

    def __call__(
        self, logits: Float[Tensor, "clips time classes"], drawn: Int[Tensor, "clips time"]
    ) -> Float[Tensor, "clips time classes"]:
        """Return the drawn classes as one-hot vectors; see `straight_through`."""
        if self._sums is None:
            noise = torch.empty(logits.shape, dtype=logits.dtype).exponential_(generator=self.rng)
            noise = noise.clamp_min(torch.finfo(logits.dtype).tiny).to(logits.device)
            self._sums = conditional_gumbels(logits, drawn, exponentials=noise)
        return straight_through(logits, drawn, sums=self._sums, temperature=self.temperature)
