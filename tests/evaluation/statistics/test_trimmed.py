import numpy as np
import pytest

from partita.errors import PartitaError
from partita.evaluation.statistics.scores import block_mean
from partita.evaluation.statistics.trimmed import trimmed_mean


def test_a_clip_that_ran_away_is_left_out() -> None:
    values = np.random.default_rng(0).normal(1.0, 0.1, 256)
    values[7] = 1000.0
    kept = np.sort(values)[2:-2]
    score = trimmed_mean(values, seed=0)
    assert score.value == pytest.approx(kept.mean())
    plain = block_mean(values, np.ones(256), seed=0)
    assert plain.value > 4.0 * score.value
    assert plain.high > 2.0 * score.high  # some resamples hold it more often than is trimmed


def test_a_hundredth_of_a_thousand_is_ten() -> None:
    assert trimmed_mean(np.arange(1000.0), seed=0).value == pytest.approx(np.arange(10, 990).mean())


def test_few_are_trimmed_by_one_and_two_not_at_all() -> None:
    assert trimmed_mean(np.array([0.0, 5.0, 70.0]), seed=0).value == 5.0
    assert trimmed_mean(np.array([0.0, 5.0]), seed=0).value == 2.5
    with pytest.raises(PartitaError, match="no clip"):
        trimmed_mean(np.array([]), seed=0)
