"""The Frechet distance against closed forms and SciPy, and its reference value for real sound."""

import numpy as np
import pytest
import scipy.linalg

from partita.errors import PartitaError
from partita.evaluation.metrics.distances.frechet import (
    ClipMoments,
    Gaussian,
    frechet_distances,
    split_half_distances,
)


def frechet_distance(a: Gaussian, b: Gaussian) -> float:
    return float(frechet_distances(a, b))


def gaussian(seed: int, bands: int = 12, rank: int | None = None) -> Gaussian:
    rng = np.random.default_rng(seed)
    factor = rng.normal(size=(bands, rank or bands))
    return Gaussian(rng.normal(size=bands), factor @ factor.T)


def test_one_dimension_agrees_with_the_closed_form() -> None:
    a, b = (Gaussian(np.array([m]), np.array([[s**2]])) for m, s in ((1.5, 0.5), (-1.0, 3.0)))
    assert frechet_distance(a, b) == pytest.approx(2.5**2 + 2.5**2)


def test_diagonal_covariances_agree_with_the_closed_form() -> None:
    rng = np.random.default_rng(0)
    means, spreads = rng.normal(size=(2, 20)), rng.uniform(0.1, 3, size=(2, 20))
    a, b = (Gaussian(m, np.diag(s**2)) for m, s in zip(means, spreads, strict=True))
    expected = ((means[0] - means[1]) ** 2).sum() + ((spreads[0] - spreads[1]) ** 2).sum()
    assert frechet_distance(a, b) == pytest.approx(expected)


def test_full_covariances_agree_with_the_matrix_square_root_of_scipy() -> None:
    a, b = gaussian(1), gaussian(2)
    root = scipy.linalg.sqrtm(a.covariance @ b.covariance)
    expected = ((a.mean - b.mean) ** 2).sum() + np.trace(a.covariance + b.covariance - 2 * np.real(root))
    assert frechet_distance(a, b) == pytest.approx(expected)


def test_the_distance_is_0_to_itself_symmetric_and_invariant_under_rotation() -> None:
    a, b = gaussian(3), gaussian(4)
    rotation = np.linalg.qr(np.random.default_rng(5).normal(size=(12, 12)))[0]
    rotated = [Gaussian(rotation @ g.mean, rotation @ g.covariance @ rotation.T) for g in (a, b)]
    assert frechet_distance(a, a) == pytest.approx(0, abs=1e-9 * np.trace(a.covariance))
    assert frechet_distance(a, b) == pytest.approx(frechet_distance(b, a))
    assert frechet_distance(*rotated) == pytest.approx(frechet_distance(a, b))


def test_singular_covariances_have_a_finite_distance() -> None:
    a, b = gaussian(6, rank=3), gaussian(7, rank=2)
    assert np.isfinite(frechet_distance(a, b))
    assert frechet_distance(a, a) == pytest.approx(0, abs=1e-5)


def test_gaussians_have_the_sample_mean_and_covariance_of_their_clips() -> None:
    frames = np.random.default_rng(8).normal(size=(3, 50, 4))
    fitted = ClipMoments.of_clips(list(frames)).gaussians(np.array([[0], [2]]))
    np.testing.assert_allclose(fitted.mean, frames[[0, 2]].mean(axis=1))
    for covariance, clip in zip(fitted.covariance, frames[[0, 2]], strict=True):
        np.testing.assert_allclose(covariance, np.cov(clip.T), atol=1e-12)
    together = ClipMoments.of_clips(list(frames)).gaussians(np.array([[0, 2]]))
    both = np.concatenate([frames[0], frames[2]])
    np.testing.assert_allclose(together.mean[0], both.mean(axis=0))
    np.testing.assert_allclose(together.covariance[0], np.cov(both.T), atol=1e-12)


def clips(
    seed: int, *, count: int = 16, frames: int = 80, bands: int = 6, shift: float = 0.0
) -> list[np.ndarray]:
    """Return clips that differ more between each other than within, like music."""
    rng = np.random.default_rng(seed)
    return [rng.normal(rng.normal(shift, 1, bands), 0.5, (frames, bands)) for _ in range(count)]


def test_real_sound_as_generated_sound_has_the_distance_of_real_halves() -> None:
    real = clips(0)
    found = split_half_distances(real, real, seed=0)
    assert found.generated == found.real_halves
    assert found.warning is None


def test_a_perfect_model_has_the_distance_of_real_halves_on_average() -> None:
    pairs = [split_half_distances(clips(2 * n), clips(2 * n + 1), seed=0) for n in range(30)]
    generated, real = (
        np.mean([getattr(p, name).value for p in pairs]) for name in ("generated", "real_halves")
    )
    assert generated == pytest.approx(real, rel=0.15)


def test_a_biased_model_has_a_larger_distance_than_real_halves() -> None:
    found = split_half_distances(clips(1, shift=3.0), clips(0), seed=0)
    assert found.generated.low > found.real_halves.high
    assert found.generated.value == pytest.approx(6 * 3.0**2, rel=0.4)


def test_the_interval_is_as_wide_as_the_spread_over_other_clips() -> None:
    found = [split_half_distances(clips(2 * n, shift=3.0), clips(2 * n + 1), seed=n) for n in range(40)]
    spread = 3.92 * np.std([one.generated.value for one in found])
    width = np.mean([one.generated.high - one.generated.low for one in found])
    assert 0.7 < width / spread < 1.5


def test_few_frames_cause_a_warning_and_too_few_clips_an_error() -> None:
    few = split_half_distances(clips(0, count=4, frames=10), clips(1, count=4, frames=10), seed=0)
    assert few.warning is not None
    assert "2 clips with 20 frames for 6 bands" in few.warning
    with pytest.raises(PartitaError, match="3 generated, 3 real"):
        split_half_distances(clips(0, count=3), clips(1, count=3), seed=0)
    with pytest.raises(PartitaError, match="finite"):
        split_half_distances([np.full((4, 6), np.nan)] * 4, clips(1, count=4), seed=0)
