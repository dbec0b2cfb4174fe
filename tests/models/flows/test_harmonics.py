"""Sines at the multiples of the pitch: their frequency, their phase, and where they are silent."""

import math

import torch

from partita.audio.features.layout import FrameLayout
from partita.models.conditioning.conditions import Conditions
from partita.models.flows.harmonics import harmonics

LAYOUT = FrameLayout(hop_length=160, bands=3, sample_rate=16000)


def given(pitch: float, periodicity: float = 1.0, *, start: int = 0) -> Conditions:
    frame = torch.tensor([0.0, 0.0, 0.0, pitch, periodicity])
    return Conditions(frame.expand(1, 30, 5), torch.tensor([start]))


def test_a_constant_pitch_gives_sines_of_its_frequency_and_of_its_multiples() -> None:
    sines, phases = harmonics(given(69.0), LAYOUT, samples=800, count=2, phase=torch.zeros(1))
    time = torch.arange(1, 801, dtype=torch.float64)
    angle = 2 * math.pi * 440 / 16000 * time
    wanted = torch.stack([angle.cos(), angle.sin(), (2 * angle).cos(), (2 * angle).sin()], -1)
    torch.testing.assert_close(sines[0].double(), wanted, atol=1e-5, rtol=0)
    torch.testing.assert_close(phases[0].cos(), angle.cos(), atol=1e-9, rtol=0)
    torch.testing.assert_close(phases[0].sin(), angle.sin(), atol=1e-9, rtol=0)


def test_a_later_part_continues_the_phase() -> None:
    frames = torch.zeros(1, 30, 5)
    frames[..., 3], frames[..., 4] = torch.linspace(60.0, 72.0, 30), 0.8
    whole, phases = harmonics(
        Conditions(frames, torch.tensor([5])), LAYOUT, samples=900, count=3, phase=torch.tensor([1.0])
    )
    later = Conditions(frames, torch.tensor([5 + 400]))
    part, _ = harmonics(later, LAYOUT, samples=500, count=3, phase=phases[:, 399])
    torch.testing.assert_close(part, whole[:, 400:], atol=1e-5, rtol=0)


def test_frames_without_a_pitch_and_multiples_near_half_the_rate_are_silent() -> None:
    silent, _ = harmonics(given(69.0, 0.0), LAYOUT, samples=64, count=2, phase=torch.zeros(1))
    assert not silent.any()
    high, _ = harmonics(given(105.0), LAYOUT, samples=64, count=3, phase=torch.zeros(1))  # 3,520 Hz
    assert high[..., :4].any() and not high[..., 4:].any()
