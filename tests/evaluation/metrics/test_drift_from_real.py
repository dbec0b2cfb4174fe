"""Clips that drift as real clips do score 0, and others by how far they are from them."""

import numpy as np
import pytest
from melodies import RATE, melodies
from numpy.typing import NDArray

from partita.errors import PartitaError
from partita.evaluation.metrics.drift_from_real import SCORES, curves_by_second, drift_from_real

REAL = melodies(6, 4.0, 0)
NOISE = np.random.default_rng(1).normal(0, 0.1, REAL.shape)
SECONDS = np.arange(REAL.shape[1]) // RATE


def values(clips: NDArray[np.float64], real: NDArray[np.float64]) -> list[float]:
    found = drift_from_real(clips, real, RATE, seed=0)
    assert tuple(found) == SCORES
    return [score.value for score in found.values()]


def test_the_real_clips_themselves_have_no_drift() -> None:
    assert values(REAL, REAL) == [0.0, 0.0, 0.0]
    assert values(REAL, REAL[::-1]) == pytest.approx([0.0, 0.0, 0.0], abs=1e-9)


def test_each_fault_raises_its_score() -> None:
    fading = REAL * 10.0 ** (-SECONDS / 4)
    noisy = np.where(SECONDS < 2, REAL, NOISE)
    level, spectrum, periodicity = values(fading, REAL)
    assert level == pytest.approx(np.sqrt(np.mean([0, 25, 100, 225])), abs=0.2)
    assert spectrum > 3
    assert periodicity < 0.1
    _, spectrum, periodicity = values(noisy, REAL)
    assert spectrum > 3
    assert periodicity == pytest.approx(np.sqrt(2 / 4), abs=0.05)


def test_a_fall_below_60_dbfs_counts_no_more() -> None:
    quiet, silent = NOISE * np.array([1.0, 1.0, 1e-4, 1.0])[SECONDS], NOISE * (SECONDS != 2)
    level = values(quiet, NOISE)[0]
    assert level == pytest.approx(values(silent, NOISE)[0]) == pytest.approx(40 / 2, abs=0.2)


def test_opposite_clips_have_the_same_mean() -> None:
    up, down = NOISE[:1] * 2.0**SECONDS, NOISE[:1] * 0.5**SECONDS
    flat = np.repeat(NOISE[:1], 2, axis=0)
    assert values(np.concatenate([up, down]), flat)[0] == pytest.approx(0.0, abs=1e-6)


def test_the_score_is_the_distance_of_the_curves() -> None:
    drawn, real = curves_by_second(NOISE, RATE), curves_by_second(REAL, RATE)
    assert list(drawn) == ["level_dbfs", "spectrum_change_db", "voiced_share"]
    assert all(curve.shape == (4,) for curve in drawn.values())
    assert drawn["spectrum_change_db"][0] == 0
    assert real["voiced_share"].min() > 0.9
    assert drawn["voiced_share"].max() < 0.1
    by_hand = [np.sqrt(np.mean((drawn[name] - real[name]) ** 2)) for name in drawn]
    assert values(NOISE, REAL) == pytest.approx(by_hand)


def test_the_interval_contains_the_value_and_is_reproducible() -> None:
    real = melodies(6, 4.0, 5) * np.linspace(0.3, 1, 6)[:, None]
    found = drift_from_real(REAL, real, RATE, seed=3)
    level = found["level_drift_from_real_db"]
    assert level.low < level.value < level.high
    assert found == drift_from_real(REAL, real, RATE, seed=3)


def test_short_clips_have_thirds_in_place_of_seconds() -> None:
    assert curves_by_second(NOISE[:, :600], RATE)["level_dbfs"].shape == (3,)
    assert values(NOISE[:, :600], NOISE[:, :600]) == [0.0, 0.0, 0.0]


def test_unpaired_clips_or_other_lengths_are_refused() -> None:
    with pytest.raises(PartitaError, match="there are 6 drawn, 5 real clips"):
        drift_from_real(REAL, REAL[:5], RATE, seed=0)
    with pytest.raises(PartitaError, match=r"2 different lengths, \[31999, 32000\] samples"):
        drift_from_real(REAL, REAL[:, 1:], RATE, seed=0)
    with pytest.raises(PartitaError, match="give at least one clip"):
        curves_by_second([], RATE)
