"""Holm's correction: the closed test it stands for, and no more false findings in a family than promised."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from partita.errors import PartitaError
from partita.evaluation.statistics.holm import holm_correction
from partita.evaluation.statistics.permutation import sign_flip_test


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6))
def test_it_is_the_closed_test_by_bonferroni(values):
    """A hypothesis falls where every set that holds it falls: the slow way to the same."""
    sets = [s for size in range(1, len(values) + 1) for s in combinations(range(len(values)), size)]
    slow = [
        max(min(1, len(s) * min(values[i] for i in s)) for s in sets if index in s)
        for index in range(len(values))
    ]
    assert holm_correction(values) == pytest.approx(slow)


def test_no_test_and_one_test():
    assert holm_correction([]) == []
    assert holm_correction([0.04]) == [0.04]


@pytest.mark.parametrize("bad", [-0.1, 1.1, float("nan")])
def test_what_is_no_p_value_is_refused(bad):
    with pytest.raises(PartitaError, match="between 0 and 1"):
        holm_correction([0.5, bad])


def families_with_a_false_finding(trials, gains):
    """Return how many families, arms against one control over 8 seeds, find a gain where there is none."""
    rng, gains = np.random.default_rng(0), np.array(gains)
    false = 0
    for _ in range(trials):
        control = rng.normal(size=8)
        arms = 0.7 * rng.normal(size=(len(gains), 8)) + gains[:, None]
        corrected = np.array(holm_correction([sign_flip_test(arm - control).two_sided for arm in arms]))
        false += bool((corrected[gains == 0] <= 0.05).any())
    return false / trials


@pytest.mark.parametrize("gains", [[0, 0, 0, 0, 0], [9, 0, 9, 0, 0]])
def test_a_family_with_a_shared_control_finds_falsely_at_most_5_times_in_100(gains):
    assert families_with_a_false_finding(400, gains) <= 0.05 + 2 * 0.011


@pytest.mark.slow
@pytest.mark.parametrize("gains", [[0, 0, 0, 0, 0], [9, 0, 9, 0, 0], [9, 9, 9, 9, 0]])
def test_a_family_finds_falsely_at_most_5_times_in_100_of_4000(gains):
    assert families_with_a_false_finding(4000, gains) <= 0.05 + 2 * 0.0035
