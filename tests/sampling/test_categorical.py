"""The rule from logits to a class, against values computed by hand."""

import numpy as np

from partita.sampling.categorical import choose, probabilities, smooth
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


def test_smoothing_shrinks_a_narrow_peak_and_leaves_broad_ones_alone() -> None:
    classes = np.arange(256)
    for deviation, share in ((4.0, 0.2), (30.0, 0.934)):  # s^2 / (s^2 + 8^2)
        p = np.exp(-0.5 * ((classes - 128.0) / deviation) ** 2)
        drawn = np.array([118, 124, 128, 132, 138])
        moved = smooth(np.broadcast_to(p / p.sum(), (5, 256)), drawn, 8.0)
        np.testing.assert_allclose(moved, 128 + share * (drawn - 128), atol=0.51)


def test_smoothing_keeps_each_of_two_peaks() -> None:
    classes = np.arange(256)
    p = sum(np.exp(-0.5 * ((classes - peak) / 3.0) ** 2) for peak in (60.0, 190.0))
    moved = smooth(np.broadcast_to(p / p.sum(), (2, 256)), np.array([63, 186]), 6.0)
    assert np.abs(moved - [60, 190]).max() <= 1


def test_no_smoothing_leaves_the_drawn_classes() -> None:
    p, drawn = probabilities(LOGITS, SamplingConfig()), np.array([0, 3, 2])
    assert smooth(np.broadcast_to(p, (3, 4)), drawn, 0.0) is drawn
