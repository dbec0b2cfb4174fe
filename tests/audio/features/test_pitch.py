"""The pitch track of sounds whose pitch is known."""

import threading

import numpy as np
import pytest

from partita.audio.features.layout import hop_length_for
from partita.audio.features.pitch import PitchTracker, track_pitch

RATES = [8000, 16000, 44100]


def tone(frequency: float | np.ndarray, sample_rate: int, seconds: float = 1.0) -> np.ndarray:
    """Return a tone with overtones up to half the sample rate, 6 dB less each octave."""
    frequency = np.broadcast_to(frequency, round(seconds * sample_rate))
    phase = 2 * np.pi * np.cumsum(frequency) / sample_rate
    count = int(sample_rate / 2 / frequency.max())
    return np.asarray(sum(0.2 / k * np.sin(k * phase) for k in range(1, min(count, 12) + 1)))


@pytest.mark.parametrize("sample_rate", RATES)
@pytest.mark.parametrize("note", [45.0, 55.0, 62.3, 69.0, 76.5, 88.0])
def test_the_pitch_of_a_tone_is_within_ten_cents(sample_rate: int, note: float) -> None:
    hop = hop_length_for(sample_rate)
    frames = track_pitch(tone(440 * 2 ** ((note - 69) / 12), sample_rate), sample_rate, hop)
    assert frames.shape == (sample_rate // hop + 1, 2) and frames.dtype == np.float32
    assert np.abs(frames[10:-10, 0] - note).max() < 0.1
    assert frames[10:-10, 1].min() > 0.8


def test_frames_are_at_their_times() -> None:
    """Half a second of 330 Hz, then 660 Hz: the pitch is half way within two frames of the change."""
    sound = tone(np.repeat([330.0, 660.0], 8000), 16000)
    pitch = track_pitch(sound, 16000, 160)[:, 0]
    middle = (pitch[20] + pitch[80]) / 2
    assert abs(int(np.argmax(pitch > middle)) - 50) <= 2


def test_unvoiced_frames_lie_on_a_line_between_voiced_ones() -> None:
    low, high = tone(220, 16000), tone(440, 16000)
    frames = track_pitch(np.concatenate([low, np.zeros(8000), high]), 16000, 160)
    assert (frames[110:140, 1] < 0.1).all()
    assert (np.diff(frames[105:145, 0]) >= 0).all() and 57 < frames[125, 0] < 69


def test_silence_noise_and_hardly_any_sound_have_numbers() -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, 16000)
    assert np.isfinite(track_pitch(noise, 16000, 160)).all()
    for samples in (0, 1, 100, 255, 3000):
        frames = track_pitch(np.zeros(samples), 16000, 160)
        assert frames.tolist() == [[69.0, 0.0]] * (samples // 160 + 1)
    assert track_pitch(np.ones(3), 44100, 448).shape == (1, 2)


@pytest.mark.parametrize("block", [3000, 90_000])
def test_blocks_have_the_pitch_of_the_whole(block: int) -> None:
    """Also around unvoiced parts, which are filled when the next voiced frame is known."""
    glide, quiet = tone(np.linspace(200, 900, 3 * 22050), 22050, 3), np.zeros(40_000)
    sound = np.concatenate([quiet, glide, quiet, glide[::-1], quiet])
    tracker = PitchTracker(22050, 224)
    parts = [tracker.add(sound[start : start + block]) for start in range(0, len(sound), block)]
    frames = np.concatenate([*parts, tracker.finish()])
    np.testing.assert_allclose(frames, track_pitch(sound, 22050, 224), atol=0.01)


def test_frames_are_returned_when_they_are_known() -> None:
    tracker, second = PitchTracker(16000, 160), tone(440, 16000)
    assert 60 < len(tracker.add(second)) <= 101
    quiet = [tracker.add(np.zeros(16000)) for _ in range(3)]
    assert sum(map(len, quiet)) < 50
    assert len(tracker.add(second)) > 300
    tracker.finish()


def test_threads_share_the_network() -> None:
    sounds = [tone(frequency, 16000) for frequency in (200, 300, 400, 500)]
    expected = [track_pitch(sound, 16000, 160) for sound in sounds]
    found: dict[int, np.ndarray] = {}

    def run(number: int) -> None:
        found[number] = track_pitch(sounds[number], 16000, 160)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(np.array_equal(found[number], expected[number]) for number in range(4))
