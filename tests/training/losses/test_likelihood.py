"""The losses without a judge, compared with numbers computed by hand."""

import pytest
import torch

from partita.training.losses.likelihood import (
    NATS_PER_BIT,
    likelihood_bits,
    matching_loss,
    sample_nats,
)

LOGITS = torch.log(torch.tensor([[[0.5, 0.25, 0.25], [0.125, 0.5, 0.375]]], dtype=torch.float64))
TARGETS = torch.tensor([[1, 0]])


def test_likelihood_by_hand() -> None:
    both = torch.tensor([[True, True]])
    assert likelihood_bits(LOGITS, TARGETS, both).item() == pytest.approx((2 + 3) / 2, rel=1e-12)
    assert likelihood_bits(LOGITS, TARGETS, torch.tensor([[True, False]])).item() == pytest.approx(
        2, rel=1e-12
    )
    nats = sample_nats(LOGITS, TARGETS)
    assert nats.tolist()[0] == pytest.approx([2 * NATS_PER_BIT, 3 * NATS_PER_BIT], rel=1e-12)


def test_likelihood_ignores_constants_added_to_the_logits_and_invalid_samples() -> None:
    one = torch.tensor([[True, False]])
    moved = LOGITS + 100.0
    moved[0, 1] = torch.tensor([1e6, -1e6, 0.0])
    assert likelihood_bits(moved, TARGETS, one).item() == pytest.approx(2, rel=1e-9)


def test_low_precision_logits_are_summed_in_float32() -> None:
    logits = torch.zeros(1, 2, 3, dtype=torch.bfloat16)
    assert sample_nats(logits, TARGETS).dtype == torch.float32


def test_matching_norms_by_hand() -> None:
    real = torch.tensor([[1.0, 0.0, 9.0], [0.0, 0.0, 0.0]])
    fake = torch.tensor([[-2.0, 4.0, 0.0], [0.0, 0.0, 0.0]])
    valid = torch.tensor([[True, True, False], [True, True, True]])
    assert matching_loss(real, fake, valid, norm=2).item() == (5 + 0) / 2
    assert matching_loss(real, fake, valid, norm=1).item() == (7 + 0) / 2


@pytest.mark.parametrize("norm", [1, 2])
def test_matching_equal_waveforms_has_a_gradient_of_0(norm: int) -> None:
    fake = torch.zeros(1, 4, requires_grad=True)
    torch.autograd.backward(
        matching_loss(torch.zeros(1, 4), fake, torch.ones(1, 4, dtype=torch.bool), norm=norm)
    )
    assert fake.grad is not None
    assert fake.grad.abs().max() == 0
