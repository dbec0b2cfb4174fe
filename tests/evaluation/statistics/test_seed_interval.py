"""Intervals over few seeds: agreement with the test, and coverage of the true mean."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from partita.evaluation.statistics.permutation import sign_flip_test
from partita.evaluation.statistics.seed_interval import mean_over_seeds, subset_means

COVERAGE = {  # of this interval, Student's t, the percentile bootstrap and the bootstrap-t; see the module
    (4, "normal"): (0.95, 0.95, 0.79, 0.94),
    (4, "exponential"): (0.88, 0.88, 0.75, 0.93),
    (8, "normal"): (0.95, 0.95, 0.88, 0.94),
    (8, "exponential"): (0.90, 0.89, 0.85, 0.94),
    (16, "normal"): (0.95, 0.95, 0.91, 0.94),
    (16, "exponential"): (0.91, 0.91, 0.88, 0.93),
}


@given(st.lists(st.integers(-6, 9), min_size=6, max_size=9), st.integers(-4, 4))
def test_the_interval_excludes_exactly_the_means_that_the_test_rejects(
    differences: list[int], null_mean: int
) -> None:
    score = mean_over_seeds(differences)
    rejected = sign_flip_test(differences, null_mean=null_mean).two_sided <= 0.05
    assert rejected == (not score.low <= null_mean <= score.high)


def test_subset_means_of_three_values() -> None:
    assert subset_means(np.array([3.0, 0.0, 6.0])).tolist() == [0.0, 1.5, 3.0, 3.0, 3.0, 4.5, 6.0]


def test_2_to_5_seeds_have_students_t_interval() -> None:
    for seeds in range(2, 6):
        values = np.random.default_rng(seeds).normal(size=seeds)
        score = mean_over_seeds(values)
        expected = stats.ttest_1samp(values, 0).confidence_interval(0.95)
        assert (score.low, score.high) == pytest.approx((expected.low, expected.high))


def test_more_than_16_seeds_have_almost_students_t_interval() -> None:
    values = np.random.default_rng(0).normal(3, 1, 30)
    score, expected = mean_over_seeds(values), stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert (score.low, score.high) == pytest.approx((expected.low, expected.high), abs=0.04)
    assert mean_over_seeds(values, seed=1).low == pytest.approx(score.low, abs=0.01)


@pytest.mark.parametrize("seeds", [1, 2, 6, 8, 17])
def test_equal_values_have_an_interval_without_width(seeds: int) -> None:
    score = mean_over_seeds([0.1] * seeds)
    assert score.low <= score.value <= score.high
    assert (score.low, score.high) == pytest.approx((0.1, 0.1))


def test_8_seeds_of_normal_noise_cover_the_mean_in_95_percent() -> None:
    noise = np.random.default_rng(0).normal(3, 2, (1000, 8))
    covered = [score.low <= 3 <= score.high for score in map(mean_over_seeds, noise)]
    assert np.mean(covered) == pytest.approx(0.953, abs=0.02)  # 244 of 256 gaps; 3 standard errors


def bootstrap_intervals(
    values: NDArray[np.float64], rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the intervals of the percentile bootstrap and of the bootstrap-t; `values` is (sets, seeds)."""
    plain, studentised = [], []
    for row in values:
        drawn = row[rng.integers(len(row), size=(1000, len(row)))]
        drawn = drawn[drawn.std(axis=1) > 0]
        mean, error = row.mean(), row.std(ddof=1) / math.sqrt(len(row))
        t = (drawn.mean(axis=1) - mean) / (drawn.std(axis=1, ddof=1) / math.sqrt(len(row)))
        plain.append(np.percentile(drawn.mean(axis=1), [2.5, 97.5]))
        studentised.append(mean - error * np.percentile(t, [97.5, 2.5]))
    return np.array(plain), np.array(studentised)


@pytest.mark.slow
@pytest.mark.parametrize(("seeds", "noise"), COVERAGE)
def test_coverage_agrees_with_the_table_in_the_module(seeds: int, noise: str) -> None:
    rng = np.random.default_rng(seeds)
    centred: dict[str, Callable[[Any], NDArray[np.float64]]] = {
        "normal": rng.standard_normal,
        "exponential": lambda size: rng.exponential(size=size) - 1,
    }
    values = centred[noise]((1500, seeds))
    intervals = np.array([(score.low, score.high) for score in map(mean_over_seeds, values)])
    mean, error = values.mean(axis=1), values.std(axis=1, ddof=1) / math.sqrt(seeds)
    half = stats.t.ppf(0.975, seeds - 1) * error
    every = [intervals, np.stack([mean - half, mean + half], axis=1), *bootstrap_intervals(values, rng)]
    coverage = [np.mean((ends[:, 0] <= 0) & (ends[:, 1] >= 0)) for ends in every]
    assert coverage == pytest.approx(COVERAGE[seeds, noise], abs=0.03)  # 3 standard errors and rounding
