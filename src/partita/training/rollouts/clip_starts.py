"""Random cuts in training windows, each with a real past and its real continuation.

This file knows no models: the past is as long as the context of the windows.
"""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from partita.models.conditioning.conditions import Conditions


class CutGrid(NamedTuple):
    """The positions at which a continuation may begin.

    Args:
        step: samples from one position to the next.
        offsets: (batch,) samples from any position of the grid to each window's first target.

    >>> CutGrid(10, torch.tensor([0, 3])).first().tolist()
    [0, 7]
    """

    step: int
    offsets: Int[Tensor, " batch"]

    def first(self) -> Int[Tensor, " batch"]:
        """Return the first target of each window that is on the grid."""
        return -self.offsets % self.step


class Cuts(NamedTuple):
    """Where clips are cut out of windows.

    Args:
        rows: (clips,) the window of each clip.
        starts: (clips,) targets before each clip.
        context: samples before the first target of a window.
        length: samples of each clip.
    """

    rows: Int[Tensor, " clips"]
    starts: Int[Tensor, " clips"]
    context: int
    length: int

    def cut(
        self, classes: Int[Tensor, "batch samples"]
    ) -> tuple[Int[Tensor, "clips context"], Int[Tensor, "clips length"]]:
        """Return the pasts, and what follows them.

        Args:
            classes: windows, context and targets.
        """
        columns = self.starts[:, None] + torch.arange(self.context + self.length)
        cut = classes[self.rows[:, None].to(classes.device), columns.to(classes.device)]
        return cut[:, : self.context], cut[:, self.context :]

    def conditions(self, of_windows: Conditions) -> Conditions:
        """Return the conditions of the clips, which begin with their pasts.

        Args:
            of_windows: the conditions of the windows.
        """
        device = of_windows.start.device
        return of_windows.rows(self.rows.to(device)).shifted(self.starts.to(device))


def choose_cuts(
    valid: Bool[Tensor, "batch targets"],
    *,
    clips: int,
    length: int,
    rng: torch.Generator,
    context: int,
    grid: CutGrid | None = None,
) -> Cuts:
    """Choose random positions in windows at which a past ends and its continuation begins.

    All positions whose whole continuation is valid have the same probability.
    If no window has `length` valid targets, the continuations are as long as the most valid targets of a
    window.

    Args:
        valid: which targets count; in each window the valid ones come first.
        clips: number of cuts.
        length: samples of a continuation.
        rng: the random stream of the positions, on the CPU.
        context: samples before the first target of a window.
        grid: positions to choose from; by default all.

    >>> window, valid = torch.arange(10)[None], torch.ones(1, 6, dtype=torch.bool)
    >>> rng = torch.Generator().manual_seed(0)
    >>> past, real = choose_cuts(valid, clips=1, length=6, rng=rng, context=4).cut(window)
    >>> past.tolist(), real.tolist()
    ([[0, 1, 2, 3]], [[4, 5, 6, 7, 8, 9]])
    """
    grid = grid or CutGrid(1, torch.zeros(len(valid), dtype=torch.long))
    step, first = grid.step, grid.first()
    counts = valid.sum(1).cpu() - first
    length = min(length, int(counts.max()))
    positions = ((counts - length) // step + 1).clamp_min(0)
    edges = positions.cumsum(0)
    chosen = (torch.rand(clips, generator=rng, dtype=torch.float64) * int(edges[-1])).long()
    rows = torch.searchsorted(edges, chosen, right=True)
    starts = first[rows] + step * (chosen - (edges - positions)[rows])
    return Cuts(rows, starts, context, length)
