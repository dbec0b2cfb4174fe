"""Holm's correction: against the closed test, and the rate of false positives in a family."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from partita.errors import PartitaError
from partita.evaluation.statistics.holm import holm_correction
from partita.evaluation.statistics.permutation import sign_flip_test


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6))
def test_holm_is_the_closed_test_with_bonferroni(values: list[float]) -> None:
    """The closed test rejects a hypothesis if it rejects every set that contains it."""
    sets = [s for size in range(1, len(values) + 1) for s in combinations(range(len(values)), size)]
    slow = [
        max(min(1, len(s) * min(values[i] for i in s)) for s in sets if index in s)
        for index in range(len(values))
    ]
    assert holm_correction(values) == pytest.approx(slow)


def test_no_p_value_and_one_p_value_are_unchanged() -> None:
    assert holm_correction([]) == []
    assert holm_correction([0.04]) == [0.04]


@pytest.mark.parametrize("bad", [-0.1, 1.1, float("nan")])
def test_an_invalid_p_value_is_refused(bad: float) -> None:
    with pytest.raises(PartitaError, match="between 0 and 1"):
        holm_correction([0.5, bad])


def share_with_a_false_positive(trials: int, true_gains: Sequence[float]) -> float:
    """Return the share of families (arms against one control, 8 seeds) with a false positive."""
    rng, gains = np.random.default_rng(0), np.array(true_gains)
    false = 0
    for _ in range(trials):
        control = rng.normal(size=8)
        arms = 0.7 * rng.normal(size=(len(gains), 8)) + gains[:, None]
        corrected = np.array(holm_correction([sign_flip_test(arm - control).two_sided for arm in arms]))
        false += bool((corrected[gains == 0] <= 0.05).any())
    return false / trials


@pytest.mark.parametrize("gains", [[0, 0, 0, 0, 0], [9, 0, 9, 0, 0]])
def test_a_family_with_a_shared_control_has_at_most_5_percent_false_positives(gains: list[float]) -> None:
    assert share_with_a_false_positive(400, gains) <= 0.05 + 2 * 0.011


@pytest.mark.slow
@pytest.mark.parametrize("gains", [[0, 0, 0, 0, 0], [9, 0, 9, 0, 0], [9, 9, 9, 9, 0]])
def test_4000_families_have_at_most_5_percent_false_positives(gains: list[float]) -> None:
    assert share_with_a_false_positive(4000, gains) <= 0.05 + 2 * 0.0035
