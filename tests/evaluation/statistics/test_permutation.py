"""Sign flips: against SciPy's enumeration, exact at every level, random flips near all of them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from partita.errors import PartitaError
from partita.evaluation.statistics.permutation import (
    EXACT_SEEDS,
    critical_rank,
    sign_flip_sets,
    sign_flip_test,
)


def mean_difference(a, b, axis):
    return np.mean(a - b, axis=axis)


@given(st.lists(st.integers(-5, 5), min_size=2, max_size=8))
def test_p_is_that_of_scipys_enumeration(differences):
    """Whole numbers make ties and zeros common."""
    values = np.array(differences, float)
    options = {"permutation_type": "samples", "n_resamples": np.inf, "vectorized": True}
    theirs = [
        stats.permutation_test((values, 0 * values), mean_difference, alternative=side, **options).pvalue
        for side in ("greater", "less", "two-sided")
    ]
    ours = sign_flip_test(values)
    assert [ours.above, ours.below, ours.two_sided] == pytest.approx(theirs)


@given(st.lists(st.floats(0.01, 10), min_size=2, max_size=7))
def test_the_level_is_exact_over_all_signs_of_the_same_sizes(sizes):
    """Under symmetry all signs are equally likely: p <= level must happen in at most that share of them."""
    signs = 1 - 2 * np.vstack([np.zeros(len(sizes)), sign_flip_sets(len(sizes))])
    p = np.array([sign_flip_test(row * sizes).two_sided for row in signs])
    for level in np.unique(p):
        assert np.mean(p <= level) <= level * (1 + 1e-9)


def test_differences_of_one_size_and_sign_give_the_smallest_p():
    for seeds in range(2, 11):
        assert sign_flip_test(np.full(seeds, 0.1)).two_sided == 2 / 2**seeds
    assert sign_flip_test(np.full(20, 0.1)).two_sided == 2 / 2**EXACT_SEEDS


def test_random_flips_come_near_all_flips():
    """At 17 seeds flips are random; here all 131,072 are counted beside them."""
    rng = np.random.default_rng(0)
    values = rng.normal(0.4, 1, 17)
    numbers = np.arange(1, 2**17)
    sums = sum(((numbers >> bit) & 1) * value for bit, value in enumerate(values))
    exact = (1 + np.count_nonzero(sums <= 0)) / 2**17
    assert 0.01 < exact < 0.4
    for seed in range(3):
        error = np.sqrt(exact * (1 - exact) / 2**16)
        assert sign_flip_test(values, seed=seed).above == pytest.approx(exact, abs=4 * error)
    assert sign_flip_test(values, seed=1) == sign_flip_test(values, seed=1) != sign_flip_test(values, seed=2)


def test_a_supposed_mean_shifts_the_question():
    values = np.array([1.0, 2.0, 4.0, -1.0])
    assert sign_flip_test(values, null_mean=2.5) == sign_flip_test(values - 2.5)


def test_zeros_say_nothing():
    assert sign_flip_test(np.zeros(8)).two_sided == 1


def test_allowed_flips_are_those_below_the_level():
    for seeds in (5, 6, 8, 16, 40):
        flips = 2 ** min(seeds, EXACT_SEEDS)
        for level in (0.05, 0.01, 0.05 / 6):
            count = critical_rank(seeds, level)
            assert 2 * count / flips <= level < 2 * (count + 1) / flips


@pytest.mark.parametrize("bad", [[], [1.0, np.nan], [np.inf, 1.0], [[1.0, 2.0]]])
def test_what_cannot_be_tested_is_refused(bad):
    with pytest.raises(PartitaError, match="one finite number for each seed"):
        sign_flip_test(bad)
