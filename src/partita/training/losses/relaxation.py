"""Gradients along clips that were drawn: what the routes `gumbel` and `pathwise` share.

A relaxation turns logits and the class drawn from them into a vector that *is* the drawn class, one-hot, and
whose derivative says how the draw would have moved. What a drawn sample does to those after it is a chain
x_1 -> x_2 -> ..., which no parallel pass holds as a whole. Passes build it up: the first sees the clips as
they were drawn; each further one sees the vectors of the one before, has the same values, and adds a link:

    D_1 = B,   D_k = B + J D_(k-1),   B: each sample by its own logits, J: logits by their past

so n passes hold every chain of up to n links, and as many as there are samples hold all of them (J is
strictly triangular). With one pass a sample moves by its own logits alone, its past being taken as given.
Each further pass costs another one forwards and backwards.

Layout: (clips, time, classes). This file knows neither the relaxations nor who judges.
"""

from collections.abc import Callable

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional

Relaxation = Callable[[Tensor, Tensor], Tensor]
"""From logits, (clips, time, classes), and the drawn classes, (clips, time), to one-hot vectors that move."""


def relaxed(
    model: Callable[[Tensor], Tensor],
    past: Int[Tensor, "clips before"],
    drawn: Int[Tensor, "clips time"],
    relax: Relaxation,
    *,
    passes: int = 1,
) -> tuple[Float[Tensor, "clips time classes"], Float[Tensor, "clips time classes"]]:
    """Return the drawn clips as one-hot vectors that carry the generator's gradient, and the logits behind
    them.

    Args:
        model: classes, or vectors of them, to logits; `past` is as long as its receptive field.
        past: the prompts' ends.
        drawn: what was drawn after them.
        relax: the relaxation; must give the same values for the same logits.
        passes: the longest chain of samples that the gradient follows, at least 1.

    >>> constant = lambda x: torch.zeros(x.shape[0], x.shape[1], 3)
    >>> hard = lambda logits, drawn: functional.one_hot(drawn, 3).float() + 0 * logits
    >>> vectors, _ = relaxed(constant, torch.tensor([[0]]), torch.tensor([[2, 1]]), hard, passes=2)
    >>> vectors.tolist()
    [[[0.0, 0.0, 1.0], [0.0, 1.0, 0.0]]]
    """
    logits = _wide(model(torch.cat([past, drawn[:, :-1]], 1)))
    vectors = relax(logits, drawn)
    before = functional.one_hot(past, logits.shape[2]).to(vectors.dtype) if passes > 1 else None
    for _ in range(passes - 1):
        assert before is not None
        vectors = relax(_wide(model(torch.cat([before, vectors[:, :-1]], 1))), drawn)
    return vectors, logits


def _wide(logits: Tensor) -> Tensor:
    return logits if logits.dtype == torch.float64 else logits.float()
