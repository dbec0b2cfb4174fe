"""The effect size: bias, unit and sign."""

import numpy as np
import pytest

from partita.evaluation.statistics.effect import effect_size


def test_the_effect_size_is_unbiased_unlike_the_plain_ratio() -> None:
    values = np.random.default_rng(0).normal(1, 1, (20000, 5))
    effects = np.array([effect_size(row) for row in values], np.float64)
    assert np.mean(effects) == pytest.approx(1, abs=0.02)
    assert np.mean(values.mean(axis=1) / values.std(axis=1, ddof=1)) > 1.2


def test_the_effect_size_has_no_unit_and_a_sign() -> None:
    values = np.array([1.0, 3.0, 2.0, 5.0])
    effect = effect_size(values)
    assert effect is not None
    assert effect_size(1000 * values) == pytest.approx(effect)
    assert effect_size(-values) == pytest.approx(-effect)


@pytest.mark.parametrize("values", [[1.0], [1.0, 2.0], [0.0, 0.0, 0.0], [2.0, 2.0, 2.0]])
def test_the_effect_size_is_none_without_spread_or_with_few_seeds(values: list[float]) -> None:
    assert effect_size(values) is None
