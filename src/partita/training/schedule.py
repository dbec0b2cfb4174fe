"""Schedules over a run's progress: the pace, the learning rate, and the length of free-running clips.

Schedules run on steps. With `--steps` (or epochs) the progress at step t is t / steps. With `--minutes`
alone the number of steps is unknown at the start. Once `FIRST_FIT` of the budget is spent, the pace is fitted
so that the progress reaches 1 when the budget is spent; it is fitted again at every validation. Checkpoints
hold the fitted pace. This file reads no clock: its functions take the seconds as arguments.
"""

import math
from dataclasses import asdict, dataclass
from typing import Any

FIRST_FIT = 0.03  # of the budget is spent before the first fit; the learning rate is still rising then
FEWEST_STEPS = 5  # before the first fit, because the first steps are slower


@dataclass
class Pace:
    """A linear map from steps to progress: progress(t) = anchor_progress + (t - anchor_step) * per_step.

    Args:
        per_step: progress a step; 0 before the first fit.
        anchor_step: the step of the last fit.
        anchor_progress: the progress at that step.
        anchor_seconds: the seconds of training at that step.

    >>> Pace(per_step=1 / 100).progress(50)
    0.5
    """

    per_step: float = 0.0
    anchor_step: int = 0
    anchor_progress: float = 0.0
    anchor_seconds: float = 0.0

    @classmethod
    def of_steps(cls, steps: int) -> "Pace":
        """Return the pace of a run whose number of steps is known.

        Args:
            steps: updates of the whole run.
        """
        return cls(per_step=1.0 / steps)

    def progress(self, step: int) -> float:
        """Return the share of the run that is done after `step` updates, from 0 to 1."""
        return min(1.0, self.anchor_progress + (step - self.anchor_step) * self.per_step)

    def steps(self) -> int | None:
        """Return the number of steps of the whole run at this pace, or None before the first fit."""
        if self.per_step == 0.0:
            return None
        return self.anchor_step + max(0, round((1.0 - self.anchor_progress) / self.per_step))

    def begin(self, step: int, seconds: float) -> None:
        """Measure the first fit's pace from this step on; earlier steps compile code and are slower.

        Args:
            step: updates made so far.
            seconds: seconds of training so far.
        """
        self.anchor_step, self.anchor_seconds = step, seconds

    def is_due(self, step: int, seconds: float, budget: float) -> bool:
        """Return whether the first fit is due.

        Args:
            step: updates made so far.
            seconds: seconds of training so far.
            budget: seconds of training in the whole run.
        """
        return self.per_step == 0.0 and step >= FEWEST_STEPS and seconds >= FIRST_FIT * budget

    def fit(self, step: int, seconds: float, budget: float) -> None:
        """Fit the pace to the time since the last fit; the progress reaches 1 when the budget is spent.

        Args:
            step: updates made so far.
            seconds: seconds of training so far.
            budget: seconds of training in the whole run.

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

    def interval(self, validations: int) -> int:
        """Return the number of steps from one validation to the next, at least 1.

        Args:
            validations: validations in the whole run.

        >>> Pace.of_steps(100).interval(25)
        4
        """
        return max(1, (self.steps() or 1) // validations)

    def as_json(self) -> dict[str, Any]:
        """Return the fields for a checkpoint; `Pace(**fields)` restores the pace."""
        return asdict(self)


def clip_length(progress: float, *, shortest: int, longest: int, growth: float) -> int:
    """Return the length of free-running clips, which doubles at equal intervals over the first part of a run.

    Args:
        progress: the share of the run that is done, from 0 to 1.
        shortest: the length at the start, samples.
        longest: the length at the end, samples.
        growth: the share of the run over which the length grows; with 0 it is `longest` from the start.

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
    """Return the learning rate of update `step` + 1: linear warm-up, inverse square root decay, cosine decay.

        peak * min(1, (step + 1) / warmup) / sqrt(1 + step / decay_steps)
             * (floor + (1 - floor) (1 + cos(pi progress)) / 2)

    Args:
        step: updates made so far.
        progress: the share of the run that is done, from 0 to 1.
        peak: the highest rate.
        warmup: steps of the linear warm-up.
        floor: the share of the rate that the cosine decays to.
        decay_steps: time scale of the inverse square root decay, steps; 0 turns it off.

    >>> learning_rate(100, 1.0, peak=2e-3, warmup=50, floor=0.05)
    0.0001
    """
    rise = min(1.0, (step + 1) / max(1, warmup))
    fall = 1.0 / math.sqrt(1.0 + step / decay_steps) if decay_steps else 1.0
    return peak * rise * fall * (floor + (1.0 - floor) * (1.0 + math.cos(math.pi * progress)) / 2.0)
