"""How many clips break down within their first seconds: silent, saturated or stuck on one sound.

A model that continues its own output can leave what it has learnt and never return. The longer clips are,
the more of them break, so the share is reported for several durations. This file draws no clips and knows no
models.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from partita.errors import PartitaError
from partita.evaluation.metrics.drift import clip_flags
from partita.evaluation.statistics.scores import Score, block_mean

DURATIONS = (1.0, 3.0, 10.0, 30.0)  # seconds

Clips = Sequence[NDArray[np.floating]] | NDArray[np.floating]


def runaway_shares(
    clips: Clips,
    sample_rate: int,
    *,
    durations: Sequence[float] = DURATIONS,
    seed: int,
) -> dict[float, Score]:
    """Return the share of clips that are broken within their first seconds, by duration, with 95% intervals.

    A clip is broken if it has any flag of `clip_flags`. A clip that is broken within a shorter duration
    counts as broken within all longer ones, so the share never falls.

    In less than 3 s, a clip is stuck if it stays on one sound from end to end, and silent if half of it is.
    One long tone or one pause of real music can do that, so compare each share with that of real clips. The
    interval is a bootstrap over clips; it has no width if no clip or every clip is broken.

    Args:
        clips: each (samples,) float in [-1, 1].
        sample_rate: Hz.
        durations: seconds, positive; those longer than the shortest clip are left out.
        seed: of the bootstrap.

    Returns:
        The shares by duration, from short to long, 0 to 1.

    Raises:
        PartitaError: there is no clip, a duration is not positive, or all durations are longer than a clip.

    >>> sound = np.random.default_rng(0).normal(0, 0.1, (4, 8000)) * np.linspace(0.1, 2, 8000)
    >>> sound[0, 2000:] = 0
    >>> {seconds: score.value for seconds, score in runaway_shares(sound, 2000, seed=0).items()}
    {1.0: 0.0, 3.0: 0.25}
    """
    shortest = min((len(clip) for clip in clips), default=0)
    lengths = {seconds: round(seconds * sample_rate) for seconds in sorted(durations)}
    kept = {seconds: length for seconds, length in lengths.items() if length <= shortest}
    if not kept or min(lengths.values()) < 1:
        raise PartitaError(
            f"`durations` is {tuple(durations)} and the shortest of {len(clips)} clips has"
            f" {shortest / sample_rate:g} s: give positive durations, at least one as short as the clips"
        )
    broken = [
        [bool(clip_flags(clip[:length], sample_rate).names) for length in kept.values()] for clip in clips
    ]
    shares = np.logical_or.accumulate(np.array(broken), axis=1).astype(np.float64)
    ones = np.ones(len(clips))
    return {seconds: block_mean(shares[:, row], ones, seed=seed) for row, seconds in enumerate(kept)}
