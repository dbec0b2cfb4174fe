"""The sign-flip test: against SciPy's enumeration, its level, and random flips against all flips."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from partita.errors import PartitaError
from partita.evaluation.statistics.permutation import (
    EXACT_SEEDS,
    critical_rank,
    sign_flip_sets,
    sign_flip_test,
)


def mean_difference(a: NDArray[Any], b: NDArray[Any], axis: int) -> NDArray[Any]:
    return np.asarray(np.mean(a - b, axis=axis))


@given(st.lists(st.integers(-5, 5), min_size=2, max_size=8))
def test_p_values_agree_with_scipys_enumeration(differences: list[int]) -> None:
    """Integers make ties and zeros common."""
    values = np.array(differences, float)
    options: dict[str, Any] = {"permutation_type": "samples", "n_resamples": np.inf, "vectorized": True}
    expected = [
        stats.permutation_test((values, 0 * values), mean_difference, alternative=side, **options).pvalue
        for side in ("greater", "less", "two-sided")
    ]
    found = sign_flip_test(values)
    assert [found.above, found.below, found.two_sided] == pytest.approx(expected)


@given(st.lists(st.floats(0.01, 10), min_size=2, max_size=7))
def test_the_level_is_exact_over_all_signs(sizes: list[float]) -> None:
    """All signs have the same probability, so the share of signs with p <= level is at most level."""
    signs = 1 - 2 * np.vstack([np.zeros(len(sizes)), sign_flip_sets(len(sizes))])
    p = np.array([sign_flip_test(row * np.array(sizes)).two_sided for row in signs])
    for level in np.unique(p):
        assert np.mean(p <= level) <= level * (1 + 1e-9)


def test_equal_differences_have_the_smallest_p_value() -> None:
    for seeds in range(2, 11):
        assert sign_flip_test(np.full(seeds, 0.1)).two_sided == 2 / 2**seeds
    assert sign_flip_test(np.full(20, 0.1)).two_sided == 2 / 2**EXACT_SEEDS


def test_random_flips_approximate_all_flips() -> None:
    """With 17 seeds the flips are random; the test compares them with all 131,072 flips."""
    rng = np.random.default_rng(0)
    values = rng.normal(0.4, 1, 17)
    numbers = np.arange(1, 2**17)
    sums = np.sum([((numbers >> bit) & 1) * value for bit, value in enumerate(values)], axis=0)
    exact = (1 + np.count_nonzero(sums <= 0)) / 2**17
    assert 0.01 < exact < 0.4
    for seed in range(3):
        error = np.sqrt(exact * (1 - exact) / 2**16)
        assert sign_flip_test(values, seed=seed).above == pytest.approx(exact, abs=4 * error)
    assert sign_flip_test(values, seed=1) == sign_flip_test(values, seed=1) != sign_flip_test(values, seed=2)


def test_a_null_mean_shifts_the_differences() -> None:
    values = np.array([1.0, 2.0, 4.0, -1.0])
    assert sign_flip_test(values, null_mean=2.5) == sign_flip_test(values - 2.5)


def test_zero_differences_are_not_significant() -> None:
    assert sign_flip_test(np.zeros(8)).two_sided == 1


def test_the_critical_rank_is_the_largest_below_the_level() -> None:
    for seeds in (5, 6, 8, 16, 40):
        flips = 2 ** min(seeds, EXACT_SEEDS)
        for level in (0.05, 0.01, 0.05 / 6):
            count = critical_rank(seeds, level)
            assert 2 * count / flips <= level < 2 * (count + 1) / flips


@pytest.mark.parametrize("bad", [[], [1.0, np.nan], [np.inf, 1.0], [[1.0, 2.0]]])
def test_invalid_differences_are_refused(bad: Any) -> None:
    with pytest.raises(PartitaError, match="one finite number for each seed"):
        sign_flip_test(bad)
