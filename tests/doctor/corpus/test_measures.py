"""Each measure of sound finds the fault that it is made for, and not the others."""

import numpy as np
import pytest
import soxr

from partita.doctor.corpus.clipping import BUMP, bump
from partita.doctor.corpus.excerpts import Waveform
from partita.doctor.corpus.originals import flat_share
from partita.doctor.corpus.polyphony import MANY, many_voices_share
from partita.doctor.corpus.silence import quiet_share
from partita.doctor.corpus.spectrum import noise_floor

RATE = 16000


def voice(seed: int, seconds: int = 8) -> Waveform:
    """A line of notes with eight harmonics and a decay, as a plucked string."""
    rng = np.random.default_rng(seed)
    notes = []
    for _ in range(4 * seconds):
        hertz, time = 330 * 2 ** (rng.integers(-7, 12) / 12), np.arange(RATE // 4) / RATE
        tone = sum(np.sin(2 * np.pi * hertz * n * time + n) / n for n in range(1, 9))
        notes.append(tone * np.exp(-time * 8) * rng.uniform(0.3, 1.0))
    sound = np.concatenate(notes)
    return np.asarray(0.8 * sound / np.abs(sound).max(), np.float32)


VOICE = voice(0)


def test_flat_peaks_are_counted_only_where_they_are() -> None:
    assert flat_share(VOICE) == 0
    clipped = np.clip(4 * VOICE, -0.8, 0.8)
    inside = float((np.abs(4 * VOICE) >= 0.8).mean())
    assert 0.5 * inside < flat_share(clipped) <= inside


def test_clipping_shows_after_resampling() -> None:
    clipped = np.clip(6 * VOICE, -0.8, 0.8)
    resampled = soxr.resample(soxr.resample(clipped, RATE, 44100), 44100, RATE)
    assert flat_share(resampled) < 1e-3
    assert bump(resampled) > BUMP > 1.2 > bump(VOICE)


def test_quiet_share_counts_pauses() -> None:
    pauses = np.concatenate([VOICE, np.zeros(3 * len(VOICE), np.float32)])
    assert quiet_share(pauses, RATE) == pytest.approx(0.75, abs=0.01)
    assert quiet_share(VOICE, RATE) == 0


@pytest.mark.parametrize("below", [10, 20])
def test_the_noise_floor_is_found_where_it_is(below: int) -> None:
    power = float((VOICE**2).mean())
    noise = np.random.default_rng(1).normal(0, np.sqrt(power) * 10 ** (-below / 20), len(VOICE))
    floor = noise_floor((VOICE + noise).astype(np.float32))
    assert floor is not None and floor.below_db == pytest.approx(below, abs=2)


def test_clean_sound_and_a_moment_have_no_noise_floor() -> None:
    floor = noise_floor(VOICE)
    assert floor is not None and floor.below_db is None
    assert noise_floor(VOICE[:4000]) is None


def test_several_voices_are_told_from_one() -> None:
    one = many_voices_share([VOICE], RATE)
    several = many_voices_share([voice(1) + voice(2) + voice(3) + voice(4)], RATE)
    assert one is not None and several is not None
    assert one < 0.3 < MANY < several
    assert many_voices_share([np.zeros(10, np.float32)], RATE) is None
