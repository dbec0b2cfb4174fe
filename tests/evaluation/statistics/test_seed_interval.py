"""Intervals over few seeds: they say what the test says, and hold the truth as often as they promise."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
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
def test_the_interval_leaves_out_just_what_the_test_rejects(differences, supposed):
    score = mean_over_seeds(differences)
    rejected = sign_flip_test(differences, null_mean=supposed).two_sided <= 0.05
    assert rejected == (not score.low <= supposed <= score.high)


def test_subset_means_by_hand():
    assert subset_means(np.array([3.0, 0.0, 6.0])).tolist() == [0.0, 1.5, 3.0, 3.0, 3.0, 4.5, 6.0]


def test_two_to_five_seeds_have_students_interval():
    for seeds in range(2, 6):
        values = np.random.default_rng(seeds).normal(size=seeds)
        score = mean_over_seeds(values)
        theirs = stats.ttest_1samp(values, 0).confidence_interval(0.95)
        assert (score.low, score.high) == pytest.approx((theirs.low, theirs.high))


def test_more_than_sixteen_seeds_are_near_students_interval():
    values = np.random.default_rng(0).normal(3, 1, 30)
    score, theirs = mean_over_seeds(values), stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert (score.low, score.high) == pytest.approx((theirs.low, theirs.high), abs=0.04)
    assert mean_over_seeds(values, seed=1).low == pytest.approx(score.low, abs=0.01)


@pytest.mark.parametrize("seeds", [1, 2, 6, 8, 17])
def test_equal_values_have_an_interval_without_width(seeds):
    score = mean_over_seeds([0.1] * seeds)
    assert score.low <= score.value <= score.high
    assert (score.low, score.high) == pytest.approx((0.1, 0.1))


def test_eight_seeds_of_normal_noise_hold_the_truth_95_times_in_100():
    noise = np.random.default_rng(0).normal(3, 2, (1000, 8))
    held = [score.low <= 3 <= score.high for score in map(mean_over_seeds, noise)]
    assert np.mean(held) == pytest.approx(0.953, abs=0.02)  # 244 of 256 gaps; 3 standard errors


def percentiles(values, rng):
    """Return the ends of the percentile bootstrap and of the bootstrap-t of (sets, seeds)."""
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
def test_coverage_is_what_the_module_says(seeds, noise):
    rng = np.random.default_rng(seeds)
    centred = {
        "normal": rng.standard_normal,
        "exponential": lambda size: rng.exponential(size=size) - 1,
    }
    values = centred[noise]((1500, seeds))
    ours = np.array([(score.low, score.high) for score in map(mean_over_seeds, values)])
    mean, error = values.mean(axis=1), values.std(axis=1, ddof=1) / math.sqrt(seeds)
    half = stats.t.ppf(0.975, seeds - 1) * error
    every = [ours, np.stack([mean - half, mean + half], axis=1), *percentiles(values, rng)]
    held = [np.mean((ends[:, 0] <= 0) & (ends[:, 1] >= 0)) for ends in every]
    assert held == pytest.approx(COVERAGE[seeds, noise], abs=0.03)  # 3 standard errors, and 0.005 of rounding
