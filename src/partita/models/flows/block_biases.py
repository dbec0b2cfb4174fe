"""What the condition adds in each flow of a model, in the order of time or in the reverse order.

All flows share one `Conditioner`, whose products are in blocks of `HOLD` samples. This file does not know
how the products are made.
"""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from partita.audio.features.layout import HOLD
from partita.ops.gated_stack.blocks import BlockBias


def flow_columns(
    blocks: Float[Tensor, "batch blocks products"], *, number: int, flows: int, gates: int, skips: int
) -> Float[Tensor, "batch blocks columns"]:
    """Return the columns of one flow: those of its gated units, then those of its skip connections.

    Args:
        blocks: the gated units' of all flows, then the skip connections' of all flows.
        number: of the flow, from 0.
        flows: how many there are.
        gates: columns of the gated units of a flow.
        skips: columns of the skip connections of a flow.

    >>> flow_columns(torch.arange(6.0)[None, None], number=1, flows=2, gates=2, skips=1)[0, 0].tolist()
    [2.0, 3.0, 5.0]
    """
    first = flows * gates + number * skips
    return torch.cat(
        [blocks[..., number * gates : (number + 1) * gates], blocks[..., first : first + skips]], -1
    )


def forward_bias(
    columns: Float[Tensor, "batch blocks columns"], start: Int[Tensor, " batch"], *, first: int
) -> BlockBias:
    """Return the biases of a flow in the order of time.

    Args:
        columns: of the flow; block 0 has sample 0 of the window.
        start: samples from the beginning of block 0 to sample 0.
        first: the sample that row 0 belongs to.

    >>> bias = forward_bias(torch.arange(3.0)[None, :, None], torch.tensor([3]), first=20)
    >>> bias.rows(0, 1, first=0, length=2)[0, :, 0].tolist(), bias.values.shape[1]
    ([1.0, 1.0], 2)
    """
    dropped = first // HOLD
    return BlockBias(columns[:, dropped:], start + first - dropped * HOLD, HOLD)


def reversed_bias(
    columns: Float[Tensor, "batch blocks columns"],
    start: Int[Tensor, " batch"],
    *,
    last: Int[Tensor, " batch"],
    first: int,
) -> BlockBias:
    """Return the biases of a flow in the reverse order of time; after the last sample its block counts.

    Args:
        columns: of the flow; block 0 has sample 0 of the window.
        start: samples from the beginning of block 0 to sample 0.
        last: the last sample of each window.
        first: the sample that row 0 belongs to; row r belongs to sample `first` - r.

    >>> bias = reversed_bias(
    ...     torch.arange(3.0)[None, :, None], torch.tensor([3]), last=torch.tensor([20]), first=50
    ... )
    >>> bias.rows(0, 1, first=35, length=5)[0, :, 0].tolist()  # samples 15, 14, 13, 12, 11
    [1.0, 1.0, 1.0, 0.0, 0.0]
    >>> bias.rows(0, 1, first=0, length=1)[0, 0].tolist()  # sample 50
    [1.0]
    """
    count = (HOLD - 1 + first) // HOLD + 1
    wanted = torch.arange(count - 1, -1, -1, device=start.device)
    index = torch.minimum(wanted, ((start + last) // HOLD)[:, None])
    values = columns.gather(1, index[..., None].expand(-1, -1, columns.shape[2]))
    return BlockBias(values, count * HOLD - 1 - start - first, HOLD)


def last_samples(valid: Bool[Tensor, "batch targets"], *, context: int) -> Int[Tensor, " batch"]:
    """Return the number of the last valid sample of each window.

    Args:
        valid: which targets count: the first ones, at least one.
        context: samples before the first target.

    >>> last_samples(torch.tensor([[True, True, False]]), context=5).tolist()
    [6]
    """
    return context + valid.sum(1) - 1
