"""Sines at the multiples of the pitch: their frequency, their phase, and where they are silent."""

import math

import torch

from partita.audio.features.layout import HOLD, FrameLayout
from partita.models.conditioning.conditions import Conditions, block_weights
from partita.models.flows.harmonics import harmonics, turns

LAYOUT = FrameLayout(hop_length=160, bands=3, sample_rate=16000)


def given(pitch: float, periodicity: float = 1.0, *, start: int = 0) -> Conditions:
    frame = torch.tensor([0.0, 0.0, 0.0, pitch, periodicity])
    return Conditions(frame.expand(1, 30, 5), torch.tensor([start]))


def test_a_constant_pitch_gives_sines_of_its_frequency_and_of_its_multiples() -> None:
    found = turns(given(69.0), LAYOUT, samples=800, before=torch.zeros(1))
    time = torch.arange(1, 801, dtype=torch.float64)
    angle = 2 * math.pi * 440 / 16000 * time
    wanted = torch.stack([angle.cos(), angle.sin(), (2 * angle).cos(), (2 * angle).sin()], -1)
    torch.testing.assert_close(harmonics(found, 2)[0].double(), wanted, atol=1e-5, rtol=0)
    assert bool(((found.done >= 0) & (found.done < 1)).all())


def test_a_later_part_continues_the_phase() -> None:
    frames = torch.zeros(1, 30, 5)
    frames[..., 3], frames[..., 4] = torch.linspace(60.0, 72.0, 30), 0.8
    conditions = Conditions(frames, torch.tensor([5]))
    whole = turns(conditions, LAYOUT, samples=900, before=torch.tensor([0.2]))
    part = turns(conditions.shifted(400), LAYOUT, samples=500, before=whole.done[:, 399])
    torch.testing.assert_close(harmonics(part, 3), harmonics(whole, 3)[:, 400:], atol=1e-5, rtol=0)


def test_the_pitch_is_interpolated_as_the_conditions_of_the_network_are() -> None:
    """Held for blocks of `HOLD` samples, at their centres, and constant before and after the frames."""
    frames = torch.zeros(1, 3, 5)
    frames[0, :, 3], frames[0, :, 4] = torch.tensor([60.0, 72.0, 66.0]), torch.tensor([0.0, 1.0, 0.5])
    start, samples = torch.tensor([100]), 400
    found = turns(Conditions(frames, start), LAYOUT, samples=samples, before=torch.zeros(1))
    weights = block_weights(start, blocks=samples // HOLD + 2, frames=3, hop_length=160)
    held = (weights @ frames[..., 3:])[0, (100 % HOLD + torch.arange(samples)) // HOLD]
    torch.testing.assert_close(found.periodicity[0].float(), held[:, 1])
    torch.testing.assert_close(found.each[0].float(), 440 / 16000 * 2 ** ((held[:, 0] - 69) / 12))


def test_frames_without_a_pitch_and_multiples_near_half_the_rate_are_silent() -> None:
    silent = turns(given(69.0, 0.0), LAYOUT, samples=64, before=torch.zeros(1))
    assert not harmonics(silent, 2).any()
    high = harmonics(turns(given(105.0), LAYOUT, samples=64, before=torch.zeros(1)), 3)  # 3,520 Hz
    assert high[..., :4].any() and not high[..., 4:].any()
