"""How the demo keeps to its minutes: scoring is measured beforehand, and training gets what is left.

What the first use of a network takes, compiling above all, differs by a minute from machine to machine, so no
fixed shares of the time would do. Neither trains nor draws; `demo_rehearsal.py` measures.
"""

import math
from dataclasses import dataclass, replace

from partita.evaluation.clips import MIN_CLIPS
from partita.evaluation.evaluate import EvaluateConfig
from partita.evaluation.temperature import TEMPERATURES
from partita.experiments.demo.config import ARMS, LEAST, LEAST_BITS_SECONDS, DemoConfig

SCORING_SHARE = 0.3  # of the time that is left once the corpus is there: at most so much is for scoring
SLACK = 0.03  # of the time that is left, for checkpoints between turns and whatever else is not measured
PAGE_SECONDS = 3.0  # that the page takes
LATE = 1.15  # times the minutes asked for: what takes longer is announced


@dataclass(frozen=True, kw_only=True)
class Costs:
    """How long scoring takes on this machine, in seconds, as it was measured before the training.

    Args:
        clips: that were drawn for the next two.
        temperature: of trying one temperature.
        drawing: of drawing the clips that are scored, and scoring them.
        bits: of scoring the bits of one second of sound.

    >>> costs = Costs(clips=8, temperature=1.0, drawing=4.0, bits=0.5)
    >>> costs.of(EvaluateConfig(clips=8, bits_seconds=10.0))
    31.0
    """

    clips: int
    temperature: float
    drawing: float
    bits: float

    def of(self, plan: EvaluateConfig) -> float:
        """Return the seconds that scoring all arms takes, with the page."""
        assert plan.bits_seconds is not None
        clips = (len(TEMPERATURES) * self.temperature + self.drawing) * plan.clips / self.clips
        return len(ARMS) * (clips + self.bits * plan.bits_seconds) + PAGE_SECONDS


def scaled(plan: EvaluateConfig, costs: Costs, *, seconds: float) -> EvaluateConfig:
    """Return the plan with fewer clips, and bits of less sound, so that scoring takes only so many seconds.

    Of both there is a least, which may take longer.

    >>> costs = Costs(clips=8, temperature=1.0, drawing=4.0, bits=0.5)
    >>> less = scaled(EvaluateConfig(clips=8, bits_seconds=60.0), costs, seconds=41.0)
    >>> less.clips, less.bits_seconds
    (8, 20.0)
    """
    assert plan.bits_seconds is not None
    least = replace(plan, bits_seconds=min(plan.bits_seconds, LEAST_BITS_SECONDS))
    while costs.of(least) > seconds and least.clips > MIN_CLIPS:
        least = replace(least, clips=max(MIN_CLIPS, least.clips // 2))
    if not costs.bits:
        return replace(least, bits_seconds=plan.bits_seconds)
    assert least.bits_seconds is not None
    more = (seconds - costs.of(least)) / (len(ARMS) * costs.bits)
    return replace(least, bits_seconds=min(plan.bits_seconds, least.bits_seconds + max(0.0, more)))


def training_minutes(config: DemoConfig, *, seconds_gone: float, seconds_after: float) -> float:
    """Return the time that all training gets together.

    Args:
        config: what was asked for.
        seconds_gone: that the corpus took, and what was compiled and measured.
        seconds_after: that scoring and the page will take.

    >>> round(training_minutes(DemoConfig(minutes=10), seconds_gone=60, seconds_after=60), 2)
    7.73
    """
    left = 60.0 * config.minutes - seconds_gone
    return round(max(LEAST, ((1.0 - SLACK) * left - seconds_after) / 60), 3)


def lateness(config: DemoConfig, *, seconds_gone: float, seconds_after: float) -> str | None:
    """Return what to say where the demo can't be over in the minutes that were asked for.

    Args:
        config: what was asked for.
        seconds_gone: as for `training_minutes`.
        seconds_after: as for `training_minutes`.

    >>> lateness(DemoConfig(minutes=0.5), seconds_gone=20.0, seconds_after=10.0).split(":")[0]
    'this takes about 0.7 minutes, not 0.5'
    """
    needed = seconds_gone + 60.0 * LEAST + seconds_after
    if needed <= LATE * 60.0 * config.minutes:
        return None
    return (
        f"this takes about {math.ceil(needed / 6.0) / 10:.1f} minutes, not {config.minutes:g}:"
        f" {seconds_gone:.0f} s went into preparing and compiling, training needs {60.0 * LEAST:.0f} s,"
        f" scoring and the page {seconds_after:.0f} s"
    )
