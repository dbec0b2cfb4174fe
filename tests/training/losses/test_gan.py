"""The losses between generator and discriminators, compared with numbers computed by hand."""

import math

import pytest
import torch
from torch import Tensor

from partita.models.discriminators.ensemble import EnsembleConfig, make_discriminator
from partita.models.discriminators.patchgan import PatchGANConfig
from partita.training.losses.gan import (
    LOSSES,
    adversarial_loss,
    discriminator_loss,
    feature_matching,
    feature_statistics,
    gradient_penalty,
    mean_over_discriminators,
)


def test_adversarial_losses_by_hand() -> None:
    """With D(x) = 0.8 and D(G) = 0.25."""
    real, fake = torch.tensor([math.log(4.0)]), torch.tensor([-math.log(3.0)])
    assert discriminator_loss(real, fake).item() == pytest.approx(-math.log(0.8) - math.log(0.75))
    assert adversarial_loss(fake).item() == pytest.approx(-math.log(0.25))
    assert adversarial_loss(fake, saturating=True).item() == pytest.approx(math.log(0.75))


def test_least_squares_by_hand() -> None:
    """With D(x) = (0.5, 1.5) and D(G) = (1, 0)."""
    real, fake = torch.tensor([0.5, 1.5]), torch.tensor([1.0, 0.0])
    assert discriminator_loss(real, fake, kind="least-squares").item() == 0.125 + 0.25
    assert adversarial_loss(fake, kind="least-squares").item() == 0.25
    even = torch.full((2,), 0.5)
    assert discriminator_loss(even, even, kind="least-squares").item() == 0.25


@pytest.mark.parametrize("saturating", [False, True])
def test_both_forms_have_a_finite_gradient_of_the_same_sign(saturating: bool) -> None:
    for start in (-200.0, 0.0, 200.0):
        fake = torch.tensor([start], requires_grad=True)
        loss = adversarial_loss(fake, saturating=saturating)
        torch.autograd.backward(loss)
        assert math.isfinite(loss.item())
        assert fake.grad is not None
        assert fake.grad.item() <= 0


def test_hinge_by_hand() -> None:
    """The discriminator's loss is flat beyond 1 on the correct side; the generator's never is."""
    real, fake = torch.tensor([0.5, 3.0]), torch.tensor([-2.0, 0.25])
    assert discriminator_loss(real, fake, kind="hinge").item() == (0.5 + 0) / 2 + (0 + 1.25) / 2
    assert adversarial_loss(fake, kind="hinge").item() == 1.75 / 2
    even = torch.zeros(4)
    assert discriminator_loss(even, even, kind="hinge").item() == 2.0


@pytest.mark.parametrize("kind", LOSSES)
def test_the_signs_of_the_gradients(kind: str) -> None:
    real, fake, fooled = (torch.full((3,), 0.2, requires_grad=True) for _ in range(3))
    loss = discriminator_loss(real, fake, kind=kind)
    torch.autograd.backward(loss + adversarial_loss(fooled, kind=kind, real=torch.zeros(3)))
    assert real.grad is not None and fake.grad is not None and fooled.grad is not None
    assert (real.grad < 0).all() and (fake.grad > 0).all() and (fooled.grad < 0).all()


def test_the_relativistic_loss_by_hand() -> None:
    """Pairs (real, fake) of logits (2, 0) and (0, 1): softplus(-2) and softplus(1)."""
    real, fake = torch.tensor([2.0, 0.0]), torch.tensor([0.0, 1.0])
    by_hand = (math.log1p(math.exp(-2)) + math.log1p(math.e)) / 2
    assert discriminator_loss(real, fake, kind="relativistic").item() == pytest.approx(by_hand)
    swapped = adversarial_loss(real, kind="relativistic", real=fake)
    assert swapped.item() == pytest.approx(by_hand), "the generator's loss has the roles exchanged"


def test_discriminators_have_equal_weights_for_any_number_of_patches() -> None:
    few, many = torch.tensor([[4.0]]), torch.zeros(1, 100)
    losses = [adversarial_loss(part, kind="hinge") for part in (few, many)]
    assert mean_over_discriminators(losses).item() == -2.0


def test_the_penalty_of_a_linear_discriminator_is_its_weights_square() -> None:
    """With logit_i = w . x_i for patches that do not overlap, each patch has the gradient w."""
    weight = torch.tensor([3.0, -4.0], requires_grad=True)
    waveform = torch.randn(5, 6, requires_grad=True)
    penalty = gradient_penalty(waveform, [waveform.view(5, 3, 2) @ weight])
    torch.testing.assert_close(penalty, torch.tensor(25.0))
    torch.autograd.backward(penalty)
    assert weight.grad is not None
    torch.testing.assert_close(weight.grad, 2 * weight.detach())


