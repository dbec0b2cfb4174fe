"""A free probability for each class: softmax of as many outputs (van den Oord et al. 2016, section 2.2)."""

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional

from partita.models.heads.base import Head, wide


class Categorical(Head):
    """The classes' logits are the outputs.

    >>> head = Categorical(4)
    >>> round(head.nats(torch.zeros(1, 4), torch.tensor([2])).item(), 4), head.columns
    (1.3863, 4)
    """

    @property
    def columns(self) -> int:
        """One output for each class."""
        return self.classes

    def nats(
        self, outputs: Float[Tensor, "... columns"], classes: Int[Tensor, "..."]
    ) -> Float[Tensor, "..."]:
        """Return -ln of the probability of each class; see `Head.nats`."""
        logits = wide(outputs)
        nats = functional.cross_entropy(logits.flatten(0, -2), classes.flatten(), reduction="none")
        return nats.view(classes.shape)

    def cdf(self, outputs: Float[Tensor, "... columns"], classes: Int[Tensor, "..."]) -> Float[Tensor, "..."]:
        """Return the probability of each class and all lower ones; see `Head.cdf`."""
        sums = torch.softmax(wide(outputs), -1).cumsum(-1)
        return sums.gather(-1, classes[..., None])[..., 0].clamp(max=1.0)

    def draw(
        self,
        outputs: Float[Tensor, "... columns"],
        uniforms: Float[Tensor, "..."],
        *,
        temperature: float = 1.0,
    ) -> Int[Tensor, "..."]:
        """Return the first class whose cumulative probability exceeds the uniform; see `Head.draw`."""
        sums = torch.softmax(outputs.double() / temperature, -1).cumsum(-1)
        return (sums <= uniforms[..., None] * sums[..., -1:]).sum(-1).clamp(max=self.classes - 1)

    def entropy(self, outputs: Float[Tensor, "... columns"]) -> Float[Tensor, "..."]:
        """Return the entropy of each prediction in nats."""
        log_p = torch.log_softmax(wide(outputs), -1)
        return -(log_p.exp() * log_p).sum(-1)

    def initial_bias(self) -> Float[Tensor, " columns"]:
        """Return zeros: all classes are equally likely."""
        return torch.zeros(self.columns)
