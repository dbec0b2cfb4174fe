"""Spectrogram images and their ticks."""

import io

import numpy as np
import pytest
from matplotlib.image import imread

from partita.reports.spectrogram_images import (
    RANGE_DB,
    decibels,
    frequency_ticks,
    spectrogram_png,
    time_ticks,
)

RATE = 16000
TIME = np.arange(2 * RATE) / RATE


def image(waveform: np.ndarray, top_db: float) -> np.ndarray:
    return imread(io.BytesIO(spectrogram_png(waveform, RATE, top_db=top_db)), format="png")


@pytest.mark.parametrize("pitch", [500.0, 1000.0, 4000.0])
def test_a_tone_is_a_line_at_the_tick_of_its_frequency(pitch: float) -> None:
    picture = image(0.5 * np.sin(2 * np.pi * pitch * TIME), top_db=-10).sum(axis=2)
    rows = picture.mean(axis=1)
    tick = next(tick for tick in frequency_ticks(RATE) if tick.label == f"{pitch / 1000:g}")
    assert 1 - (rows.argmax() + 0.5) / len(rows) == pytest.approx(tick.place, abs=0.012)


def test_a_click_is_at_the_tick_of_its_time() -> None:
    click = np.zeros(2 * RATE)
    click[RATE] = 1
    columns = image(click, top_db=-60).sum(axis=(0, 2))
    tick = next(tick for tick in time_ticks(2.0) if tick.label == "1")
    bright = np.flatnonzero(columns > 0.5 * columns.max())
    assert (bright.mean() + 0.5) / len(columns) == pytest.approx(tick.place, abs=0.005)


def test_brightness_is_relative_to_the_top_level_and_limited_to_the_range() -> None:
    sound = 0.5 * np.sin(2 * np.pi * 1000 * TIME)
    top = decibels(sound, RATE).max()
    loud, quiet = image(sound, top).sum(), image(0.1 * sound, top).sum()
    assert quiet < loud
    silent = image(np.zeros(RATE), top_db=0.0)
    assert (silent == silent[0, 0]).all()
    assert RANGE_DB < 100  # silence, at -100 dB, is the darkest


def test_short_and_long_clips_have_similar_images() -> None:
    for seconds in (0.05, 0.5, 7.3, 45.0):
        samples = np.random.default_rng(0).normal(0, 0.1, int(seconds * RATE))
        assert 400 < image(samples, -20).shape[1] < 1000 or seconds < 0.1
        ticks = time_ticks(seconds)
        assert len(ticks) <= 7
        assert all(0 <= tick.place <= 1 + 1e-9 for tick in ticks)
