"""How a budget of wall-clock time is shared between training and what comes after it: the final score and
clips. Reads no clock and trains nothing.

What training leaves is decided by the budget alone, never by what was measured: runs of one budget train for
equally long. What is measured decides how much of the held-out sound is scored in that time.
"""

from partita.training.config.train import TrainConfig

SCORING_SHARE = 0.05  # of the budget, for the final score
CLIPS_SHARE = 0.1  # of the budget, at most, for the final clips
CLIPS_SECONDS = 15.0  # what drawing clips is expected to take: the sampler is compiled then


def clips_reserve(config: TrainConfig) -> float:
    """Return the seconds that a budget leaves for the final clips."""
    if not config.preview_clips or config.minutes is None:
        return 0.0
    return min(CLIPS_SECONDS, CLIPS_SHARE * 60.0 * config.minutes)


def training_budget(config: TrainConfig) -> float | None:
    """Return the seconds after which training stops, or None where there is no budget.

    >>> [training_budget(TrainConfig(minutes=2.0, preview_clips=clips)) for clips in (2, 0)]
    [102.0, 114.0]
    """
    if config.minutes is None:
        return None
    return 60.0 * config.minutes * (1.0 - SCORING_SHARE) - clips_reserve(config)


def samples_at_the_end(config: TrainConfig, *, whole: int, spent: float, rate: float) -> int | None:
    """Return how many held-out samples the final score is over: None for all, else a half, a quarter, ...

    Args:
        config: the run's config.
        whole: samples in the split.
        spent: seconds of the budget so far.
        rate: samples a second, as measured at a validation.

    >>> budget = TrainConfig(minutes=1.0, preview_clips=0)
    >>> samples_at_the_end(budget, whole=1000, spent=57.0, rate=500.0) is None
    True
    >>> samples_at_the_end(budget, whole=1000, spent=57.0, rate=100.0)
    250
    """
    if config.minutes is None:
        return None
    total = 60.0 * config.minutes
    seconds = max(SCORING_SHARE * total, total - spent - clips_reserve(config))
    samples = whole
    while samples > 1 and samples > seconds * rate:
        samples //= 2
    return None if samples == whole else samples
