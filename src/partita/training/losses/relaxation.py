"""Gradients along drawn clips: the part that the routes `gumbel` and `pathwise` share.

A relaxation maps logits and the class drawn from them to a vector. Its value is the one-hot vector of the
class, and its derivative says how the drawn sample changes with the logits. A drawn sample also changes all
later ones, in a chain x_1 -> x_2 -> ..., which no single parallel pass contains. Repeated passes approximate
it: the first one takes the clips as drawn; each further one takes the vectors of the pass before, has the
same values, and adds a link:

    D_1 = B,   D_k = B + J D_(k-1)

B is the derivative of each sample by its own logits, J that of the logits by their past. n passes contain
every chain of up to n links; as many passes as samples contain all of them, because J is strictly triangular.
With one pass the past is constant. Each further pass costs one forward and one backward pass.

Layout: (clips, time, classes). This file knows neither the relaxations nor any judge.
"""

from collections.abc import Callable

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional

Relaxation = Callable[[Tensor, Tensor], Tensor]
"""From logits, (clips, time, classes), and drawn classes, (clips, time), to one-hot vectors with a
derivative."""


def relaxed_clips(
    model: Callable[[Tensor], Tensor],
    past: Int[Tensor, "clips before"],
    drawn: Int[Tensor, "clips time"],
    relax: Relaxation,
    *,
    passes: int = 1,
) -> tuple[Float[Tensor, "clips time classes"], Float[Tensor, "clips time classes"]]:
    """Return drawn clips as one-hot vectors that carry the generator's gradient, and the logits.

    Args:
        model: the generator, from classes or one-hot vectors to logits.
        past: the ends of the prompts, as long as the model's receptive field.
        drawn: the classes that were drawn after them.
        relax: the relaxation; it must return the same values for the same logits.
        passes: the longest chain of samples that the gradient follows, at least 1.

    Returns:
        the vectors of the last pass and the logits of the first one.

    >>> constant = lambda x: torch.zeros(x.shape[0], x.shape[1], 3)
    >>> hard = lambda logits, drawn: functional.one_hot(drawn, 3).float() + 0 * logits
    >>> vectors, _ = relaxed_clips(constant, torch.tensor([[0]]), torch.tensor([[2, 1]]), hard, passes=2)
    >>> vectors.tolist()
    [[[0.0, 0.0, 1.0], [0.0, 1.0, 0.0]]]
    """
    logits = _at_least_float32(model(torch.cat([past, drawn[:, :-1]], 1)))
    vectors = relax(logits, drawn)
    past_vectors = functional.one_hot(past, logits.shape[2]).to(vectors.dtype) if passes > 1 else None
    for _ in range(passes - 1):
        assert past_vectors is not None
        inputs = torch.cat([past_vectors, vectors[:, :-1]], 1)
        vectors = relax(_at_least_float32(model(inputs)), drawn)
    return vectors, logits


def _at_least_float32(logits: Tensor) -> Tensor:
    return logits if logits.dtype == torch.float64 else logits.float()
