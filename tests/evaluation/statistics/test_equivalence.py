"""Equivalence: what the interval shows, never too often at the margin's edge, and found where it is true."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from partita.errors import PartitaError
from partita.evaluation.statistics.equivalence import equivalence_test
from partita.evaluation.statistics.seed_interval import mean_over_seeds


@given(st.lists(st.integers(-6, 6), min_size=6, max_size=9), st.integers(1, 12))
def test_equal_is_what_has_its_interval_within_the_margin(differences, halves):
    score, margin = mean_over_seeds(differences), halves / 2
    assert (equivalence_test(differences, margin) <= 0.05) == (-margin < score.low and score.high < margin)


def share_equal(trials, mean, margin):
    values = np.random.default_rng(1).normal(mean, 1, (trials, 8))
    return np.mean([equivalence_test(row, margin) <= 0.05 for row in values])


@pytest.mark.parametrize("margin", [2.5, -2.5])
def test_at_the_margins_edge_equal_is_rare(margin):
    """At most 2.5% (6 of 256), with 2 standard errors for 600 trials."""
    assert share_equal(600, margin, abs(margin)) <= 0.025 + 2 * 0.0064


@pytest.mark.slow
@pytest.mark.parametrize("margin", [0.5, 2.5, -2.5])
def test_at_the_margins_edge_equal_is_rare_in_8000(margin):
    assert share_equal(8000, margin, abs(margin)) <= 0.025 + 2 * 0.0017


@pytest.mark.slow
def test_one_long_tail_makes_it_err_as_often_as_the_function_says():
    values = np.random.default_rng(2).exponential(size=(8000, 8)) + 1.5
    share = np.mean([equivalence_test(row, 2.5) <= 0.05 for row in values])
    assert share == pytest.approx(0.09, abs=0.015)


def test_arms_alike_are_found_equal_within_a_wide_margin():
    assert share_equal(200, 0, 2) > 0.95
    assert share_equal(200, 0, 0.3) < 0.05


def test_margin_zero_is_for_differences_that_are_all_zero():
    assert equivalence_test([0.0] * 8, 0) == 2 / 256
    assert equivalence_test([0.0] * 7 + [1e-9], 0) == 1
    assert equivalence_test([0.0] * 5, 0) > 0.05


@pytest.mark.parametrize("margin", [-0.1, float("nan"), float("inf")])
def test_a_margin_that_is_none_is_refused(margin):
    with pytest.raises(PartitaError, match="`margin`"):
        equivalence_test([1.0, 2.0], margin)