def test_the_penalty_of_a_square_by_hand() -> None:
    """With logit = a x^2 for one patch the gradient is 2 a x, and the penalty 4 a^2 x^2."""
    scale = torch.tensor(0.5, requires_grad=True)
    waveform = torch.tensor([[1.0], [3.0]], requires_grad=True)
    penalty = gradient_penalty(waveform, [scale * waveform.square(), 0 * waveform])
    assert penalty.item() == pytest.approx((4 * 0.25 * (1 + 9) / 2 + 0) / 2)
    torch.autograd.backward(penalty)
    assert scale.grad is not None
    assert scale.grad.item() == pytest.approx((8 * 0.5 * (1 + 9) / 2) / 2)


@pytest.mark.parametrize("kind", ["patchgan", "multi-scale", "multi-period", "spectral"])
def test_the_penaltys_own_gradient_agrees_with_finite_differences(kind: str) -> None:
    shapes = EnsembleConfig(discriminators=(kind,), patchgan=PatchGANConfig(layers=3, channels=16))
    discriminator = make_discriminator(shapes, generator=torch.Generator().manual_seed(0)).double()
    # small steps, because the penalty jumps where a leaky ReLU changes its slope
    random = torch.Generator().manual_seed(1)
    real = (0.3 * torch.randn(2, 1024, generator=random, dtype=torch.float64)).requires_grad_()

    def penalty() -> Tensor:
        return gradient_penalty(real, [maps[-1] for maps in discriminator.feature_maps(real)])

    weight = next(parameter for name, parameter in discriminator.named_parameters() if "kernels" in name)
    (slope,) = torch.autograd.grad(penalty(), weight)
    direction = torch.randn(weight.shape, generator=random, dtype=torch.float64)
    ends = []
    for step in (1e-8, -1e-8):
        with torch.no_grad():
            weight.add_(step * direction)
        ends.append(penalty().item())
        with torch.no_grad():
            weight.sub_(step * direction)
    assert (slope * direction).sum().item() == pytest.approx((ends[0] - ends[1]) / 2e-8, rel=1e-4)


def test_feature_matching_by_hand() -> None:
    """Two discriminators, with two maps and with one; the logits, which come last, are not compared."""
    logits = torch.randn(1, 3)
    real = [[torch.zeros(1, 2, 1), torch.ones(1, 1, 2), logits], [torch.full((1, 2, 2), 3.0), logits]]
    fake = [[torch.ones(1, 2, 1), torch.tensor([[[0.0, 4.0]]]), -logits], [torch.zeros(1, 2, 2), -logits]]
    assert feature_matching(real, fake).item() == pytest.approx(((1 + (1 + 3) / 2) / 2 + 3) / 2)
    assert feature_matching(real, real).item() == 0


def test_feature_statistics_by_hand() -> None:
    """Channel one: means 1 and 2, variances 1 and 0; channel two: means 0 and 0, variances 0 and 4."""
    logits = torch.zeros(1, 1)
    real = torch.tensor([[[0.0, 0.0], [2.0, 0.0]]])
    fake = torch.tensor([[[2.0, 2.0]], [[2.0, -2.0]]])
    assert feature_statistics([[real, logits]], [[fake, logits]]).item() == (1 + 0) / 2 + (1 + 4) / 2


def test_statistics_do_not_depend_on_the_order_of_time_or_clips() -> None:
    maps = torch.randn(4, 30, 3, 5)
    moved = maps.flip(0).roll(7, 1)
    logits = torch.zeros(4, 2)
    assert feature_statistics([[maps, logits]], [[moved, logits]]).item() == pytest.approx(0, abs=1e-6)
    assert feature_matching([[maps, logits]], [[moved, logits]]).item() > 0.5


@pytest.mark.parametrize("distance", [feature_matching, feature_statistics])
def test_feature_losses_have_a_gradient_for_fake_sound_only(distance: object) -> None:
    real, fake = (torch.randn(1, 9, 2, requires_grad=True) for _ in range(2))
    logits = torch.zeros(1, 2)
    torch.autograd.backward(distance([[real, logits]], [[fake, logits]]))  # type: ignore[operator]
    assert real.grad is None
    assert fake.grad is not None and fake.grad.abs().max() > 0
