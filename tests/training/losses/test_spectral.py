"""The spectral norm: what it ignores, what it measures, and its gradient."""

import math

import pytest
import torch

from partita.training.losses.spectral import spectral_convergence, spectral_distance


def noise(seed: int, samples: int = 2048) -> torch.Tensor:
    return 0.1 * torch.randn((2, samples), generator=torch.Generator().manual_seed(seed))


def test_the_sign_of_a_sound_does_not_matter() -> None:
    assert spectral_distance(noise(0), -noise(0)).item() == 0.0


def test_a_change_of_level_costs_its_size() -> None:
    """Far above the floor, half of the level differs by ln 2 in every bin."""
    loud = 100 * noise(0)
    assert spectral_distance(loud, loud / 2).item() == pytest.approx(math.log(2), rel=1e-3)


def test_noise_between_the_tones_counts() -> None:
    tone = torch.sin(torch.arange(2048) * 0.3)[None]
    quiet, loud = (spectral_distance(tone, tone + scale * noise(1)[:1]) for scale in (0.03, 0.3))
    assert 0.1 < quiet.item() < loud.item()


def test_windows_longer_than_the_sound_are_left_out() -> None:
    assert spectral_distance(noise(0, 300), noise(1, 300)).isfinite()


def test_only_the_drawn_sound_has_a_gradient() -> None:
    real, fake = noise(0).double().requires_grad_(), noise(1).double().requires_grad_()
    torch.autograd.backward(spectral_distance(real, fake))
    assert real.grad is None
    assert fake.grad is not None
    direction, step = noise(2).double(), 1e-3
    with torch.no_grad():
        moved = [spectral_distance(real, fake + sign * step * direction).item() for sign in (1, -1)]
    slope = float((fake.grad * direction).sum())
    assert (moved[0] - moved[1]) / (2 * step) == pytest.approx(slope, rel=0.02)


def test_the_convergence_is_the_share_of_the_magnitude_that_is_missing() -> None:
    noise = torch.randn((2, 4096), generator=torch.Generator().manual_seed(0))
    for gain in (0.0, 0.25, 1.0, 2.0):
        assert abs(spectral_convergence(noise, gain * noise).item() - abs(1.0 - gain)) < 1e-3
    fake = (0.5 * noise).requires_grad_()
    (gradient,) = torch.autograd.grad(spectral_convergence(noise, fake), fake)
    assert (gradient * noise).sum() < 0  # a louder fake is nearer
    silent = torch.zeros(1, 2048, requires_grad=True)
    (gradient,) = torch.autograd.grad(spectral_convergence(noise[:1, :2048], silent), silent)
    assert bool(torch.isfinite(gradient).all())
