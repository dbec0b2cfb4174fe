"""Exact binomial statistics: against scipy, numbers by hand, and simulated coverage and power."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from partita.errors import PartitaError
from partita.evaluation.statistics.binomial import (
    answers_needed,
    binomial_interval,
    binomial_power,
    binomial_test,
)

COUNTS = st.integers(1, 300).flatmap(lambda trials: st.tuples(st.integers(0, trials), st.just(trials)))


@given(COUNTS)
def test_interval_and_test_are_scipys(counts: tuple[int, int]) -> None:
    interval, found = binomial_interval(*counts), binomial_test(*counts)
    exact = stats.binomtest(*counts)
    expected = exact.proportion_ci(method="exact")
    assert (interval.low, interval.high) == pytest.approx((expected.low, expected.high), abs=1e-9)
    assert interval.low <= interval.value <= interval.high
    assert found.two_sided == pytest.approx(exact.pvalue)
    assert found.above == pytest.approx(stats.binomtest(*counts, alternative="greater").pvalue)
    assert found.below == pytest.approx(stats.binomtest(*counts, alternative="less").pvalue)


@given(COUNTS)
def test_the_interval_excludes_one_half_exactly_if_the_test_is_significant(counts: tuple[int, int]) -> None:
    interval = binomial_interval(*counts)
    excludes = interval.low > 0.5 or interval.high < 0.5
    assert excludes == (binomial_test(*counts).two_sided < 0.05)


def test_numbers_by_hand() -> None:
    assert binomial_test(5, 5).two_sided == 2 / 32
    assert binomial_test(3, 6).two_sided == 1.0
    assert binomial_interval(0, 10).high == pytest.approx(1 - 0.025 ** (1 / 10))
    assert binomial_interval(10, 10).low == pytest.approx(0.025 ** (1 / 10))


def test_the_interval_covers_the_true_share_at_least_as_often_as_it_says() -> None:
    for share in (0.05, 0.3, 0.57):
        counts = np.arange(41)
        covered = [binomial_interval(int(count), 40) for count in counts]
        inside = [interval.low <= share <= interval.high for interval in covered]
        assert stats.binom.pmf(counts, 40, share)[inside].sum() >= 0.95


@pytest.mark.parametrize("share", [0.43, 0.57, 0.6, 0.75, 0.9])
def test_the_number_of_answers_is_the_first_from_which_on_the_power_is_enough(share: float) -> None:
    needed = answers_needed(share)
    later = binomial_power(np.arange(needed, needed + 500), share)
    assert later.min() >= 0.8 and binomial_power(np.array([needed - 1]), share)[0] < 0.8


def test_the_power_is_that_of_the_test() -> None:
    """Summed over all results of 30 answers that `binomial_test` calls significant."""
    significant = [count for count in range(31) if binomial_test(count, 30).two_sided <= 0.05]
    expected = stats.binom.pmf(significant, 30, 0.7).sum()
    assert binomial_power(np.array([30]), 0.7)[0] == pytest.approx(expected)


def test_a_preference_of_57_to_43_needs_about_as_many_answers_as_the_normal_approximation_says() -> None:
    quantiles = stats.norm.ppf(0.975) * 0.5 + stats.norm.ppf(0.8) * np.sqrt(0.57 * 0.43)
    assert answers_needed(0.57) == answers_needed(0.43) == 422
    assert answers_needed(0.57) == pytest.approx((quantiles / 0.07) ** 2, rel=0.08)


@pytest.mark.parametrize("share", [0.5, 0.505, 0.0, 1.0, float("nan")])
def test_a_share_that_needs_endless_answers_is_refused(share: float) -> None:
    with pytest.raises(PartitaError, match=r"give a share from 0 to 1 that differs from 0\.5"):
        answers_needed(share)


@pytest.mark.parametrize(("successes", "trials"), [(0, 0), (-1, 5), (6, 5)])
def test_impossible_counts_are_refused(successes: int, trials: int) -> None:
    for function in (binomial_interval, binomial_test):
        with pytest.raises(PartitaError, match=f"{successes} successes in {trials} trials"):
            function(successes, trials)
