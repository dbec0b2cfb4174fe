"""Biases that change from block to block of samples, as a condition makes them."""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional


@dataclass(frozen=True)
class BlockBias:
    """What is added to each layer's sums, and to the sum of the skip connections, for blocks of samples.

    Args:
        values: (batch, blocks, columns): for each layer its 2 * units columns, then the skip channels.
        phase: (batch,) int64; row t of the stack's input is in block (phase + t) // hold.
        hold: samples that share a block.

    >>> bias = BlockBias(torch.tensor([[[1.0], [2.0]]]), torch.tensor([1]), hold=2)
    >>> bias.rows(0, 1, first=0, length=3)[0, :, 0].tolist()
    [1.0, 2.0, 2.0]
    """

    values: Float[Tensor, "batch blocks columns"]
    phase: Int[Tensor, " batch"]
    hold: int

    def rows(self, low: int, high: int, *, first: int, length: int) -> Float[Tensor, "batch length columns"]:
        """Return the columns from `low` to `high` for consecutive rows, from row `first` on."""
        batch, blocks, _ = self.values.shape
        device = self.values.device
        row = first + torch.arange(length, device=device)
        block = (self.phase[:, None] + row) // self.hold + blocks * torch.arange(batch, device=device)[
            :, None
        ]
        # the gradient of an embedding is a plain sum over rows, much faster than that of indexing
        return functional.embedding(block, self.values[:, :, low:high].flatten(0, 1))
