"""Maximum mean discrepancy: hand-computed values, agreement with the definition, no bias, bandwidth."""

import numpy as np
import pytest
from numpy.typing import NDArray

from partita.errors import PartitaError
from partita.evaluation.metrics.distances.mmd import (
    MAX_FRAMES,
    kernel_means,
    median_bandwidth,
    squared_discrepancies,
)

Floats = NDArray[np.float64]


def all_means(a: list[Floats], b: list[Floats], bandwidth: float) -> tuple[Floats, Floats, Floats]:
    """The mean kernels within `a`, within `b`, and between them."""
    return (
        kernel_means(a, a, bandwidth=bandwidth),
        kernel_means(b, b, bandwidth=bandwidth),
        kernel_means(a, b, bandwidth=bandwidth),
    )


def discrepancy(a: list[Floats], b: list[Floats], bandwidth: float) -> float:
    """The discrepancy between all clips of `a` and all of `b`."""
    sets = [np.arange(len(clips))[None] for clips in (a, b)]
    return float(squared_discrepancies(*all_means(a, b, bandwidth), sets[0], sets[1])[0])


def test_single_frames_have_the_value_computed_by_hand() -> None:
    a, b = ([np.array([[x]]) for x in xs] for xs in ((0.0, 2.0), (1.0, 3.0)))
    one, two, three = ((1 + d**2) ** -0.5 for d in (1, 2, 3))
    assert discrepancy(a, b, 1.0) == pytest.approx(two + two - 2 * (3 * one + three) / 4)


def test_it_agrees_with_the_sums_of_the_paper() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(0, 1, (7, 3)), rng.normal(0.5, 1, (5, 3))

    def k(p: Floats, q: Floats) -> float:
        return float((1 + ((p - q) ** 2).sum() / 1.7**2) ** -0.5)

    within = [
        sum(k(z[i], z[j]) for i in range(len(z)) for j in range(len(z)) if i != j) / (len(z) * (len(z) - 1))
        for z in (x, y)
    ]
    expected = sum(within) - 2 * np.mean([k(p, q) for p in x for q in y])
    assert discrepancy([p[None] for p in x], [q[None] for q in y], 1.7) == pytest.approx(expected)


def test_it_has_no_bias_although_frames_of_a_clip_are_alike() -> None:
    rng = np.random.default_rng(0)

    def clips() -> list[Floats]:
        return [rng.normal(0, 1, 2) + rng.normal(0, 0.2, (5, 2)) for _ in range(4)]

    values = [discrepancy(clips(), clips(), 1.0) for _ in range(400)]
    error = np.std(values) / np.sqrt(len(values))
    assert abs(np.mean(values)) < 3 * error < 0.05
    assert min(values) < 0


def test_it_sees_a_difference_that_mean_and_covariance_do_not_show() -> None:
    rng = np.random.default_rng(0)
    normal = [rng.normal(0, 1, (64, 1)) for _ in range(8)]
    two_peaks = [rng.choice([-1.0, 1.0], (64, 1)) for _ in range(8)]
    assert discrepancy(normal, two_peaks, 0.5) > 0.1


def test_each_set_has_the_value_of_its_clips() -> None:
    rng = np.random.default_rng(0)
    a, b = ([rng.normal(shift, 1, (6, 2)) for _ in range(5)] for shift in (0.0, 1.0))
    first, second = np.array([[0, 1, 4], [2, 3, 0]]), np.array([[1, 2], [4, 3]])
    found = squared_discrepancies(*all_means(a, b, 1.0), first, second)
    for number in range(2):
        expected = discrepancy([a[i] for i in first[number]], [b[i] for i in second[number]], 1.0)
        assert found[number] == pytest.approx(expected)


def test_the_bandwidth_is_the_median_distance_between_clips() -> None:
    clips = [np.array([[0.0], [100.0], [4.0]]), np.array([[1.0]])]
    assert median_bandwidth(clips) == pytest.approx(3.0)  # of 1, 3 and 99
    assert median_bandwidth([np.zeros((3, 2))] * 2) == 1.0  # silence: any bandwidth will do
    with pytest.raises(PartitaError, match="1 real clips: give at least 2"):
        median_bandwidth([np.zeros((3, 2))])


def test_long_clips_are_thinned_evenly() -> None:
    ramp = np.linspace(0, 1, 1000)[:, None]
    thinned = kernel_means([ramp], [ramp], bandwidth=0.3)[0, 0]
    whole = ((1 + (ramp - ramp.T) ** 2 / 0.3**2) ** -0.5).mean()
    assert len(ramp) > MAX_FRAMES
    assert thinned == pytest.approx(whole, abs=0.01)
