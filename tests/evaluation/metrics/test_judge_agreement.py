import numpy as np
import pytest

from partita.evaluation.metrics.judge_agreement import agreement


@pytest.fixture(scope="module")
def exact() -> np.ndarray:
    return np.random.default_rng(1).normal(size=(40, 1100))


def correlation(judged: np.ndarray, exact: np.ndarray) -> float:
    found = agreement(judged, exact, seed=0)
    assert found is not None
    assert found.low <= found.value <= found.high
    return found.value


def test_what_is_said_and_its_opposite(exact: np.ndarray) -> None:
    assert correlation(3.0 * exact + 1.0, exact) == pytest.approx(1.0)
    assert correlation(-0.1 * exact, exact) == pytest.approx(-1.0)


def test_noise_as_strong_as_what_is_said(exact: np.ndarray) -> None:
    noise = np.random.default_rng(2).normal(size=exact.shape)
    assert correlation(exact + noise, exact) == pytest.approx(0.5**0.5, abs=0.15)
    assert abs(correlation(noise, exact)) < 0.25


def test_where_in_a_block_it_is_said_does_not_matter(exact: np.ndarray) -> None:
    turned = np.roll(exact[:, :1024].reshape(40, 4, 256), 17, axis=2).reshape(40, 1024)
    assert correlation(turned, exact[:, :1024]) == pytest.approx(1.0)


def test_a_judge_that_always_says_the_same_has_no_correlation(exact: np.ndarray) -> None:
    assert agreement(np.zeros_like(exact), exact, seed=0) is None


def test_clips_shorter_than_a_block_are_summed_whole(exact: np.ndarray) -> None:
    assert correlation(exact[:, 100::-1], exact[:, :101]) == pytest.approx(1.0)
