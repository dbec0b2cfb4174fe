"""Patches of one kind of sound can't be separated, and those with other noise, levels or changes can."""

import numpy as np
import pytest
from melodies import RATE, melodies

from partita.errors import DivergedError, PartitaError
from partita.evaluation.metrics.patch_auc import MEL_BANDS, pair_shares, patch_auc, patch_features
from partita.evaluation.metrics.two_sample import area_under_roc

REAL = melodies(16, 1.0, 0)
OTHER = melodies(16, 1.0, 1)
NOISE = np.random.default_rng(2).standard_normal(REAL.shape)


def test_sound_of_one_kind_has_an_area_of_about_one_half() -> None:
    found = [
        patch_auc(melodies(16, 1.0, 2 * n), melodies(16, 1.0, 2 * n + 1), RATE, seed=n) for n in range(6)
    ]
    assert np.mean([score.value for score in found]) == pytest.approx(0.5, abs=0.06)


def test_the_area_grows_with_noise() -> None:
    found = [patch_auc(OTHER + level * NOISE, REAL, RATE, seed=0).value for level in (0.0, 0.002, 0.02)]
    assert found[0] < found[1] < found[2]
    assert found[2] > 0.98


def test_the_level_counts() -> None:
    assert patch_auc(0.3 * OTHER, REAL, RATE, seed=0).low > 0.9


def test_a_change_from_patch_to_patch_counts() -> None:
    time = np.arange(24 * 256)  # patches of 256 samples, loud and quiet by turns or in pairs
    by_turns, in_pairs = (0.1 * 10.0 ** -(time // (256 * width) % 2) for width in (1, 2))
    rng = np.random.default_rng(3)
    fast, slow = (rng.standard_normal((16, len(time))) * levels for levels in (by_turns, in_pairs))
    assert patch_auc(fast, slow, RATE, seed=0).low > 0.6


def test_one_clip_on_both_sides_can_not_be_separated() -> None:
    assert patch_auc(REAL, REAL, RATE, seed=0).value == pytest.approx(0.5, abs=0.02)


def test_exchanged_sides_have_the_same_area() -> None:
    drawn = OTHER + 0.002 * NOISE
    one, other = patch_auc(drawn, REAL, RATE, seed=0), patch_auc(REAL, drawn, RATE, seed=0)
    assert one.value == pytest.approx(other.value, abs=1e-3)


def test_the_interval_contains_the_value_and_is_reproducible() -> None:
    found = patch_auc(OTHER + 0.001 * NOISE, REAL, RATE, seed=3)
    assert found.low < found.value < found.high
    assert found == patch_auc(OTHER + 0.001 * NOISE, REAL, RATE, seed=3)


def test_the_mean_of_the_shares_is_the_area_over_all_patches() -> None:
    rng = np.random.default_rng(4)
    fake, real = rng.integers(0, 9, (2, 5, 7)).astype(float)
    shares = pair_shares(fake, real)
    assert shares.mean() == pytest.approx(float(area_under_roc(fake.ravel(), real.ravel())))
    assert shares[1, 2] == pytest.approx(float(area_under_roc(fake[1], real[2])))


def test_patches_are_evenly_spaced_and_have_their_level() -> None:
    rising = np.repeat(10.0 ** (np.arange(101) / 20), 256) * np.tile(NOISE[0, :256], 101)
    found = patch_features(rising, RATE)
    assert found.shape == (64, 2 * MEL_BANDS)
    decibels = (10 / np.log(10)) * (found[:, 0] - found[0, 0])
    assert decibels == pytest.approx(np.linspace(0, 99, 64).round(), abs=0.01)
    assert found[:, MEL_BANDS:] == pytest.approx(np.log(10) / 10, abs=0.01)


def test_few_clips_and_clips_of_two_patches_are_enough() -> None:
    assert patch_auc(0.01 * NOISE[:4], NOISE[4:8], RATE, seed=0).value == 1.0
    assert 0 <= patch_auc(REAL[:5, :512], OTHER[:5, :600], RATE, seed=0).value <= 1


def test_too_few_unpaired_short_or_diverged_clips_are_refused() -> None:
    with pytest.raises(PartitaError, match=r"there are 3 drawn, 3 real clips: .* at least 4"):
        patch_auc(OTHER[:3], REAL[:3], RATE, seed=0)
    with pytest.raises(PartitaError, match="there are 8 drawn, 9 real clips"):
        patch_auc(OTHER[:8], REAL[:9], RATE, seed=0)
    with pytest.raises(PartitaError, match=r"a clip has 511 samples, .* 0\.064 s"):
        patch_auc(OTHER[:4, :511], REAL[:4], RATE, seed=0)
    with pytest.raises(DivergedError, match="not finite"):
        patch_auc(np.full((4, RATE), np.nan), REAL[:4], RATE, seed=0)
