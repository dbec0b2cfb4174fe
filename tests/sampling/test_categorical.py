"""The rule from logits to a class, against values computed by hand."""

import numpy as np

from partita.sampling.categorical import choose, probabilities
from partita.sampling.config import SamplingConfig

LOGITS = np.log(np.array([0.1, 0.4, 0.3, 0.2]))


def test_temperature() -> None:
    squares = np.array([0.01, 0.16, 0.09, 0.04]) / 0.3
    np.testing.assert_allclose(probabilities(LOGITS, SamplingConfig(temperature=0.5)), squares)


def test_top_k_keeps_the_largest() -> None:
    np.testing.assert_allclose(probabilities(LOGITS, SamplingConfig(top_k=2)), [0, 4 / 7, 3 / 7, 0])


def test_top_p_keeps_the_fewest_that_reach_it() -> None:
    np.testing.assert_allclose(probabilities(LOGITS, SamplingConfig(top_p=0.65)), [0, 4 / 7, 3 / 7, 0])
    np.testing.assert_allclose(probabilities(LOGITS, SamplingConfig(top_p=0.75)), [0, 4 / 9, 3 / 9, 2 / 9])
    np.testing.assert_allclose(probabilities(LOGITS, SamplingConfig(top_p=1e-6)), [0, 1, 0, 0])
    np.testing.assert_allclose(probabilities(LOGITS, SamplingConfig(top_p=1.0)), np.exp(LOGITS))


def test_top_p_is_a_share_of_what_top_k_kept() -> None:
    np.testing.assert_allclose(probabilities(LOGITS, SamplingConfig(top_k=2, top_p=0.5)), [0, 1, 0, 0])


def test_choose_at_the_boundaries() -> None:
    rows = np.array([[0.0, 0.25, 0.0, 0.75]] * 4)
    u = np.array([1e-300, 0.2499999, 0.25, 1.0 - 2.0**-53])
    assert choose(rows, u).tolist() == [1, 1, 3, 3]


def test_draws_follow_the_probabilities() -> None:
    p = probabilities(LOGITS, SamplingConfig())
    u = (np.arange(100_000) + 0.5) / 100_000
    counts = np.bincount(choose(np.broadcast_to(p, (100_000, 4)), u), minlength=4)
    np.testing.assert_allclose(counts / 100_000, p, atol=2e-5)
