"""How far a run is, and the learning rate that follows from it.

Schedules run on steps. Under `--steps` (or epochs) the progress of step t is t / steps. Under `--minutes`
alone the steps are not known beforehand: once `FIRST` of the budget is spent, the pace is fitted so that the
progress reaches 1 when the budget does, and fitted again at every validation from the time taken since; the
fitted pace is saved in checkpoints. This file does not know losses, and it reads no clock: it is told the
seconds.
"""

import math
from dataclasses import asdict, dataclass
from typing import Any

FIRST = 0.03  # of the budget, before the first fit; the learning rate is still rising then
FEWEST = 5  # steps before the first fit: the first ones are slower


@dataclass
class Pace:
    """A line from steps to progress: progress(t) = anchor_progress + (t - anchor_step) * per_step.

    Args:
        per_step: progress a step; 0 before the first fit.
        anchor_step: where the line was last fitted.
        anchor_progress: the progress there.
        anchor_seconds: the seconds of training there.

    >>> Pace(per_step=1 / 100).progress(50)
    0.5
    """

    per_step: float = 0.0
    anchor_step: int = 0
    anchor_progress: float = 0.0
    anchor_seconds: float = 0.0

    @classmethod
    def of_steps(cls, steps: int) -> "Pace":
        """Return the pace of a run whose number of steps is known."""
        return cls(per_step=1.0 / steps)

    def progress(self, step: int) -> float:
        """Return how much of the run is behind before update `step` + 1, 0 to 1."""
        return min(1.0, self.anchor_progress + (step - self.anchor_step) * self.per_step)

    def steps(self) -> int | None:
        """Return the steps of the whole run at this pace, or None before the first fit."""
        if self.per_step == 0.0:
            return None
        return self.anchor_step + max(0, round((1.0 - self.anchor_progress) / self.per_step))

    def begin(self, step: int, seconds: float) -> None:
        """Take the first fit's time from here on: what came before was compiling and warming up."""
        self.anchor_step, self.anchor_seconds = step, seconds

    def is_due(self, step: int, seconds: float, budget: float) -> bool:
        """Return whether the first fit is due."""
        return self.per_step == 0.0 and step >= FEWEST and seconds >= FIRST * budget

    def fit(self, step: int, seconds: float, budget: float) -> None:
        """Fit the pace to the time taken since the last fit, so that the progress reaches 1 when the budget
        is spent.

        >>> pace = Pace()
        >>> pace.fit(10, 10.0, 100.0)
        >>> pace.steps(), pace.progress(55)
        (100, 0.5)
        """
        taken = (seconds - self.anchor_seconds) / max(1, step - self.anchor_step)
        left = max(1, math.floor((budget - seconds) / taken)) if taken > 0 else 1
        behind = self.progress(step)
        self.per_step = (1.0 - behind) / left
        self.anchor_step, self.anchor_progress, self.anchor_seconds = step, behind, seconds

    def as_json(self) -> dict[str, Any]:
        """Return the pace for a checkpoint; `Pace(**that)` is the same again."""
        return asdict(self)


def clip_length(progress: float, *, shortest: int, longest: int, growth: float) -> int:
    """Return the length of free-running clips: it doubles at even distances, so that there are few lengths.

    Args:
        progress: how much of the run is behind, 0 to 1.
        shortest: where it begins, samples.
        longest: where it ends.
        growth: the share of the run over which it grows; with 0 it is the longest at once.

    >>> [clip_length(share / 8, shortest=100, longest=700, growth=0.5) for share in range(6)]
    [100, 200, 400, 700, 700, 700]
    """
    if growth == 0.0 or progress >= growth:
        return longest
    doublings = math.ceil(math.log2(longest / shortest)) if longest > shortest else 0
    return min(longest, shortest << int(progress / growth * (doublings + 1)))


def learning_rate(
    step: int, progress: float, *, peak: float, warmup: int, floor: float, decay_steps: int = 0
) -> float:
    """Return the learning rate of update `step` + 1: a linear rise, a fall by the root, a cosine to the
    floor.

        peak * min(1, (step + 1) / warmup) / sqrt(1 + step / decay_steps)
             * (floor + (1 - floor) (1 + cos(pi progress)) / 2)

    Args:
        step: updates made before, from 0.
        progress: how much of the run is behind, 0 to 1.
        peak: the highest rate.
        warmup: steps of the rise.
        floor: share that the cosine falls to.
        decay_steps: steps after which the fall by the root shows; 0 for none.

    >>> learning_rate(100, 1.0, peak=2e-3, warmup=50, floor=0.05)
    0.0001
    """
    rise = min(1.0, (step + 1) / max(1, warmup))
    fall = 1.0 / math.sqrt(1.0 + step / decay_steps) if decay_steps else 1.0
    return peak * rise * fall * (floor + (1.0 - floor) * (1.0 + math.cos(math.pi * progress)) / 2.0)
