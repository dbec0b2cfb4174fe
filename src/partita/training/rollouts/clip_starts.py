"""Places in training windows at which clips begin: a real past, and what really follows it.

This file knows no models: how much past there is, is whatever the windows were cut with.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Int
from torch import Tensor


@dataclass(frozen=True)
class Continued:
    """Real sound, cut in two.

    Args:
        past: (clips, context) classes, as much as each window has before its targets.
        real: (clips, length) classes that follow.
    """

    past: Tensor
    real: Tensor


def cut_places(
    classes: Int[Tensor, "batch samples"],
    valid: Bool[Tensor, "batch targets"],
    *,
    clips: int,
    length: int,
    random: torch.Generator,
) -> Continued:
    """Cut clips out of windows, every place at which the whole clip is valid being equally likely.

    Where no window has so many valid targets, clips are as long as the longest valid stretch.

    Args:
        classes: windows, context and targets.
        valid: which targets count; those of a window that do come first.
        clips: how many places.
        length: samples after each of them.
        random: the places' stream, on the CPU.

    >>> window, valid = torch.arange(10)[None], torch.ones(1, 6, dtype=torch.bool)
    >>> cut = cut_places(window, valid, clips=1, length=6, random=torch.Generator().manual_seed(0))
    >>> cut.past.tolist(), cut.real.tolist()
    ([[0, 1, 2, 3]], [[4, 5, 6, 7, 8, 9]])
    """
    context = classes.shape[1] - valid.shape[1]
    counts = valid.sum(1).cpu()
    length = min(length, int(counts.max()))
    room = (counts - length + 1).clamp_min(0)
    edges = room.cumsum(0)
    tickets = (torch.rand(clips, generator=random, dtype=torch.float64) * int(edges[-1])).long()
    rows = torch.searchsorted(edges, tickets, right=True)
    starts = tickets - (edges - room)[rows]
    columns = starts[:, None] + torch.arange(context + length)
    cut = classes[rows[:, None].to(classes.device), columns.to(classes.device)]
    return Continued(cut[:, :context], cut[:, context:])
