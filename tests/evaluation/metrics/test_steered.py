"""The bound on the divergence of steered clips: exact cases and unbiased densities."""

from collections.abc import Callable

import numpy as np
import pytest

from partita.evaluation.metrics.steered import SteeredClips, steered_kl_bound
from partita.models.wavenet import WaveNet
from partita.sampling.config import SamplingConfig, SteeringConfig
from partita.sampling.smc.sampler import Steering
from partita.sampling.smc.scorers import RatioScorer

CLASSES, CLIPS, STEPS = 4, 600, 6


def steered(
    p: WaveNet, q: WaveNet, better: WaveNet, *, temperature: float = 1.0, **settings: float
) -> SteeredClips:
    scorer = RatioScorer(better, q, threads=1)
    config = SteeringConfig(**({"block": 2, "threshold": 1.0} | settings))  # type: ignore[arg-type]
    past = np.random.default_rng(0).integers(CLASSES, size=(CLIPS, 8))
    sampling = SamplingConfig(seed=1, temperature=temperature, threads=1)
    return steered_kl_bound(p, q, Steering(scorer=scorer, config=config), past, STEPS, sampling, zero_class=0)


@pytest.fixture(scope="module")
def models(four_classes: Callable[[int, int], WaveNet]) -> list[WaveNet]:
    return [four_classes(seed, 2) for seed in range(3)]


def test_one_particle_has_the_divergence_of_unsteered_sampling(models: list[WaveNet]) -> None:
    p, q, better = models
    found = steered(p, q, better, particles=1)
    np.testing.assert_allclose(found.bound, -found.sums.log_ratio, atol=1e-5)


@pytest.mark.parametrize("settings", [{}, {"strength": 0.5}, {"temperature": 0.8}, {"threshold": 0.0}])
def test_both_densities_of_the_bound_are_normalised(
    models: list[WaveNet], settings: dict[str, float]
) -> None:
    """E[p / steered] = 1 over steered draws for any scorer, so neither density lacks a factor."""
    p, q, better = models
    ratios = np.exp2(-steered(p, q, better, particles=4, **settings).bound)
    error = ratios.std() / np.sqrt(CLIPS)
    assert error < 0.15
    assert abs(ratios.mean() - 1.0) < 3.5 * error


def test_more_particles_lower_the_bound_with_an_exact_scorer(models: list[WaveNet]) -> None:
    p, q, _ = models
    one, many = (steered(p, q, p, particles=count).bound.mean() for count in (1, 16))
    assert 0.0 < many < 0.5 * one
