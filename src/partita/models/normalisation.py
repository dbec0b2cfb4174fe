"""Normalisation of feature maps: over groups of channels, each channel, or the batch.

Layout: (batch, time, channels). This file does not know what the channels mean.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from partita.errors import PartitaError

GROUP = 16


def check_normalisation(kind: str, kinds: tuple[str, ...]) -> None:
    """Refuse a word that is no normalisation.

    >>> check_normalisation("layer", ("group", "none"))
    Traceback (most recent call last):
    ...
    partita.errors.PartitaError: `normalisation` is 'layer': choose one of group, none
    """
    if kind not in kinds:
        raise PartitaError(f"`normalisation` is {kind!r}: choose one of {', '.join(kinds)}")


class Normalisation(nn.Module):
    """Bring channels, or groups of them, to mean 0 and variance 1, then scale and shift each channel.

    Args:
        kind: "group" (Wu & He 2018), "instance" (Ulyanov et al. 2016), "batch" (Ioffe & Szegedy 2015) or
            "none".
        width: channels.

    >>> Normalisation("instance", 2)(torch.randn(1, 50, 2)).var(1, correction=0).round(decimals=2).tolist()
    [[1.0, 1.0]]
    """

    def __init__(self, kind: str, width: int) -> None:
        super().__init__()
        whole = width // GROUP if width % GROUP == 0 else 1
        self.groups = {"group": whole, "instance": width}.get(kind)
        self.batch = nn.BatchNorm1d(width) if kind == "batch" else None
        if self.groups is not None:
            self.weight = nn.Parameter(torch.ones(width))
            self.bias = nn.Parameter(torch.zeros(width))

    def forward(self, hidden: Float[Tensor, "batch time channels"]) -> Float[Tensor, "batch time channels"]:
        """Normalise over time, and over the batch when that is the kind."""
        if self.batch is not None:
            flat: Tensor = self.batch(hidden.flatten(0, 1))
            return flat.view_as(hidden)
        if self.groups is None:
            return hidden
        grouped = hidden.view(*hidden.shape[:2], self.groups, -1)
        variance, mean = torch.var_mean(grouped, (1, 3), correction=0, keepdim=True)
        scale = self.weight.view(self.groups, -1) * torch.rsqrt(variance + 1e-5)
        shift = self.bias.view(self.groups, -1) - mean * scale
        return (grouped * scale + shift).view_as(hidden)
