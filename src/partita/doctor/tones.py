"""When tones appear: what was measured on the size `small`, in predicted samples of training.

With features, clips of real features had a share of voiced frames of 0.16 after 1,500 updates of 16,384
predicted samples (0.51 at a lower temperature), 0.50 (0.73) after 2,400 and 0.78 after 6,172; real sound has
0.81. Without features there were none after 10,476. See the results page on two tiers. This file measures
nothing.
"""

TONES = (25e6, 40e6)
"""Predicted samples from the first tones to tones in half of the frames."""
TONES_WITHOUT_FEATURES = 170e6
"""Predicted samples after which a network without features still had haze."""
PASSES = 16.0
"""Passes over the training sound after which the validation score of `small` stopped falling: 9,240 updates
of 16,384 samples on eleven minutes at 16 kHz."""


def minutes_to_tones(samples_per_second: float) -> tuple[float, float]:
    """Return the range of the minutes of training until tones appear.

    Args:
        samples_per_second: predicted samples of both tiers' training in a second.

    >>> [round(minutes, 1) for minutes in minutes_to_tones(44_000)]
    [9.5, 15.2]
    """
    first, half = (samples / samples_per_second / 60 for samples in TONES)
    return first, half


def seconds_that_last(sample_rate: int) -> float:
    """Return how much training sound lasts until the first tones without overfitting, seconds.

    Args:
        sample_rate: Hz.

    >>> round(seconds_that_last(16000))
    98
    """
    return TONES[0] / PASSES / sample_rate
