"""The samples of a corpus: formats, levels, resampling, silence and source times."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import scipy.signal
import soundfile
from corpus_files import stored_samples

from partita.audio.load import read_audio
from partita.data.preparation.prepare import PrepareConfig, prepare

Tone = Callable[..., np.ndarray]
PLAIN = PrepareConfig(sample_rate=8000, trim=False)
PEAK = 32767 * 10 ** (-1 / 20)


@pytest.mark.parametrize(
    "case",
    [
        ("a.wav", "PCM_16", 8000, 1e-4),
        ("a.wav", "PCM_24", 44100, 2e-3),
        ("a.wav", "PCM_U8", 48000, 3e-2),
        ("a.wav", "FLOAT", 22050, 2e-3),
        ("a.wav", "DOUBLE", 96000, 2e-3),
        ("a.flac", "PCM_16", 44100, 2e-3),
        ("a.ogg", "VORBIS", 44100, 0.05),
        ("a.opus", "OPUS", 48000, 0.05),
        ("a.mp3", "MPEG_LAYER_III", 44100, 0.05),
        ("a.aiff", "PCM_16", 32000, 2e-3),
        ("a.aif", "PCM_24", 11025, 2e-3),
    ],
)
@pytest.mark.parametrize("channels", [1, 2])
def test_every_format_is_read_and_aligned(
    tmp_path: Path, case: tuple[str, str, int, float], channels: int
) -> None:
    name, subtype, rate, error = case
    t = np.arange(rate * 3) / rate
    sound = np.sin(2 * np.pi * (300 + 100 * t) * t) * np.sin(np.pi * t / 3) ** 2  # a sweep shows any shift
    file_format = {".opus": "OGG", ".aif": "AIFF"}.get(Path(name).suffix)
    left_right = np.stack([0.3 * sound, 0.5 * sound][:channels], axis=1)
    soundfile.write(tmp_path / name, left_right, rate, subtype=subtype, format=file_format)
    corpus = prepare([tmp_path], tmp_path / "c", PrepareConfig(sample_rate=8000, trim=False, gap=0))
    got = stored_samples(corpus, name) / PEAK
    u = np.arange(24000) / 8000
    expected = np.sin(2 * np.pi * (300 + 100 * u) * u) * np.sin(np.pi * u / 3) ** 2
    assert abs(len(got) - 24000) <= (0 if error < 0.05 else 1200)
    shortest = min(len(got), 24000)
    assert np.abs(got[:shortest] - expected[:shortest] / np.abs(expected).max()).max() < error + 3e-3


def test_level_offset_and_mix_equal_a_direct_computation(tmp_path: Path, tone: Tone) -> None:
    left, right = 0.01 * tone(4), 0.03 * tone(4, pitch=500)
    soundfile.write(tmp_path / "a.wav", np.stack([left + 0.2, right - 0.1], axis=1), 8000, subtype="FLOAT")
    config = PrepareConfig(sample_rate=8000, trim=False, gap=0, peak_dbfs=-6)
    got = stored_samples(prepare([tmp_path], tmp_path / "c", config), "a.wav")
    mixed = (left.astype(float) + right) / 2
    mixed -= mixed.mean()
    expected = mixed / np.abs(mixed).max() * 32767 * 10 ** (-6 / 20)
    assert np.abs(got - expected).max() <= 1
    assert np.abs(got).max() == round(32767 * 10 ** (-6 / 20))


@pytest.mark.parametrize("rate", [44100, 48000, 11025, 8000])
def test_resampling_agrees_with_scipy(tmp_path: Path, rate: int) -> None:
    random = np.random.default_rng(0)
    sos = scipy.signal.butter(8, 2500, fs=rate, output="sos")
    sound = scipy.signal.sosfiltfilt(sos, random.standard_normal(rate * 2)) * np.hanning(rate * 2)
    soundfile.write(tmp_path / "a.wav", 0.5 * sound / np.abs(sound).max(), rate, subtype="FLOAT")
    got = read_audio(tmp_path / "a.wav", 8000)
    expected = scipy.signal.resample(0.5 * sound / np.abs(sound).max(), 16000)
    assert len(got) == 16000
    assert np.abs(got - expected).max() < 2e-3


def test_the_size_of_blocks_does_not_change_the_samples(
    tmp_path: Path, tone: Tone, monkeypatch: pytest.MonkeyPatch
) -> None:
    soundfile.write(tmp_path / "a.wav", tone(9, rate=11025), 11025, subtype="FLOAT")
    whole = stored_samples(prepare([tmp_path], tmp_path / "one", PrepareConfig(sample_rate=8000)), "a.wav")
    monkeypatch.setattr("partita.audio.formats.libsndfile.BLOCK_VALUES", 2048)
    monkeypatch.setattr("partita.data.preparation.recording.IN_MEMORY", 10_000)
    monkeypatch.setattr("partita.data.preparation.recording.BLOCK", 1000)
    blocks = stored_samples(
        prepare([tmp_path / "a.wav"], tmp_path / "two", PrepareConfig(sample_rate=8000)), "a.wav"
    )
    assert len(whole) == len(blocks)
    assert np.abs(whole.astype(int) - blocks).max() <= 1


def test_source_times_are_those_of_the_same_sound_in_the_source(tmp_path: Path) -> None:
    rate, clicks = 44100, (1.2, 4.75, 5.1, 9.3)
    sound = np.zeros(11 * rate)
    for number, second in enumerate(clicks):
        length = rate // 10
        t = np.arange(length) / rate
        sound[round(second * rate) :][:length] = (
            0.5 * np.sin(2 * np.pi * 700 * (number + 1) * t) * np.hanning(length)
        )
    soundfile.write(tmp_path / "a.wav", sound, rate)
    corpus = prepare([tmp_path], tmp_path / "c", PrepareConfig(sample_rate=16000, gap=0))
    segments = [s for split in ("train", "validation", "test") for s in corpus.segments(split)]
    rebuilt = np.zeros(11 * 16000)
    for s in segments:
        start = s.source_start_s * 16000
        assert start == pytest.approx(round(start), abs=1e-6)
        rebuilt[round(start) :][: s.length] = corpus.samples[s.offset :][: s.length]
    truth = scipy.signal.resample_poly(sound, 160, 441)
    truth *= PEAK / np.abs(truth).max()
    assert np.abs(rebuilt - truth).max() < 0.005 * 32767
    stretches = corpus.index["files"][0]["stretches"]
    starts = [start / 16000 for start, _ in stretches]
    assert starts == pytest.approx([1.1, 4.65, 9.2], abs=0.03), "4.75 and 5.1 are one stretch"
    kept = sum(length for _, length in stretches) / 16000
    assert kept == pytest.approx(0.3 + 0.65 + 0.3, abs=0.08)


def test_no_trim_keeps_silence(tmp_path: Path, tone: Tone) -> None:
    sound = np.concatenate([np.zeros(16000), tone(2), np.zeros(16000), tone(2)]).astype(np.float32)
    soundfile.write(tmp_path / "a.wav", sound, 8000)
    for trim, seconds in ((False, 8.0), (True, 4.3)):
        config = PrepareConfig(sample_rate=8000, trim=trim, gap=0)
        index = prepare([tmp_path / "a.wav"], tmp_path / "c", config).index
        assert index["samples"] / 8000 == pytest.approx(seconds, abs=0.05)
