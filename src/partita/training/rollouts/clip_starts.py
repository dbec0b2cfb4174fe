"""Random cuts in training windows, each with a real past and its real continuation.

This file knows no models: the past is as long as the context of the windows.
"""

import torch
from jaxtyping import Bool, Int
from torch import Tensor


def cut_clips(
    classes: Int[Tensor, "batch samples"],
    valid: Bool[Tensor, "batch targets"],
    *,
    clips: int,
    length: int,
    rng: torch.Generator,
) -> tuple[Int[Tensor, "clips context"], Int[Tensor, "clips length"]]:
    """Cut pasts and their continuations out of windows, at random positions.

    All positions whose whole continuation is valid have the same probability.
    If no window has `length` valid targets, the continuations are as long as the most valid targets of a
    window.

    Args:
        classes: windows, context and targets.
        valid: which targets count; in each window the valid ones come first.
        clips: number of cuts.
        length: samples of a continuation.
        rng: the random stream of the positions, on the CPU.

    Returns:
        the pasts, (clips, context), and what follows them, (clips, length).

    >>> window, valid = torch.arange(10)[None], torch.ones(1, 6, dtype=torch.bool)
    >>> past, real = cut_clips(window, valid, clips=1, length=6, rng=torch.Generator().manual_seed(0))
    >>> past.tolist(), real.tolist()
    ([[0, 1, 2, 3]], [[4, 5, 6, 7, 8, 9]])
    """
    context = classes.shape[1] - valid.shape[1]
    counts = valid.sum(1).cpu()
    length = min(length, int(counts.max()))
    positions = (counts - length + 1).clamp_min(0)
    edges = positions.cumsum(0)
    chosen = (torch.rand(clips, generator=rng, dtype=torch.float64) * int(edges[-1])).long()
    rows = torch.searchsorted(edges, chosen, right=True)
    starts = chosen - (edges - positions)[rows]
    columns = starts[:, None] + torch.arange(context + length)
    cut = classes[rows[:, None].to(classes.device), columns.to(classes.device)]
    return cut[:, :context], cut[:, context:]
