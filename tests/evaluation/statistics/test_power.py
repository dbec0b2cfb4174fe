"""Power: against a result by hand, against the test itself, and required seeds as the inverse."""

import math

import numpy as np
import pytest
from scipy import stats

from partita.errors import PartitaError
from partita.evaluation.statistics.permutation import sign_flip_test
from partita.evaluation.statistics.power import detectable_effect, min_seeds, seeds_needed


def share_detected(trials: int, seeds: int, effect: float, level: float) -> float:
    values = np.random.default_rng(seeds).normal(effect, 1, (trials, seeds))
    return float(np.mean([sign_flip_test(row).two_sided <= level for row in values]))


def test_if_all_signs_must_agree_the_effect_has_a_closed_form() -> None:
    """With 8 seeds at 0.05 / 6, all 8 differences must be above zero, each with probability 0.8^(1/8)."""
    assert detectable_effect(8, 0.05 / 6) == pytest.approx(stats.norm.ppf(0.8 ** (1 / 8)), rel=0.02)


def test_8_seeds_detect_the_detectable_effect() -> None:
    assert share_detected(1000, 8, detectable_effect(8), 0.05) == pytest.approx(0.8, abs=0.04)


@pytest.mark.slow
@pytest.mark.parametrize("seeds", [6, 8, 10, 12, 13, 16, 24, 40])
@pytest.mark.parametrize("comparisons", [1, 6])
def test_any_number_of_seeds_detects_the_detectable_effect(seeds: int, comparisons: int) -> None:
    level = 0.05 / comparisons
    effect = detectable_effect(seeds, level)
    if math.isinf(effect):
        assert seeds < min_seeds(level)
    else:
        assert share_detected(1000, seeds, effect, level) == pytest.approx(0.8, abs=0.045)


def test_many_seeds_agree_with_a_t_test() -> None:
    effect = detectable_effect(60)
    threshold = stats.t.ppf(0.975, 59)
    assert stats.nct.sf(threshold, 59, effect * math.sqrt(60)) == pytest.approx(0.8, abs=1e-3)


def test_seeds_needed_is_the_inverse_of_the_detectable_effect() -> None:
    for effect in (0.2, 0.5, 0.85, 1.2, 1.5):
        for level in (0.05, 0.05 / 6):
            seeds = seeds_needed(effect, level)
            assert detectable_effect(seeds, level) <= effect
            assert seeds == min_seeds(level) or detectable_effect(seeds - 1, level) > effect


def test_half_the_difference_needs_four_times_the_seeds() -> None:
    assert seeds_needed(0.1) / seeds_needed(0.2) == pytest.approx(4, rel=0.03)


def test_fewer_than_the_smallest_number_of_seeds_detect_nothing() -> None:
    assert [min_seeds(0.05 / tests) for tests in (1, 2, 6, 7, 100)] == [6, 7, 8, 9, 12]
    assert math.isinf(detectable_effect(5)) and math.isinf(detectable_effect(8, 0.05 / 7))
    assert math.isfinite(detectable_effect(9, 0.05 / 7))


def test_impossible_effects_and_levels_are_refused() -> None:
    with pytest.raises(PartitaError, match="must be positive"):
        seeds_needed(0.0)
    with pytest.raises(PartitaError, match="compare fewer pairs"):
        min_seeds(1e-6)
