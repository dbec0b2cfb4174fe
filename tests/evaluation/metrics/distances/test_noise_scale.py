"""Distances on the scale of noise: sound with known noise is placed there, in pairs and freely."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from partita.audio.load import read_audio
from partita.audio.spectrogram import log_mel
from partita.errors import PartitaError
from partita.evaluation.metrics.distances.frechet import split_half_distances
from partita.evaluation.metrics.distances.noise_scale import (
    ScaledDistance,
    add_white_noise,
    distances_in_noise,
    equivalent_noise,
)

RATE = 8000
NAMES = {"frechet_log_mel", "mmd_log_mel", "frechet_timbre", "mmd_timbre"}


@pytest.fixture(autouse=True)
def few_halvings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("partita.evaluation.metrics.distances.frechet.HALVINGS", 40)


def clips(count: int, *, seed: int, seconds: float = 0.8) -> list[NDArray[np.float64]]:
    """Tones with overtones, vibrato and a little noise, at random pitches and levels."""
    rng, time = np.random.default_rng(seed), np.arange(round(seconds * RATE)) / RATE
    result = []
    for _ in range(count):
        hertz = 220 * 2 ** (rng.integers(0, 24, 4) / 12)
        note = np.minimum((4 * time / seconds).astype(int), 3)
        phase = 2 * np.pi * np.cumsum(hertz[note] * (1 + 0.004 * np.sin(2 * np.pi * 6 * time))) / RATE
        sound = sum(np.sin(k * phase) / k for k in range(1, 9) if k * hertz.max() < RATE / 2)
        result.append(add_white_noise(rng.uniform(0.05, 0.1) * np.asarray(sound), rng.uniform(35, 45), rng))
    return result


def noisy(sounds: list[NDArray[np.float64]], db: float) -> list[NDArray[np.float64]]:
    rng = np.random.default_rng(9)
    return [add_white_noise(sound, db, rng) for sound in sounds]


def test_added_noise_has_its_level_below_each_clip() -> None:
    rng = np.random.default_rng(0)
    for level in (0.001, 0.5):
        sound = level * np.sin(np.arange(200_000))
        noise = add_white_noise(sound, 20.0, rng) - sound
        assert 20 * np.log10(sound.std() / noise.std()) == pytest.approx(20, abs=0.05)
    assert not add_white_noise(np.zeros(10), 20.0, rng).any()


@pytest.mark.parametrize("db", [25.0, 12.0])
def test_sound_with_noise_is_placed_at_its_noise(db: float) -> None:
    real = clips(8, seed=0)
    for name, found in distances_in_noise(noisy(real, db), real, RATE, seed=0).items():
        assert found.noise_db.value == pytest.approx(db, abs=2.0), name
        assert found.noise_db.low <= found.noise_db.value <= found.noise_db.high
        assert found.distance.value > found.real.value


def test_free_clips_are_placed_at_their_noise() -> None:
    generated = noisy(clips(10, seed=3), 15.0)
    found = distances_in_noise(generated, clips(16, seed=4), RATE, other_real=clips(12, seed=5), seed=0)
    assert set(found) == NAMES
    for scaled in found.values():
        assert scaled.noise_db.value == pytest.approx(15, abs=3)


def test_distances_grow_with_noise() -> None:
    real = clips(8, seed=0)
    for name, found in distances_in_noise(real, real, RATE, seed=0).items():
        assert (np.diff(found.at_noise)[:5] > 0).all(), name
        assert found.noise_db.value > 35, name
        assert found.distance == found.real


def test_distances_of_a_violin_grow_with_noise(real_recordings: Path) -> None:
    violin = read_audio(real_recordings / "bach-violin/minji-kim/minji-kim_bwv1003_mov4.opus", 16000).astype(
        np.float64
    )
    length = 2 * 16000
    real = [violin[start : start + length] for start in range(length, 18 * length, 2 * length)]
    for name, found in distances_in_noise(noisy(real, 17.0), real, 16000, seed=0).items():
        assert (np.diff([found.real.value, *found.at_noise[1:]]) > 0).all(), name
        assert found.noise_db.value == pytest.approx(17, abs=1.0), name


def test_the_frechet_distance_is_that_of_the_split_halves() -> None:
    real, generated = clips(6, seed=0), clips(6, seed=1)
    expected = split_half_distances(
        [log_mel(clip, RATE) for clip in generated], [log_mel(clip, RATE) for clip in real], seed=3
    )
    found = distances_in_noise(generated, real, RATE, seed=3)["frechet_log_mel"]
    assert found.distance.value == pytest.approx(expected.generated.value)
    assert found.real.value == pytest.approx(expected.real_halves.value)


def test_silent_clips_are_scored_and_far() -> None:
    real = clips(6, seed=0)
    silent = [np.zeros(RATE)] * 6
    assert all(one.noise_db.value < 10 for one in distances_in_noise(silent, real, RATE, seed=0).values())
    distances_in_noise(silent, silent, RATE, seed=0)


def test_levels_between_those_measured_are_interpolated() -> None:
    rising = np.array([1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0])
    assert equivalent_noise(3.0, rising) == pytest.approx(27.5)
    assert (equivalent_noise(0.5, rising), equivalent_noise(500.0, rising)) == (40, 0)
    falling = np.array([2.0, 1.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0])
    assert equivalent_noise(1.5, falling) == 40


def test_the_sentence_rounds_to_decibels() -> None:
    found = distances_in_noise(noisy(clips(8, seed=0), 15.0), clips(8, seed=0), RATE, seed=0)["mmd_timbre"]
    assert isinstance(found, ScaledDistance)
    assert found.sentence.startswith("as far from real as real with noise at 1")


def test_too_few_clips_are_refused() -> None:
    real = clips(4, seed=0, seconds=0.3)
    with pytest.raises(PartitaError, match="3 generated, 4 real and 4 other"):
        distances_in_noise(real[:3], real, RATE, other_real=real, seed=0)
    with pytest.raises(PartitaError, match="as many generated as real"):
        distances_in_noise(real, clips(5, seed=1, seconds=0.3), RATE, seed=0)
