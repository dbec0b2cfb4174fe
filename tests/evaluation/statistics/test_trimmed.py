"""The trimmed mean and its interval."""

import numpy as np
import pytest

from partita.errors import PartitaError
from partita.evaluation.statistics.scores import block_mean
from partita.evaluation.statistics.trimmed import trimmed_mean


def test_an_outlier_is_trimmed() -> None:
    values = np.random.default_rng(0).normal(1.0, 0.1, 256)
    values[7] = 1000.0
    trimmed = np.sort(values)[2:-2]
    score = trimmed_mean(values, seed=0)
    assert score.value == pytest.approx(trimmed.mean())
    plain = block_mean(values, np.ones(256), seed=0)
    assert plain.value > 4.0 * score.value
    assert plain.high > 2.0 * score.high  # some resamples contain it more often than is trimmed


def test_1_percent_of_1000_values_is_10_at_each_end() -> None:
    assert trimmed_mean(np.arange(1000.0), seed=0).value == pytest.approx(np.arange(10, 990).mean())


def test_3_values_are_trimmed_by_one_at_each_end_and_2_values_not_at_all() -> None:
    assert trimmed_mean(np.array([0.0, 5.0, 70.0]), seed=0).value == 5.0
    assert trimmed_mean(np.array([0.0, 5.0]), seed=0).value == 2.5
    with pytest.raises(PartitaError, match="no clip"):
        trimmed_mean(np.array([]), seed=0)
