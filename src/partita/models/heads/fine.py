"""Embeddings of more classes than there are embedding vectors: each class lies between two of them.

The vectors stand for values that are equally spaced after mu-law companding with mu = 255, so that they are
dense where most samples of sound are. This file does not know networks.
"""

import math

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

MU = 255.0


class FineEmbedding(nn.Module):
    """Mix the two embedding vectors around each class linearly.

    Args:
        classes: of the samples, more than vectors; their values are equally spaced.

    >>> fine, table = FineEmbedding(65535), torch.linspace(-1.0, 1.0, 256)[:, None]
    >>> [round(float(place), 3) for place in fine(torch.tensor([0, 32767, 49150, 65534]), table)]
    [-1.0, 0.0, 0.876, 1.0]
    """

    places: Tensor

    def __init__(self, classes: int) -> None:
        super().__init__()
        values = companded_values(torch.linspace(-1.0, 1.0, classes, dtype=torch.float64))
        self.register_buffer("places", ((values + 1.0) / 2.0).float(), persistent=False)
        """(classes,) where each class lies between the first vector, 0, and the last one, 1."""

    def forward(
        self, classes: Int[Tensor, "*shape"], table: Float[Tensor, "vectors channels"]
    ) -> Float[Tensor, "*shape channels"]:
        """Return the embedding of each class from a table of vectors."""
        return mixed(*self.between(classes, len(table)), table)

    def between(
        self, classes: Int[Tensor, "*shape"], vectors: int
    ) -> tuple[Int[Tensor, "*shape"], Float[Tensor, "*shape"]]:
        """Return the lower of the two vectors around each class, and the share of the upper one."""
        place = self.places[classes] * (vectors - 1)
        lower = place.long().clamp(max=vectors - 2)
        return lower, place - lower


def mixed(
    lower: Int[Tensor, "*shape"], share: Float[Tensor, "*shape"], table: Float[Tensor, "vectors channels"]
) -> Float[Tensor, "*shape channels"]:
    """Mix neighbouring vectors of a table linearly.

    Args:
        lower: the first of the two vectors.
        share: that of the second one, 0 to 1.
        table: the vectors.

    >>> mixed(torch.tensor([1]), torch.tensor([0.25]), torch.arange(3.0)[:, None]).tolist()
    [[1.25]]
    """
    first, second = functional.embedding(lower, table), functional.embedding(lower + 1, table)
    return first + share[..., None].to(table) * (second - first)


def rise_at(
    nearest: Int[Tensor, "*shape"],
    table: Float[Tensor, "vectors channels"],
    places: Float[Tensor, " vectors"],
) -> Float[Tensor, "*shape channels"]:
    """Return the slope of a mixture at a vector: that of the line through the vectors on both sides of it.

    Drawn values may be at a vector, where the mixture has a kink. The slope carries no gradient.

    Args:
        nearest: the vector.
        table: the vectors.
        places: where each vector is, increasing.

    >>> rise_at(torch.tensor([0, 1]), torch.tensor([[0.0], [1.0], [4.0]]), torch.arange(3.0)).tolist()
    [[1.0], [2.0]]
    """
    above, below = (nearest + 1).clamp(max=len(table) - 1), (nearest - 1).clamp(min=0)
    rise = (functional.embedding(above, table) - functional.embedding(below, table)).detach()
    return rise / (places[above] - places[below])[..., None]


def companded_values(values: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Return mu-law companded values, with mu = 255.

    Args:
        values: -1 to 1.

    >>> companded_values(torch.tensor([-1.0, 0.0, 1.0])).tolist()
    [-1.0, 0.0, 1.0]
    """
    return values.sign() * torch.log1p(MU * values.abs()) / math.log1p(MU)


def embedded_values(
    values: Float[Tensor, "*shape"], table: Float[Tensor, "vectors channels"], *, companded: bool
) -> Float[Tensor, "*shape channels"]:
    """Mix the two embedding vectors around each value linearly, with a derivative; see `rise_at`.

    Args:
        values: -1 to 1; carry a gradient.
        table: the vectors.
        companded: whether the vectors are equally spaced after companding the values.

    >>> values = torch.tensor([0.0, 0.5], requires_grad=True)
    >>> found = embedded_values(values, torch.arange(5.0)[:, None], companded=False)
    >>> found[:, 0].tolist(), torch.autograd.grad(found.sum(), values)[0].tolist()
    ([2.0, 3.0], [2.0, 2.0])
    """
    last, there = len(table) - 1, values.detach()
    fixed = (companded_values(there) if companded else there).add(1.0).mul(0.5 * last).clamp(0, last)
    slope = MU / ((1.0 + MU * there.abs()) * math.log1p(MU)) if companded else 1.0
    moved = (values - there) * slope * (0.5 * last)
    lower = fixed.long().clamp(max=last - 1)
    rise = rise_at(fixed.round().long(), table, torch.arange(len(table), device=table.device).to(table))
    return mixed(lower, fixed - lower, table) + moved[..., None].to(table) * rise
