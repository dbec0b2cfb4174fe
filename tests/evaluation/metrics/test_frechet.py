import numpy as np
import pytest
import scipy.linalg

from partita.errors import PartitaError
from partita.evaluation.metrics.frechet import Gaussian, fit, frechet_distance, split_half_distances


def gaussian(seed: int, bands: int = 12, rank: int | None = None) -> Gaussian:
    rng = np.random.default_rng(seed)
    factor = rng.normal(size=(bands, rank or bands))
    return Gaussian(rng.normal(size=bands), factor @ factor.T)


def test_one_dimension_is_the_closed_form() -> None:
    a, b = (Gaussian(np.array([m]), np.array([[s**2]])) for m, s in ((1.5, 0.5), (-1.0, 3.0)))
    assert frechet_distance(a, b) == pytest.approx(2.5**2 + 2.5**2)


def test_diagonal_covariances_are_the_closed_form() -> None:
    rng = np.random.default_rng(0)
    means, spreads = rng.normal(size=(2, 20)), rng.uniform(0.1, 3, size=(2, 20))
    a, b = (Gaussian(m, np.diag(s**2)) for m, s in zip(means, spreads, strict=True))
    expected = ((means[0] - means[1]) ** 2).sum() + ((spreads[0] - spreads[1]) ** 2).sum()
    assert frechet_distance(a, b) == pytest.approx(expected)


def test_full_covariances_agree_with_the_general_matrix_root() -> None:
    a, b = gaussian(1), gaussian(2)
    root = scipy.linalg.sqrtm(a.covariance @ b.covariance)
    expected = ((a.mean - b.mean) ** 2).sum() + np.trace(a.covariance + b.covariance - 2 * np.real(root))
    assert frechet_distance(a, b) == pytest.approx(expected)


def test_it_is_0_from_itself_symmetric_and_unmoved_by_a_rotation() -> None:
    a, b = gaussian(3), gaussian(4)
    turn = np.linalg.qr(np.random.default_rng(5).normal(size=(12, 12)))[0]
    turned = [Gaussian(turn @ g.mean, turn @ g.covariance @ turn.T) for g in (a, b)]
    assert frechet_distance(a, a) == pytest.approx(0, abs=1e-9 * np.trace(a.covariance))
    assert frechet_distance(a, b) == pytest.approx(frechet_distance(b, a))
    assert frechet_distance(*turned) == pytest.approx(frechet_distance(a, b))


def test_singular_covariances_give_a_finite_number() -> None:
    a, b = gaussian(6, rank=3), gaussian(7, rank=2)
    assert np.isfinite(frechet_distance(a, b))
    assert frechet_distance(a, a) == pytest.approx(0, abs=1e-5)


def test_fit_is_the_sample_mean_and_covariance() -> None:
    frames = np.random.default_rng(8).normal(size=(50, 4))
    fitted = fit(frames)
    np.testing.assert_allclose(fitted.mean, frames.mean(axis=0))
    np.testing.assert_allclose(fitted.covariance, np.cov(frames.T), atol=1e-12)


def clips(
    seed: int, *, count: int = 16, frames: int = 80, bands: int = 6, shift: float = 0.0
) -> list[np.ndarray]:
    """Clips that differ from each other more than their frames do, as music does."""
    rng = np.random.default_rng(seed)
    return [rng.normal(rng.normal(shift, 1, bands), 0.5, (frames, bands)) for _ in range(count)]


def test_generating_the_real_sound_itself_gives_the_distance_of_real_halves() -> None:
    real = clips(0)
    found = split_half_distances(real, real, seed=0)
    assert found.generated == found.real_halves
    assert found.warning is None


def test_a_perfect_model_lies_at_the_real_halves_on_average() -> None:
    pairs = [split_half_distances(clips(2 * n), clips(2 * n + 1), seed=0) for n in range(30)]
    generated, real = (
        np.mean([getattr(p, name).value for p in pairs]) for name in ("generated", "real_halves")
    )
    assert generated == pytest.approx(real, rel=0.15)


def test_a_model_that_is_off_lies_beyond_the_real_halves() -> None:
    found = split_half_distances(clips(1, shift=3.0), clips(0), seed=0)
    assert found.generated.low > found.real_halves.high
    assert found.generated.value == pytest.approx(6 * 3.0**2, rel=0.4)


def test_the_interval_is_about_as_wide_as_other_clips_would_spread_the_value() -> None:
    found = [split_half_distances(clips(2 * n, shift=3.0), clips(2 * n + 1), seed=n) for n in range(40)]
    spread = 3.92 * np.std([one.generated.value for one in found])
    width = np.mean([one.generated.high - one.generated.low for one in found])
    assert 0.7 < width / spread < 1.5


def test_few_frames_are_warned_of_and_too_few_clips_refused() -> None:
    few = split_half_distances(clips(0, count=4, frames=10), clips(1, count=4, frames=10), seed=0)
    assert few.warning is not None
    assert "2 clips with 20 frames for 6 bands" in few.warning
    with pytest.raises(PartitaError, match="3 generated, 3 real"):
        split_half_distances(clips(0, count=3), clips(1, count=3), seed=0)
    with pytest.raises(PartitaError, match="finite"):
        split_half_distances([np.full((4, 6), np.nan)] * 4, clips(1, count=4), seed=0)
