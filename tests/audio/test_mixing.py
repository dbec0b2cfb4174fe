"""Channels are mixed without cancelling out, and spikes do not make the rest of a recording silent."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from partita.audio.decoding import Decoder
from partita.audio.errors import UnreadableError
from partita.audio.load import read_audio
from partita.data.preparation.prepare import PrepareConfig, prepare

Tone = Callable[..., np.ndarray]
RATE = 8000


def second_pass(path: Path) -> Decoder | None:
    decoding = Decoder(path, RATE)
    for _ in decoding:
        pass
    return decoding.second_pass()


@pytest.mark.parametrize("error", [0.0, 0.02])
def test_channels_in_opposite_phase_give_the_stronger_one(tmp_path: Path, tone: Tone, error: float) -> None:
    left = tone(4)
    right = -left + error * np.random.default_rng(1).uniform(-1, 1, len(left)).astype(np.float32)
    soundfile.write(tmp_path / "a.wav", np.stack([0.9 * left, right], 1), RATE, subtype="FLOAT")
    np.testing.assert_array_equal(read_audio(tmp_path / "a.wav", RATE), right)
    index = prepare([tmp_path / "a.wav"], tmp_path / "c", PrepareConfig(sample_rate=RATE)).index
    note = index["files"][0]["note"]
    assert "opposite phase" in note and "channel 2 alone is used" in note
    assert not index["skipped"]


def test_a_dc_offset_of_channels_does_not_affect_the_phase_check(tmp_path: Path, tone: Tone) -> None:
    left = 0.2 * tone(4)
    soundfile.write(tmp_path / "a.wav", np.stack([left + 0.5, 0.3 - left], 1), RATE, subtype="FLOAT")
    second = second_pass(tmp_path / "a.wav")
    assert second is not None and "opposite phase" in str(second.note)
    soundfile.write(tmp_path / "b.wav", np.stack([left + 0.5, left - 0.5], 1), RATE, subtype="FLOAT")
    assert second_pass(tmp_path / "b.wav") is None


@pytest.mark.parametrize("stretches", [[(5, 10)], [(3, 3.7)], [(t, t + 0.4) for t in range(9)]])
def test_opposite_phase_in_a_part_of_a_recording_is_found(
    tmp_path: Path, tone: Tone, stretches: list[tuple[float, float]]
) -> None:
    left = tone(10)
    right = 0.9 * left
    for start, stop in stretches:
        right[round(start * RATE) : round(stop * RATE)] *= -1 / 0.9
    soundfile.write(tmp_path / "a.wav", np.stack([left, right], 1), RATE, subtype="FLOAT")
    np.testing.assert_array_equal(read_audio(tmp_path / "a.wav", RATE), left)
    corpus = prepare([tmp_path / "a.wav"], tmp_path / "c", PrepareConfig(sample_rate=RATE, gap=0))
    assert len(corpus.samples) == len(left)
    note = corpus.index["files"][0]["note"]
    assert note.startswith("its channels are in opposite phase for ")
    assert note.endswith("of 10.0 s, so that their average is silence: channel 1 alone is used")


def test_quiet_or_short_opposite_phase_is_averaged(tmp_path: Path, tone: Tone) -> None:
    left = tone(10)
    left[5 * RATE : 8 * RATE] *= 0.005
    right = left.copy()
    right[5 * RATE : 8 * RATE] *= -1
    right[RATE : RATE + RATE // 4] *= -1
    soundfile.write(tmp_path / "a.wav", np.stack([left, right], 1), RATE, subtype="FLOAT")
    assert second_pass(tmp_path / "a.wav") is None


@pytest.mark.parametrize("channels", [2, 6])
def test_unrelated_channels_are_averaged(tmp_path: Path, channels: int) -> None:
    sound = np.random.default_rng(0).uniform(-0.5, 0.5, (RATE * 2, channels)).astype(np.float32)
    soundfile.write(tmp_path / "a.wav", sound, RATE, subtype="FLOAT")
    assert second_pass(tmp_path / "a.wav") is None
    np.testing.assert_allclose(read_audio(tmp_path / "a.wav", RATE), sound.mean(1), atol=1e-6)


@pytest.mark.parametrize("scale", [1.0, 32768.0])
@pytest.mark.parametrize("spike", [1e30, -3e38, 300.0])
def test_a_spike_is_set_to_zero(tmp_path: Path, tone: Tone, scale: float, spike: float) -> None:
    sound = scale * tone(4)
    sound[12345] = spike * scale if spike == 300 else spike
    soundfile.write(tmp_path / "a.wav", sound, RATE, subtype="FLOAT")
    expected = sound.copy()
    expected[12345] = 0
    np.testing.assert_array_equal(read_audio(tmp_path / "a.wav", RATE), expected)
    index = prepare([tmp_path / "a.wav"], tmp_path / "c", PrepareConfig(sample_rate=RATE)).index
    note = index["files"][0]["note"]
    assert note.startswith("1 sample far beyond all others (") and note.endswith("at 1.543 s) is taken as 0")


def test_loud_sound_among_silence_is_no_spike(tmp_path: Path, tone: Tone) -> None:
    sound = np.zeros(60 * RATE, dtype=np.float32)
    sound[1000:1200] = 20000 * tone(200 / RATE)
    soundfile.write(tmp_path / "a.wav", sound, RATE, subtype="FLOAT")
    np.testing.assert_array_equal(read_audio(tmp_path / "a.wav", RATE), sound)


def test_a_spike_in_channels_of_opposite_phase(tmp_path: Path, tone: Tone) -> None:
    both = np.stack([tone(4), -tone(4)], 1)
    both[100, 0] = 1e20
    soundfile.write(tmp_path / "a.wav", both, RATE, subtype="FLOAT")
    sound = read_audio(tmp_path / "a.wav", RATE)
    assert np.abs(sound).max() == np.abs(both[:, 1]).max()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("rate", [RATE, 44100])
def test_the_time_of_a_value_that_is_not_finite_is_given(
    tmp_path: Path, tone: Tone, value: float, rate: int
) -> None:
    sound = np.stack([tone(4, rate)] * 2, 1)
    sound[3 * rate, 1] = value
    soundfile.write(tmp_path / "a.wav", sound, rate, subtype="FLOAT")
    with pytest.raises(UnreadableError, match=r"not finite \(NaN or infinity\) at 3\.000 s"):
        list(Decoder(tmp_path / "a.wav", RATE))
