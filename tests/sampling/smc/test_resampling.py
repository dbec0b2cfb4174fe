"""Systematic resampling: the number of copies, which particles move, and extreme weights."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from partita.sampling.smc.resampling import (
    copy_plan,
    draw_particles,
    effective_sample_size,
    log_mean_weight,
    normalized_weights,
    systematic_counts,
)

LOGS = st.lists(st.floats(-1e4, 1e4), min_size=1, max_size=50)
UNIFORMS = st.floats(2.0**-53, 1.0 - 2.0**-53)


@given(LOGS, UNIFORMS)
def test_counts_are_within_one_of_the_expectation(logs: list[float], uniform: float) -> None:
    share = normalized_weights(np.array([logs]))
    counts = systematic_counts(share, np.array([uniform]))
    due = len(logs) * share
    assert counts.sum() == len(logs)
    assert (np.abs(counts - due) < 1.0 + 1e-9).all()
    assert (counts[share == 0.0] == 0).all()


def test_mean_counts_are_the_expectation() -> None:
    share = normalized_weights(np.log([[0.5, 0.21, 0.2, 0.09]]))
    uniforms = (np.arange(1000) + 0.5) / 1000
    counts = systematic_counts(np.repeat(share, 1000, 0), uniforms)
    np.testing.assert_allclose(counts.mean(0), 4 * share[0], atol=2e-3)


@pytest.mark.parametrize("particles", [1, 3, 64, 4096])
@pytest.mark.parametrize("uniform", [2.0**-53, 0.5, 1.0 - 2.0**-53])
def test_equal_weights_move_nothing(particles: int, uniform: float) -> None:
    counts = systematic_counts(np.full((1, particles), 1.0 / particles), np.array([uniform]))
    assert counts.sum() == particles
    assert np.abs(counts - 1).sum() <= 2  # rounding may move a point over one edge


@given(st.lists(LOGS.map(lambda logs: (logs * 50)[:7]), min_size=1, max_size=5), UNIFORMS)
def test_only_particles_without_copies_are_overwritten_within_their_clip(
    logs: list[list[float]], uniform: float
) -> None:
    counts = systematic_counts(normalized_weights(np.array(logs)), np.full(len(logs), uniform))
    targets, sources = copy_plan(counts)
    after = np.arange(counts.size)
    after[targets] = after[sources]
    assert not set(targets) & set(sources)
    assert (targets // 7 == sources // 7).all()
    assert (np.bincount(after, minlength=counts.size) == counts.ravel()).all()
    alive = counts.ravel() > 0
    assert (after[alive] == np.flatnonzero(alive)).all()


def test_extreme_weights() -> None:
    logs = np.array([[1e4, -1e4, 1e4], [-1e4, -1e4, -1e4], [0.0, -np.inf, 0.0]])
    np.testing.assert_allclose(normalized_weights(logs), [[0.5, 0, 0.5], [1 / 3] * 3, [0.5, 0, 0.5]])
    np.testing.assert_allclose(log_mean_weight(logs), [1e4 + np.log(2 / 3), -1e4, np.log(2 / 3)])
    np.testing.assert_allclose(effective_sample_size(normalized_weights(logs)), [2, 3, 2])


@given(LOGS, UNIFORMS)
def test_a_particle_without_weight_is_never_drawn(logs: list[float], uniform: float) -> None:
    share = normalized_weights(np.array([logs]))
    assert share[0, draw_particles(share, np.array([uniform]))[0]] > 0.0
