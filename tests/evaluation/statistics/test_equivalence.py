"""The equivalence test: agreement with the interval, false positive rate, and power."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from partita.errors import PartitaError
from partita.evaluation.statistics.equivalence import equivalence_test
from partita.evaluation.statistics.seed_interval import mean_over_seeds


@given(st.lists(st.integers(-6, 6), min_size=6, max_size=9), st.integers(1, 12))
def test_differences_are_equivalent_if_their_interval_is_within_the_margin(
    differences: list[int], halves: int
) -> None:
    score, margin = mean_over_seeds(differences), halves / 2
    assert (equivalence_test(differences, margin) <= 0.05) == (-margin < score.low and score.high < margin)


def share_equal(trials: int, mean: float, margin: float) -> float:
    values = np.random.default_rng(1).normal(mean, 1, (trials, 8))
    return float(np.mean([equivalence_test(row, margin) <= 0.05 for row in values]))


@pytest.mark.parametrize("margin", [2.5, -2.5])
def test_at_the_end_of_the_margin_equality_is_rare(margin: float) -> None:
    """At most 2.5% (6 of 256), with 2 standard errors for 600 trials."""
    assert share_equal(600, margin, abs(margin)) <= 0.025 + 2 * 0.0064


@pytest.mark.slow
@pytest.mark.parametrize("margin", [0.5, 2.5, -2.5])
def test_at_the_end_of_the_margin_equality_is_rare_in_8000(margin: float) -> None:
    assert share_equal(8000, margin, abs(margin)) <= 0.025 + 2 * 0.0017


@pytest.mark.slow
def test_the_false_positive_rate_for_skewed_differences_is_as_documented() -> None:
    values = np.random.default_rng(2).exponential(size=(8000, 8)) + 1.5
    share = np.mean([equivalence_test(row, 2.5) <= 0.05 for row in values])
    assert share == pytest.approx(0.09, abs=0.015)


def test_the_same_arm_is_equal_within_a_wide_margin() -> None:
    assert share_equal(200, 0, 2) > 0.95
    assert share_equal(200, 0, 0.3) < 0.05


def test_with_margin_0_only_zero_differences_are_equal() -> None:
    assert equivalence_test([0.0] * 8, 0) == 2 / 256
    assert equivalence_test([0.0] * 7 + [1e-9], 0) == 1
    assert equivalence_test([0.0] * 5, 0) > 0.05


@pytest.mark.parametrize("margin", [-0.1, float("nan"), float("inf")])
def test_an_invalid_margin_is_refused(margin: float) -> None:
    with pytest.raises(PartitaError, match="`margin`"):
        equivalence_test([1.0, 2.0], margin)
