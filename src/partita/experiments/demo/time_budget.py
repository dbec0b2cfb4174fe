"""The division of the demo's time between scoring and training.

Scoring is measured first, and training gets what is left. Fixed shares would not work: the first use of a
network compiles code, and that takes a minute more on one machine than on another. This file measures
nothing; `scoring_costs.py` does.
"""

import math
from dataclasses import replace

from partita.evaluation.clips import MIN_CLIPS
from partita.evaluation.evaluate import EvaluateConfig
from partita.experiments.demo.config import ARMS, MIN_BITS_SECONDS, MIN_TRAINING_MINUTES, DemoConfig
from partita.experiments.demo.scoring_costs import ScoringCosts

SCORING_SHARE = 0.3  # maximum share of scoring in the time that is left after the corpus is made
SLACK_SHARE = 0.03  # of that time, for checkpoints between turns and other parts that are not measured
OVERTIME = 1.15  # a demo that takes longer than this multiple of its minutes has a warning


def fit_to_time(plan: EvaluateConfig, costs: ScoringCosts, *, seconds: float) -> EvaluateConfig:
    """Reduce the clips and the sound for the bits per sample until scoring takes a given time.

    Both have a minimum, which may take longer.

    Args:
        plan: the evaluation of each arm.
        costs: the measured time of each part.
        seconds: time for scoring all arms.

    >>> costs = ScoringCosts(clips=8, temperature=1.0, drawing=4.0, bits=0.5)
    >>> reduced = fit_to_time(EvaluateConfig(clips=8, bits_seconds=60.0), costs, seconds=41.0)
    >>> reduced.clips, reduced.bits_seconds
    (8, 20.0)
    """
    assert plan.bits_seconds is not None
    least = replace(plan, bits_seconds=min(plan.bits_seconds, MIN_BITS_SECONDS))
    while costs.total_seconds(least) > seconds and least.clips > MIN_CLIPS:
        least = replace(least, clips=max(MIN_CLIPS, least.clips // 2))
    if not costs.bits:
        return replace(least, bits_seconds=plan.bits_seconds)
    assert least.bits_seconds is not None
    more = (seconds - costs.total_seconds(least)) / (len(ARMS) * costs.bits)
    return replace(least, bits_seconds=min(plan.bits_seconds, least.bits_seconds + max(0.0, more)))


def training_minutes(config: DemoConfig, *, seconds_before: float, seconds_after: float) -> float:
    """Return the time of all training.

    Args:
        config: the demo's.
        seconds_before: time that preparing, compiling and measuring took.
        seconds_after: time that scoring and the page will take.

    >>> round(training_minutes(DemoConfig(minutes=10), seconds_before=60, seconds_after=60), 2)
    7.73
    """
    left = 60.0 * config.minutes - seconds_before
    return round(max(MIN_TRAINING_MINUTES, ((1.0 - SLACK_SHARE) * left - seconds_after) / 60), 3)


def overtime_warning(config: DemoConfig, *, seconds_before: float, seconds_after: float) -> str | None:
    """Return a warning if the demo will take longer than its minutes, else None.

    Args:
        config: the demo's.
        seconds_before: as for `training_minutes`.
        seconds_after: as for `training_minutes`.

    >>> overtime_warning(DemoConfig(minutes=0.5), seconds_before=20.0, seconds_after=10.0).split(":")[0]
    'this takes about 0.7 minutes, not 0.5'
    """
    training = 60.0 * MIN_TRAINING_MINUTES
    total = seconds_before + training + seconds_after
    if total <= OVERTIME * 60.0 * config.minutes:
        return None
    return (
        f"this takes about {math.ceil(total / 6.0) / 10:.1f} minutes, not {config.minutes:g}: preparing and"
        f" compiling took {seconds_before:.0f} s, training needs {training:.0f} s, scoring and the page"
        f" {seconds_after:.0f} s"
    )
