"""Signal statistics of tones, noise and silence."""

import numpy as np
import pytest

from partita.evaluation.metrics.signal_stats import signal_statistics

RATE = 16000
TIME = np.arange(RATE) / RATE


def test_a_sine_has_its_level_and_no_flatness() -> None:
    found = signal_statistics(0.5 * np.sin(2 * np.pi * 440 * TIME)[None], RATE)
    assert found["level_dbfs"].value == pytest.approx(20 * np.log10(0.5 / np.sqrt(2)), abs=0.01)
    assert found["spectral_flatness"].value < 0.001
    assert found["silence_share"].value == found["clipped_share"].value == 0


def test_white_noise_is_flat() -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, (8, RATE))
    score = signal_statistics(noise, RATE)["spectral_flatness"]
    assert score.value == pytest.approx(
        np.exp(-np.euler_gamma), abs=0.02
    )  # power of a noise bin is exponential


def test_silence_and_clipping_are_shares() -> None:
    clip = np.concatenate([np.zeros(RATE // 2), np.ones(RATE // 2)])
    found = signal_statistics(clip[None], RATE)
    assert found["silence_share"].value == pytest.approx(0.5, abs=0.07)
    assert found["clipped_share"].value == 0.5


def test_silence_has_finite_statistics() -> None:
    found = signal_statistics(np.zeros((3, 1000)), RATE)
    assert found["level_dbfs"].value == -100
    assert found["silence_share"].value == 1
    assert found["spectral_flatness"].value == 0


def test_intervals_describe_the_spread_over_clips() -> None:
    clips = np.stack([level * np.sin(2 * np.pi * 440 * TIME) for level in (0.1, 0.2, 0.4, 0.8)])
    score = signal_statistics(clips, RATE)["level_dbfs"]
    assert score.low < score.value < score.high
