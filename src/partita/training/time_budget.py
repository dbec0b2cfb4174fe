"""Divide a budget of wall-clock time between training, the final score, the temperature and preview clips.

The time for training follows from the budget alone, never from measurements, so runs with one budget train
for equally long. The measured scoring rate decides how much of the held-out sound the final score covers.
"""

import math

from partita.models.choice import WAVENET
from partita.training.config.train import TrainConfig

SCORING_SHARE = 0.05  # of the budget, for the final score
CLIPS_SHARE = 0.1  # of the budget, at most, for the final clips
TEMPERATURE_SHARE = 0.05  # of the budget, at most, for the choice of a temperature
TEMPERATURE_SECONDS = 20.0  # that the choice is expected to take, of both tiers
CLIPS_SECONDS = 15.0  # that drawing preview clips is expected to take, with compilation of the sampler


def clips_reserve(config: TrainConfig) -> float:
    """Return the seconds of the budget that are reserved for the final preview clips.

    Args:
        config: the run's config.
    """
    if not config.preview_clips or config.minutes is None:
        return 0.0
    return min(CLIPS_SECONDS, CLIPS_SHARE * 60.0 * config.minutes)


def temperature_reserve(config: TrainConfig) -> float:
    """Return the seconds of the budget that are reserved for the choice of a temperature.

    Args:
        config: the run's config; a network without features is drawn at temperature 1.
    """
    condition = config.network_shape.condition
    if config.minutes is None or condition is None or not condition.bands or config.model != WAVENET:
        return 0.0
    return min(TEMPERATURE_SECONDS, TEMPERATURE_SHARE * 60.0 * config.minutes)


def temperature_seconds(config: TrainConfig, *, spent: float) -> float:
    """Return the seconds that the choice of a temperature may take: 0 for a network without features.

    Args:
        config: the run's config.
        spent: seconds of the budget that are spent.
    """
    condition = config.network_shape.condition
    if condition is None or not condition.bands or config.model != WAVENET:
        return 0.0
    if config.minutes is None:
        return math.inf
    return max(temperature_reserve(config), 60.0 * config.minutes - spent - clips_reserve(config))


def training_budget(config: TrainConfig) -> float | None:
    """Return the seconds after which training stops, or None if the config has no budget in minutes.

    Args:
        config: the run's config.

    >>> [training_budget(TrainConfig(minutes=2.0, preview_clips=clips)) for clips in (2, 0)]
    [102.0, 114.0]
    """
    if config.minutes is None:
        return None
    reserved = clips_reserve(config) + temperature_reserve(config)
    return 60.0 * config.minutes * (1.0 - SCORING_SHARE) - reserved


def samples_at_the_end(config: TrainConfig, *, whole: int, spent: float, rate: float) -> int | None:
    """Return how many held-out samples the final score covers: None for all, else a half, a quarter, ...

    Args:
        config: the run's config.
        whole: samples in the validation split.
        spent: seconds of the budget that are spent.
        rate: the scoring rate measured at the last validation, samples a second.

    >>> budget = TrainConfig(minutes=1.0, preview_clips=0)
    >>> samples_at_the_end(budget, whole=1000, spent=57.0, rate=500.0) is None
    True
    >>> samples_at_the_end(budget, whole=1000, spent=57.0, rate=100.0)
    250
    """
    if config.minutes is None:
        return None
    total = 60.0 * config.minutes
    reserved = clips_reserve(config) + temperature_reserve(config)
    seconds = max(SCORING_SHARE * total, total - spent - reserved)
    samples = whole
    while samples > 1 and samples > seconds * rate:
        samples //= 2
    return None if samples == whole else samples
