"""Rendered clips: one length, one loudness, one header, one size; safe peaks; copies that differ."""

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from partita.app.blind.rendering import PEAK_DBTP, equal_loudness, render_clips, render_prompts, served_wav
from partita.audio.loudness import integrated_loudness, rms_dbfs, true_peak
from partita.errors import PartitaError

Wave = NDArray[np.float64]


def written(folder: Path, name: str, sound: Wave, rate: int) -> Path:
    soundfile.write(folder / name, sound, rate, subtype="FLOAT")
    return folder / name


def noise(seconds: float, rate: int, level: float, seed: int = 0) -> Wave:
    return np.random.default_rng(seed).normal(0, level, round(seconds * rate))


def tone(seconds: float, rate: int, level: float) -> Wave:
    return np.asarray(level * np.sin(2 * np.pi * 440 * np.arange(round(seconds * rate)) / rate))


def read(data: bytes) -> Wave:
    return np.asarray(soundfile.read(io.BytesIO(data))[0], np.float64)


def test_clips_of_any_rate_length_and_level_are_served_alike(tmp_path: Path) -> None:
    paths = [
        written(tmp_path, "a.wav", noise(1.4, 16000, 0.3), 16000),
        written(tmp_path, "b.wav", noise(1.0, 8000, 0.001), 8000),
        written(tmp_path, "c.wav", tone(2.0, 44100, 0.9), 44100),
        written(tmp_path, "d.wav", np.concatenate([noise(0.6, 8000, 0.05), np.zeros(4000)]), 8000),
    ]
    rendered = render_clips(paths, seconds=10.0)
    assert rendered.sounds.shape == (4, 8000) and rendered.sample_rate == 8000
    assert rendered.is_integrated and rendered.silent == ()
    served = [served_wav(sound, rendered.sample_rate) for sound in rendered.sounds]
    assert {len(data) for data in served} == {44 + 16000}
    assert len({data[:44] for data in served}) == 1
    loudness = [integrated_loudness(read(data), 8000) for data in served]
    assert loudness == pytest.approx([rendered.loudness] * 4, abs=0.1)
    assert all(true_peak(read(data), 8000) <= 10 ** (PEAK_DBTP / 20) + 1e-3 for data in served)


def test_a_clip_with_high_peaks_lowers_all_clips() -> None:
    clicks = noise(1.0, 8000, 0.001)
    clicks[::2000] = 0.9
    rendered = equal_loudness(np.array([noise(1.0, 8000, 0.1), clicks]), 8000)
    assert rendered.loudness < -23
    peaks = [true_peak(sound, 8000) for sound in rendered.sounds]
    assert max(peaks) == pytest.approx(10 ** (PEAK_DBTP / 20), rel=1e-6) and peaks[1] == max(peaks)
    measured = [integrated_loudness(sound, 8000) for sound in rendered.sounds]
    assert measured == pytest.approx([rendered.loudness] * 2, abs=1e-6)


def test_clips_shorter_than_a_gating_block_have_the_same_rms_level() -> None:
    rendered = equal_loudness(np.array([noise(0.3, 8000, 0.1), tone(0.3, 8000, 0.02)]), 8000)
    assert not rendered.is_integrated
    assert [rms_dbfs(sound) for sound in rendered.sounds] == pytest.approx([-23.0, -23.0])


def test_a_silent_clip_stays_silent_and_does_not_change_the_others() -> None:
    rendered = equal_loudness(np.array([np.zeros(8000), tone(1.0, 8000, 0.2)]), 8000)
    assert rendered.silent == (0,) and rendered.loudness == -23.0
    assert not rendered.sounds[0].any()


def test_all_clips_end_in_the_same_fade() -> None:
    sounds = np.array([noise(1.0, 8000, 0.1), tone(1.0, 8000, 0.2)])
    rendered = equal_loudness(sounds, 8000)
    assert rendered.sounds.shape == sounds.shape
    data = served_wav(rendered.sounds[0], 8000)
    assert len(data) == 44 + 16000


def test_copies_of_a_clip_differ_in_bytes_but_not_in_sound() -> None:
    sound = tone(1.0, 8000, 0.1)
    copies = [served_wav(sound, 8000) for _ in range(4)]
    assert len(set(copies)) == 4
    for data in copies:
        error = read(data) - sound * 32767 / 32768
        assert np.abs(error).max() < 2 / 32768
        assert error.std() * 32768 == pytest.approx(0.5, rel=0.05)  # 1/4 + 1/6 + 1/12: dither and rounding


def test_a_prompt_gets_the_length_and_the_loudness_of_the_clips(tmp_path: Path) -> None:
    clips = render_clips([written(tmp_path, "a.wav", noise(1.0, 8000, 0.1), 8000)], seconds=10.0)
    short = written(tmp_path, "short.wav", noise(0.5, 8000, 0.3), 8000)
    long = written(tmp_path, "long.wav", np.concatenate([np.full(800, 0.5), noise(1.0, 8000, 0.01)]), 8000)
    prompts = render_prompts([short, long], clips)
    assert prompts.shape == (2, 8000) and not prompts[0, 4000:].any()
    assert integrated_loudness(prompts[0, :4000], 8000) == pytest.approx(clips.loudness, abs=0.01)
    assert integrated_loudness(prompts[1], 8000) == pytest.approx(clips.loudness, abs=0.01)


def test_a_clip_that_is_too_short_or_no_sound_is_named(tmp_path: Path) -> None:
    short = written(tmp_path, "short.wav", noise(0.01, 8000, 0.1), 8000)
    with pytest.raises(PartitaError, match=r"short\.wav has 0\.010 seconds: give clips of at least 0\.1"):
        render_clips([short], seconds=1.0)
    (tmp_path / "text.wav").write_text("no sound")
    with pytest.raises(PartitaError, match=r"text\.wav is not a sound file that can be read"):
        render_clips([tmp_path / "text.wav"], seconds=1.0)
