"""Acoustic fingerprints stay under level, noise, encoding and another rate, and differ between recordings."""

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
from recordings import real_recordings

from partita.audio.features.fingerprint import (
    OFFSETS,
    best_shares,
    fingerprint,
    least_share,
    pack,
    unpack,
)
from partita.audio.load import read_audio
from partita.errors import PartitaError
from partita.etudes.render import write_etudes

__all__ = ["real_recordings"]

RATE = 8000


def share(sound: np.ndarray, rate: int, whole: np.ndarray, *, seconds: float = 10.0) -> float:
    """Return the best share of equal bits of the first seconds of a sound, over all starts within a frame."""
    found = []
    for number in range(OFFSETS):
        first = round(number * rate / 10 / OFFSETS)
        bits = fingerprint(sound[first : first + round((seconds + 0.4) * rate) + 1], rate).bits
        bands = min(bits.shape[1], whole.shape[1])
        found.append(float(best_shares(bits[None, :, :bands], whole[:, :bands])[0]))
    return max(found)


def encoded(sound: np.ndarray, rate: int, form: str, subtype: str) -> np.ndarray:
    buffer = io.BytesIO()
    soundfile.write(buffer, sound, rate, format=form, subtype=subtype)
    buffer.seek(0)
    return np.asarray(soundfile.read(buffer, dtype="float32")[0])


@pytest.fixture(scope="module")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> list[np.ndarray]:
    """Three synthetic studies of 16 s."""
    folder = tmp_path_factory.mktemp("studies")
    write_etudes(folder, count=3, seconds=16.0, sample_rate=RATE, seed=3)
    return [soundfile.read(path, dtype="float32")[0] for path in sorted(folder.glob("*.wav"))]


def test_a_trimmed_copy_at_another_level_rate_and_format_is_the_same_sound(sounds: list[np.ndarray]) -> None:
    whole, least = fingerprint(sounds[0], RATE).bits, least_share(100, 16)
    part = sounds[0][round(2.137 * RATE) :]
    noise = np.random.default_rng(0).standard_normal(len(part)) * 0.03 * np.sqrt(np.mean(part**2))
    assert share(0.05 * part, RATE, whole) > least
    assert share(part + noise, RATE, whole) > least
    assert share(encoded(0.3 * part, RATE, "MP3", "MPEG_LAYER_III"), RATE, whole) > least
    assert share(soxr.resample(part, RATE, 11025), 11025, whole) > least


def test_other_sound_is_not_the_same(sounds: list[np.ndarray]) -> None:
    for other in sounds[1:]:
        assert share(other, RATE, fingerprint(sounds[0], RATE).bits) < 0.66 < least_share(100, 16)


def test_real_recordings_are_told_apart_and_their_copies_found(real_recordings: Path) -> None:
    files = sorted((real_recordings / "bach-violin").rglob("*.mp3"))
    sounds = [read_audio(path, 16000)[: 60 * 16000] for path in files]
    prints = [fingerprint(sound, 16000).bits for sound in sounds]
    copy = encoded(0.3 * sounds[0][round(20.03 * 16000) : 32 * 16000], 16000, "OGG", "VORBIS")
    low = soxr.resample(copy, 16000, 8000)
    for sound, rate in ((copy, 16000), (low, 8000)):
        assert share(sound, rate, prints[0]) > least_share(100, 16)
        assert max(share(sound, rate, other) for other in prints[1:]) < 0.66


def test_bits_are_the_sign_of_the_change_of_differences_of_neighbouring_bands() -> None:
    rate, time = 8000, np.arange(8000) / 8000
    low, high = np.sin(2 * np.pi * 250 * time), np.sin(2 * np.pi * 2700 * time)
    growing = fingerprint(low * time + high * 0.1, rate)
    edges = np.geomspace(200, 3000, 18)
    band = int(np.searchsorted(edges, 250)) - 1
    assert growing.bits.shape == (6, 16)
    assert growing.bits[:, band].all()  # the band of the growing tone rises against the band above
    assert not growing.bits[:, band - 1].any()


def test_silence_means_nothing_and_low_rates_have_fewer_bands() -> None:
    assert fingerprint(np.zeros(RATE), RATE).is_silent
    assert fingerprint(np.zeros(10), RATE).is_silent
    noise = np.random.default_rng(0).uniform(-1, 1, 4000)
    assert fingerprint(noise, 2000).bits.shape[1] == 8
    assert fingerprint(noise, 500).bits.shape[1] == 0
    with pytest.raises(PartitaError, match="`waveform` has shape"):
        fingerprint(np.zeros((2, 10)), RATE)


def test_packing_is_lossless_and_short_recordings_are_not_found() -> None:
    bits = np.random.default_rng(0).random((31, 11)) < 0.5
    assert np.array_equal(unpack(pack(bits), 11), bits)
    assert best_shares(bits[None], bits[:30]).tolist() == [0.0]
    assert best_shares(np.stack([bits, ~bits]), bits).tolist() == [1.0, 0.0]
