"""The range of every score that a page shows, and intervals that stay in it."""

import math

import numpy as np
import pytest

from partita.evaluation.score_ranges import range_of
from partita.evaluation.statistics.scores import Score
from partita.evaluation.statistics.seed_interval import mean_over_seeds
from partita.experiments.arena.scores import SCORES
from partita.reports.score_kinds import KINDS


@pytest.mark.parametrize("score", [*(kind.key for kind in KINDS), *SCORES])
def test_means_of_possible_values_have_possible_intervals(score: str) -> None:
    low, high = range_of(score)
    assert low < high
    rng = np.random.default_rng(0)
    least, most = max(low, -50.0), min(high, 50.0)
    for seeds in (1, 2, 3, 8):
        values = rng.choice([least, most, (least + most) / 2], seeds)
        found = mean_over_seeds(values, within=(low, high))
        assert low <= found.low <= found.value <= found.high <= high


def test_a_value_outside_its_range_stays_in_its_interval() -> None:
    # the estimate of a divergence may be negative, although the divergence is not
    assert Score(-0.1, -0.4, 0.2).within(0.0, math.inf) == Score(-0.1, -0.1, 0.2)
