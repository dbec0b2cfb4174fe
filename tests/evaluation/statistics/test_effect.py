import numpy as np
import pytest

from partita.evaluation.statistics.effect import effect_size


def test_it_is_unbiased_where_the_plain_ratio_is_not():
    values = np.random.default_rng(0).normal(1, 1, (20000, 5))
    effects = [effect_size(row) for row in values]
    assert np.mean(effects) == pytest.approx(1, abs=0.02)
    assert np.mean(values.mean(axis=1) / values.std(axis=1, ddof=1)) > 1.2


def test_it_has_no_unit_and_a_sign():
    values = np.array([1.0, 3.0, 2.0, 5.0])
    assert effect_size(values) == pytest.approx(effect_size(1000 * values))
    assert effect_size(-values) == pytest.approx(-effect_size(values))


@pytest.mark.parametrize("values", [[1.0], [1.0, 2.0], [0.0, 0.0, 0.0], [2.0, 2.0, 2.0]])
def test_it_is_none_where_it_means_nothing(values):
    assert effect_size(values) is None
