"""Scores with intervals, and the block bootstrap."""

import numpy as np
import pytest

from partita.errors import PartitaError
from partita.evaluation.statistics.scores import Score, block_mean, percentile_interval


def test_a_score_as_json_has_value_and_interval() -> None:
    assert Score(1.0, 0.5, 2.0).as_json() == {"value": 1.0, "low": 0.5, "high": 2.0}


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_score_that_is_not_finite_is_refused(bad: float) -> None:
    with pytest.raises(PartitaError, match="not finite"):
        Score(bad, 0.0, 1.0)


def test_the_interval_always_contains_the_value() -> None:
    score = percentile_interval(5.0, np.linspace(0, 1, 100))
    assert score.low <= score.value <= score.high == 5.0


def test_the_mean_weights_blocks_by_their_samples() -> None:
    score = block_mean(np.array([10.0, 1.0]), np.array([10, 4]), seed=0)
    assert score.value == pytest.approx(11 / 14)


def test_the_interval_is_reproducible_and_narrower_with_more_blocks() -> None:
    sums = np.random.default_rng(0).normal(5, 1, 400)
    few, many = (block_mean(sums[:n], np.ones(n), seed=1) for n in (20, 400))
    assert block_mean(sums, np.ones(400), seed=1) == many
    assert many.high - many.low < 0.4 * (few.high - few.low)


def test_the_interval_covers_the_true_mean_in_about_95_percent() -> None:
    rng = np.random.default_rng(2)
    covered = 0
    for trial in range(200):
        sums = rng.normal(3.0, 1.0, 60)
        score = block_mean(sums, np.ones(60), seed=trial)
        covered += score.low <= 3.0 <= score.high
    assert 0.88 <= covered / 200 <= 0.99


def test_an_empty_split_is_refused() -> None:
    with pytest.raises(PartitaError, match="no sound to score"):
        block_mean(np.array([]), np.array([]), seed=0)
