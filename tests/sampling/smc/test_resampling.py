"""Resampling gives each particle its due, moves none that lives, and minds no extreme weight."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from partita.sampling.smc.resampling import chosen, effective_size, log_mean, moves, shares, systematic

LOGS = st.lists(st.floats(-1e4, 1e4), min_size=1, max_size=50)
UNIFORMS = st.floats(2.0**-53, 1.0 - 2.0**-53)


@given(LOGS, UNIFORMS)
def test_counts_are_within_one_of_what_is_due(logs: list[float], uniform: float) -> None:
    share = shares(np.array([logs]))
    counts = systematic(share, np.array([uniform]))
    due = len(logs) * share
    assert counts.sum() == len(logs)
    assert (np.abs(counts - due) < 1.0 + 1e-9).all()
    assert (counts[share == 0.0] == 0).all()


def test_counts_are_what_is_due_on_average() -> None:
    share = shares(np.log([[0.5, 0.21, 0.2, 0.09]]))
    uniforms = (np.arange(1000) + 0.5) / 1000
    counts = systematic(np.repeat(share, 1000, 0), uniforms)
    np.testing.assert_allclose(counts.mean(0), 4 * share[0], atol=2e-3)


@pytest.mark.parametrize("particles", [1, 3, 64, 4096])
@pytest.mark.parametrize("uniform", [2.0**-53, 0.5, 1.0 - 2.0**-53])
def test_equal_weights_move_nothing(particles: int, uniform: float) -> None:
    counts = systematic(np.full((1, particles), 1.0 / particles), np.array([uniform]))
    assert counts.sum() == particles
    assert np.abs(counts - 1).sum() <= 2  # rounding may move a point over one edge


@given(st.lists(LOGS.map(lambda logs: (logs * 50)[:7]), min_size=1, max_size=5), UNIFORMS)
def test_only_the_dead_are_overwritten_and_by_their_own_clip(logs: list[list[float]], uniform: float) -> None:
    counts = systematic(shares(np.array(logs)), np.full(len(logs), uniform))
    targets, sources = moves(counts)
    after = np.arange(counts.size)
    after[targets] = after[sources]
    assert not set(targets) & set(sources)
    assert (targets // 7 == sources // 7).all()
    assert (np.bincount(after, minlength=counts.size) == counts.ravel()).all()
    alive = counts.ravel() > 0
    assert (after[alive] == np.flatnonzero(alive)).all()


def test_extreme_weights() -> None:
    logs = np.array([[1e4, -1e4, 1e4], [-1e4, -1e4, -1e4], [0.0, -np.inf, 0.0]])
    np.testing.assert_allclose(shares(logs), [[0.5, 0, 0.5], [1 / 3] * 3, [0.5, 0, 0.5]])
    np.testing.assert_allclose(log_mean(logs), [1e4 + np.log(2 / 3), -1e4, np.log(2 / 3)])
    np.testing.assert_allclose(effective_size(shares(logs)), [2, 3, 2])


@given(LOGS, UNIFORMS)
def test_none_without_weight_is_chosen(logs: list[float], uniform: float) -> None:
    share = shares(np.array([logs]))
    assert share[0, chosen(share, np.array([uniform]))[0]] > 0.0
